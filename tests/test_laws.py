"""The laws of the house that no linter keeps."""

from __future__ import annotations

import ast
import configparser
import dataclasses
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bench
from bench.plugins import loading as plugins

HOUSE = Path(__file__).parent.parent
SHELVES = {"bench": "bench", "baselines": "bench.baselines", "datasets": "bench.datasets", "reports": "bench.reports"}
HEAVY = {
    "torch",
    "mlflow",
    "nltk",
    "numpy",
    "scipy",
    "matplotlib",
    "pandas",
    "pyarrow",
    "pooch",
    "symusic",
    "distributed",
}
CODE = sorted(path for shelf in ("bench", "baselines", "datasets") for path in (HOUSE / shelf).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Return the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("command", "heavy"),
    [("['list']", HEAVY | {"cattrs", "rich"}), ("['--help']", HEAVY), ("['--version']", HEAVY)],
)
def test_starting_up_imports_nothing_heavy(command: str, heavy: set[str]) -> None:
    code = f"""
import sys
from bench.cli.main import bench
try:
    bench({command})
except SystemExit as end:
    assert not end.code
print(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(ended.stderr.split()) and ended.stdout


def test_importing_bench_imports_nothing_heavy() -> None:
    code = "import sys, bench; dir(bench); print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not (HEAVY | {"cattrs", "rich", "click"}) & set(ended.stdout.split())


# From bottom to top. A package imports from lines below it; packages of one line never import one another.
ORDER = (
    ("contracts",),
    ("files",),
    ("toolkit",),
    ("plugins",),
    ("planning",),
    ("records",),
    ("judging",),
    ("engine", "reporting"),
    ("cli",),
    ("__main__",),
)


def room(name: str) -> str:
    """Return the package or top-level file of bench that holds a module: `bench.judging.keep` -> `judging`."""
    return (*name.split("."), "")[1]


def test_data_flows_one_way() -> None:
    floor = {name: height for height, names in enumerate(ORDER) for name in names}
    guilty = set()
    for path in (HOUSE / "bench").rglob("*.py"):
        own = path.relative_to(HOUSE / "bench").parts[0].removesuffix(".py")
        for other in {room(name) for name in imports(path) if under(name, "bench")} & floor.keys() - {own}:
            if own in floor and floor[other] >= floor[own]:
                guilty.add(f"{path.relative_to(HOUSE)} imports {other}")
    assert not guilty


def test_no_circle_of_imports() -> None:
    """Imports within functions and under TYPE_CHECKING count too.

    Only `bench/__init__.py` is left out: it offers users names from everywhere; bench itself uses only its version.
    """
    files = {module(path): path for path in (HOUSE / "bench").rglob("*.py")}
    own = {name for path in files.values() for name in imports(path) if name.count(".") == 1 and under(name, "bench")}
    assert own <= files.keys() | {"bench.__version__"}
    del files["bench"]
    graph = {name: {other for other in imports(path) if other in files} - {name} for name, path in files.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"these files import one another in a circle: {' -> '.join(error.args[1])}")


def module(path: Path) -> str:
    """`bench/judging/keep.py` -> `bench.judging.keep`, `bench/__init__.py` -> `bench`."""
    return ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")


def test_every_file_of_the_engine_has_a_floor() -> None:
    rooms = {path.relative_to(HOUSE / "bench").parts[0].removesuffix(".py") for path in (HOUSE / "bench").rglob("*.py")}
    assert rooms - {"__init__"} == {name for names in ORDER for name in names}


def test_the_toolkit_and_plug_ins_build_on_contracts_alone() -> None:
    allowed = {"toolkit": {"contracts", "files", "toolkit"}, "shelf": {"contracts", "toolkit"}}
    guilty = {
        f"{path.relative_to(HOUSE)}: {name}"
        for path in CODE
        for name in imports(path)
        for kind in ["shelf" if "bench" not in path.relative_to(HOUSE).parts[0] else path.relative_to(HOUSE).parts[1]]
        if kind in allowed
        and under(name, "bench")
        and room(name) not in {*allowed[kind], "", *(bench.__all__ if kind == "shelf" else ["__version__"])}
    }
    assert not guilty


def test_the_engine_never_imports_a_plug_in() -> None:
    shelves = ("bench.baselines", "bench.datasets", "bench.reports", "baselines", "datasets", "reports")
    guilty = {
        f"{path.relative_to(HOUSE)}: {name}"
        for path in (HOUSE / "bench").rglob("*.py")
        for name in imports(path)
        if under(name, *shelves)
    }
    assert not guilty


def test_plug_ins_never_import_one_another() -> None:
    guilty = {
        f"{path.relative_to(HOUSE)}: {name}"
        for shelf in ("baselines", "datasets")
        for path in (HOUSE / shelf).rglob("*.py")
        for name in imports(path)
        if under(name, "bench.baselines", "bench.datasets", "baselines", "datasets")
    }
    assert not guilty


NO_KNOBS = {
    "bench/engine/board.py width",  # characters of a terminal
    "bench/engine/speed.py rate",  # units a second
    "bench/engine/speed.py references",  # the name of a draw
}
"""What the engine means by a word that is the name of a knob too."""


def test_the_engine_names_no_knob_of_a_trainer() -> None:
    """The knob or the trainer states what the engine needs; see knob() and bench/contracts/cost.py."""
    classes = [plugins.load("bench.baselines", name).Settings for name in plugins.names("bench.baselines")]
    knobs = {field.name for cls in classes for field in dataclasses.fields(cls)}
    assert "discriminator_updates" in knobs
    files = (HOUSE / "bench" / "engine").rglob("*.py")
    assert {f"{path.relative_to(HOUSE)} {name}" for path in files for name in set(keys(path)) & knobs} == NO_KNOBS


def keys(path: Path) -> Iterator[str]:
    """Return the names by which a file may read a knob: attributes, and texts except those passed to a function.

    The text passed to getattr() or get() counts.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    readers = {"get", "getattr", "attrgetter", "itemgetter"}
    handed = {id(text) for call in calls if not names_in(call.func) & readers for text in call.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in handed:
            yield node.value


def names_in(tree: ast.expr) -> set[str]:
    return {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(tree)}


def test_only_tracking_imports_mlflow() -> None:
    users = {str(path.relative_to(HOUSE)) for path in CODE if any(under(name, "mlflow") for name in imports(path))}
    assert users == {"bench/records/tracker.py"}


def test_the_contracts_are_short() -> None:
    for name in ("trainer", "generator", "metric", "dataset"):
        assert lines_of_code(HOUSE / "bench" / "contracts" / f"{name}.py") <= 65, name


def lines_of_code(path: Path) -> int:
    """Return the lines that are not blank, a comment or a docstring."""
    text = path.read_text(encoding="utf-8")
    prose: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in prose for number, line in lines
    )


def test_no_function_is_longer_than_fifty_lines() -> None:
    long = {
        f"{path.relative_to(HOUSE)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > 50
    }
    assert not long


def setup_cfg() -> configparser.ConfigParser:
    found = configparser.ConfigParser()
    found.read(HOUSE / "setup.cfg", encoding="utf-8")
    return found


def test_the_wheel_holds_every_package() -> None:
    """The editable install finds a package that setup.cfg forgot; the wheel does not."""
    packages = set(setup_cfg()["options"]["packages"].split())
    there = {
        ".".join((SHELVES[shelf], *path.parent.relative_to(HOUSE / shelf).parts))
        for shelf in SHELVES
        for path in (HOUSE / shelf).rglob("__init__.py")
    }
    assert packages == there
    homeless = {str(path.relative_to(HOUSE)) for path in CODE if not (path.parent / "__init__.py").exists()}
    assert not homeless


def test_the_wheel_holds_every_file_that_is_data() -> None:
    globs = {name: patterns.replace(",", " ").split() for name, patterns in setup_cfg()["options.package_data"].items()}
    listed = subprocess.run(["git", "ls-files", *SHELVES], cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    assert "reports/paper.toml" in listed
    for line in listed.splitlines():
        path = Path(line)
        if path.suffix == ".py" or "results" in path.parts:
            continue
        package = ".".join((SHELVES[path.parts[0]], *path.parent.parts[1:]))
        assert any(path.match(pattern) for pattern in globs.get(package, ())), f"{line} is in no package_data"


def test_every_plug_in_file_has_its_entry_point() -> None:
    groups = setup_cfg()["options.entry_points"]
    for shelf in ("baselines", "datasets"):
        entries = [line.split("=")[1].strip() for line in groups[f"bench.{shelf}"].strip().splitlines()]
        named = {entry.partition(":")[0] for entry in entries}
        there = {f"bench.{shelf}.{path.stem}" for path in (HOUSE / shelf).glob("*.py") if path.stem != "__init__"}
        assert named == there


def test_tested_versions_are_named_for_every_dependency() -> None:
    options = setup_cfg()
    wanted = "\n".join([options["options"]["install_requires"], *options["options.extras_require"].values()])
    names = {line.split(">=")[0].split("==")[0].split("[")[0].strip().lower() for line in wanted.split("\n") if line}
    text = (HOUSE / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0].strip().lower() for line in text.splitlines() if "==" in line}
    assert {name.replace("_", "-") for name in names} <= {name.replace("_", "-") for name in pinned}


def test_pyproject_holds_only_what_setup_cfg_cannot() -> None:
    assert set(tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))) == {"build-system", "tool"}


def test_tests_are_found_by_path_alone() -> None:
    assert not list((HOUSE / "tests").rglob("__init__.py")) and not (HOUSE / "conftest.py").exists()

"""A plug-in is named in three ways, and each error says what is wrong, where, and what to do."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.plugins import loading as plugins
from bench.plugins.checksum import checksum
from bench.plugins.reference import parse_plugin

TRAINER = (Path(__file__).parent.parent / "shelf" / "my_gan.py").read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_gan.py"
    path.write_text(TRAINER)
    return path


def refuse(reference: str, *words: str) -> None:
    with pytest.raises(BenchError) as caught:
        plugins.load("bench.baselines", reference)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_by_path_registers_dataclasses_and_loads_once(file: Path) -> None:
    trainer = plugins.load("bench.baselines", f"{file}:MyGan")
    assert trainer.__name__ == "MyGan" and trainer.Settings().knob == 3
    assert pickle.loads(pickle.dumps(trainer.Settings(knob=5))).knob == 5
    assert plugins.load("bench.baselines", f"{file}:MyGan") is trainer


def test_an_edited_file_is_another_plug_in(file: Path) -> None:
    before = plugins.load("bench.baselines", f"{file}:MyGan")
    file.write_text(TRAINER.replace("knob: int = 3", "knob: int = 4"))
    assert before.Settings().knob == 3
    assert plugins.load("bench.baselines", f"{file}:MyGan").Settings().knob == 4


def test_two_files_of_one_name_do_not_meet(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "my_gan.py"
    other.parent.mkdir()
    other.write_text(TRAINER)
    assert plugins.load("bench.baselines", f"{file}:MyGan") is not plugins.load("bench.baselines", f"{other}:MyGan")


def test_by_module(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(file.parent))
    assert plugins.load("bench.baselines", "my_gan:MyGan").__module__ == "my_gan"
    refuse("my_gan:MyGam", "my_gan", "did you mean 'MyGan'")
    refuse("my_gone.module:X", "my_gone", "No module named")


def test_an_edited_module_is_not_taken_for_what_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(file.parent))
    module = file.rename(file.with_name("my_module.py"))
    module.write_text(f"{TRAINER}\nimport my_helper\n")
    helper = file.with_name("my_helper.py")
    helper.write_text("VALUE = 1\n")
    assert plugins.load("bench.baselines", "my_module:MyGan") is plugins.load("bench.baselines", "my_module:MyGan")
    helper.write_text("VALUE = 2\n")
    refuse("my_module:MyGan", "the code of my_module changed since this process loaded it: start it anew")


def test_a_module_whose_sibling_is_found_elsewhere_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would run the code of another plug-in."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "shared_name.py").write_text("")
        (tmp_path / folder / f"gan_{folder}.py").write_text(f"{TRAINER}\nimport shared_name\n")
        monkeypatch.syspath_prepend(str(tmp_path / folder))
    assert plugins.load("bench.baselines", "gan_two:MyGan").__module__ == "gan_two"
    refuse("gan_one:MyGan", "gan_one.py imports shared_name", "two/shared_name.py, not", "rename one")


@pytest.fixture
def installed(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a distribution with one trainer, a class within a class, as an entry point; return its module."""
    module = file.rename(tmp_path / "their_gan.py")
    module.write_text(f"{TRAINER}\n\nclass Arms:\n    Gan = MyGan\n")
    metadata = tmp_path / "theirs-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[bench.baselines]\ntheirs = their_gan:Arms.Gan\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins._entries.cache_clear()
    yield module
    plugins._entries.cache_clear()
    sys.modules.pop("their_gan", None)


def test_an_entry_point_of_another_package_loads_and_an_edit_of_its_code_is_seen(installed: Path) -> None:
    assert "theirs" in plugins.names("bench.baselines") and plugins.kind("theirs") == "bench.baselines"
    assert plugins.load("bench.baselines", "theirs").__name__ == "MyGan"
    before = checksum("theirs")
    installed.write_text(f"{installed.read_text()}VALUE = 2\n")
    assert checksum("theirs") != before
    refuse("theirs", "the code of their_gan changed since this process loaded it: start it anew")


def test_every_entry_point_loads() -> None:
    assert plugins.names("bench.baselines") == sorted(plugins.names("bench.baselines"))
    for name in plugins.names("bench.baselines"):
        assert plugins.load("bench.baselines", name).__module__.startswith("bench.baselines.")


def test_unknown_names_and_objects_suggest_the_nearest(file: Path, tmp_path: Path) -> None:
    refuse("seqgna", "unknown baseline 'seqgna'", "did you mean 'seqgan'")
    refuse(f"{file}:MyGann", str(file), "did you mean 'MyGan'")
    refuse(f"{tmp_path}/none.py:X", "none.py", "No such file")
    refuse("none.py:X", f"cannot read the plug-in {Path.cwd()}/none.py: No such file")
    refuse(str(file), "say which class", "my_gan.py:MyClass")
    with pytest.raises(BenchError, match="unknown dataset 'poem'; did you mean 'poems'"):
        plugins.load("bench.datasets", "poem")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\ny = 1 / 0\n", ("bad.py line 2", "ZeroDivisionError")),
        ("x = 1\nimport no_such_library\n", ("bad.py line 2", "No module named 'no_such_library'")),
        ("x = 1\n\ndef f(:\n", ("bad.py line 3", "SyntaxError")),
        ("import json\n\njson.loads('{')\n", ("bad.py line 3", "JSONDecodeError")),
        ("raise ValueError\n", ("bad.py line 1: ValueError",)),
        ("raise ValueError('\\n  too\\tlong \\nno\\n')\n", ("bad.py line 1: ValueError: too long",)),
        ("import sys\nsys.exit('stop')\n", ("bad.py line 2", "SystemExit")),
        ("X = 3\n", ("not a class", "int")),
        ("class X:\n    pass\n", ("lacks Settings",)),
        (
            TRAINER.replace("MyGan", "X").replace("= Settings\n", "= Settings()\n"),
            ("Settings is Settings(knob=3)", "()"),
        ),
        (TRAINER.replace("MyGan", "X").replace("def state", "def stat"), ("lacks state()",)),
        ("\xff\x00", ("bad.py", "Error")),
    ],
)
def test_a_broken_file_is_named_with_line_and_error(tmp_path: Path, source: str, words: tuple[str, ...]) -> None:
    path = tmp_path / "bad.py"
    path.write_text(source, encoding="latin-1")
    before = set(sys.modules)
    refuse(f"{path}:X", *words)
    refuse(f"{path}:X", *words)
    assert all(hasattr(sys.modules[name], "X") for name in set(sys.modules) - before if name.endswith(".bad"))


def test_module_and_kind(file: Path) -> None:
    texts = ("mle", "poems", "a.b:C", f"{file}:MyGan", "nothing")
    modules = [plugins.module_of(parse_plugin(text)) for text in texts]
    assert modules == ["bench.baselines.mle", "bench.datasets.poems", "a.b", "", ""]
    assert plugins.kind("mle") == plugins.kind(f"{file}:MyGan") == "bench.baselines"
    methods = "    def load(self): 0\n    def metrics(self, data): 0\n    def real(self, data): 0\n"
    file.write_text(TRAINER[: TRAINER.index("    def phases")] + methods)
    assert plugins.kind("poems") == plugins.kind(f"{file}:MyGan") == "bench.datasets"
    with pytest.raises(BenchError, match="unknown baseline or dataset 'poem'; did you mean 'poems'"):
        plugins.kind("poem")


def test_names_import_nothing_heavy() -> None:
    code = "import sys; from bench.plugins.loading import names; "
    code += "names('bench.baselines'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

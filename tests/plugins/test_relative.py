"""An absolute import of a sibling is refused with the line to write; an import that works in two ways is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.plugins.relative import refuse_absolute


@pytest.fixture
def arm(tmp_path: Path) -> Path:
    for name in ("helper.py", "json.py", "pack/__init__.py", "pack/deep.py", "bare/deep.py", "arm.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path / "arm.py"


REFUSED = [
    ("import helper", "from . import helper"),
    ("import numpy, helper", "from . import helper"),
    ("import helper as h", "from . import helper"),
    ("from helper import x, y", "from .helper import x, y"),
    ("import pack.deep", "from .pack import deep"),
    ("from pack import deep", "from .pack import deep"),
    ("from bare import deep", "from .bare import deep"),
    ("def late():\n    if 1:\n        import helper", "from . import helper"),
    ("try:\n    import helper\nfinally: pass", "from . import helper"),
]


@pytest.mark.parametrize(("code", "remedy"), REFUSED)
def test_the_line_to_write_is_told(arm: Path, code: str, remedy: str) -> None:
    arm.write_text(code)
    line = 1 + code[: code.index("helper" if "helper" in code else "import")].count("\n")
    with pytest.raises(BenchError) as caught:
        refuse_absolute(arm)
    assert str(caught.value) == f"{arm} line {line} imports a file beside it by an absolute name; write `{remedy}`"


@pytest.mark.parametrize(("code", "remedy"), REFUSED)
def test_it_is_refused_too_where_python_would_find_it(
    arm: Path, code: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example in a notebook, whose own folder is on sys.path."""
    monkeypatch.syspath_prepend(str(arm.parent))
    test_the_line_to_write_is_told(arm, code, remedy)


def test_the_line_is_right_in_a_package_of_the_folder(arm: Path) -> None:
    arm.write_text("from .pack import deep")
    (arm.parent / "pack" / "deep.py").write_text("\nfrom pack.sister import x")
    (arm.parent / "pack" / "sister.py").write_text("x = 1")
    with pytest.raises(BenchError, match=r"deep\.py line 2 imports .*; write `from \.\.pack\.sister import x`"):
        refuse_absolute(arm)


@pytest.mark.parametrize(
    "code",
    [
        "from . import helper\nfrom .pack import deep",
        "import json, numpy, pack_of_another\nfrom bench.contracts import knobs",
        "try:\n    from . import helper\nexcept ImportError:\n    import helper",
        "if __package__:\n    from . import helper\nelse:\n    import helper",
        "if __name__ == '__main__':\n    import helper",
        "import typing\nif typing.TYPE_CHECKING:\n    import helper",
        "no python (",
    ],
)
def test_what_is_fine_is_left_alone(arm: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arm.write_text(code)
    refuse_absolute(arm)
    monkeypatch.syspath_prepend(str(arm.parent))
    if "json" not in code:  # of a name that Python loaded already
        refuse_absolute(arm)

"""The files that a plug-in is made of: its own, and the siblings that it imports, directly or through another."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.plugins import source_files

FILES = {
    "arm.py": "import json, helper\nfrom . import late\nfrom bench.contracts import knobs\n",
    "helper.py": "def use():\n    from pack.deep import x\n",
    "late.py": "",
    "pack/__init__.py": "",
    "pack/deep.py": "from .. import other\nfrom ... import beyond\nx = 1\n",
    "other.py": "no python (",
    "unused.py": "import arm\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_imports_are_followed_wherever_they_stand(folder: Path) -> None:
    found = source_files.files(folder / "arm.py", folder)
    assert {str(file.relative_to(folder)) for file in found} == FILES.keys() - {"unused.py"}


def test_a_line_holds_name_and_checksum(folder: Path) -> None:
    lines = source_files.lines(folder / "pack" / "deep.py", folder)
    assert lines == [f"{name} {sha256(FILES[name])}\n" for name in ("other.py", "pack/__init__.py", "pack/deep.py")]


def test_of_an_installed_package_only_its_own_files_count(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for name, text in {"mine/arm.py": "import theirs, mine.helper\n", "mine/helper.py": "", "theirs.py": ""}.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    found = source_files.files(site / "mine" / "arm.py", site)
    assert {file.name for file in found} == {"arm.py", "helper.py"}


def test_dotted_names_and_their_folders(folder: Path) -> None:
    for name, dotted in (("arm.py", "arm"), ("pack/deep.py", "pack.deep"), ("pack/__init__.py", "pack")):
        assert source_files.module_name(folder / name, folder) == dotted
        assert source_files.root_of(folder / name, dotted) == folder
    assert [path.name for path in source_files.modules("pack.deep", folder)] == ["__init__.py", "deep.py"]
    assert not list(source_files.modules("absent", folder))


def test_this_package_is_ours_and_names_like_it_are_not() -> None:
    assert source_files.ours("bench") and source_files.ours("bench.baselines.mle")
    assert not source_files.ours("benchmark") and not source_files.ours("my.bench")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=f"cannot read the plug-in {tmp_path}/none.py: No such file"):
        source_files.files(tmp_path / "none.py", tmp_path)

"""An edit of any of a plug-in's own files changes its checksum, and no other edit does."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.plugins.checksum import checksum

FILES = {
    "mine.py": "import torch\nimport helpers\nfrom pack.deep import thing\nfrom bench.contracts.trainer import Phase\n",
    "helpers.py": "from further import x\n",
    "further.py": "import mine  # in a circle\nx = 1\n",
    "stranger.py": "y = 1\n",
    "pack/__init__.py": "",
    "pack/deep.py": "from . import sister\nfrom .inner.core import *\nthing = 1\n",
    "pack/sister.py": "",
    "pack/inner/__init__.py": "",
    "pack/inner/core.py": "from ..aunt import a\n",
    "pack/aunt.py": "a = 1\n",
    "pack/unused.py": "",
    "torch.txt": "",
}
PARTS = set(FILES) - {"stranger.py", "pack/unused.py", "torch.txt"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "pack"]:
        del sys.modules[name]  # finding a module imports the packages that it lies in


def edits(folder: Path, reference: str) -> set[str]:
    """Return the files whose edit changes the checksum."""
    before, found = checksum(reference), set()
    for name in FILES:
        text = (folder / name).read_text()
        (folder / name).write_text(text + "# edited\n")
        if checksum(reference) != before:
            found.add(name)
        (folder / name).write_text(text)
    assert checksum(reference) == before
    return found


def test_a_file_is_made_of_what_it_imports_beside_it(folder: Path) -> None:
    assert edits(folder, f"{folder}/mine.py:X") == PARTS


def test_relative_imports_count_alike(folder: Path) -> None:
    relative = {"import helpers": "from . import helpers", "from pack.": "from .pack.", "from further": "from .further"}
    for name in ("mine.py", "helpers.py"):
        for absolute, line in relative.items():
            (folder / name).write_text((folder / name).read_text().replace(absolute, line))
    (folder / "further.py").write_text("def late():\n    from . import mine\nx = 1\n")
    assert edits(folder, f"{folder}/mine.py:X") == PARTS


def test_an_import_from_above_its_folder_is_none_of_its_files(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "try:\n    from ..shared import x\nexcept ImportError:\n    from helpers import x\n"
    )
    (folder.parent / "shared.py").write_text("x = 1\n")
    before = checksum(f"{folder}/mine.py:X")
    (folder.parent / "shared.py").write_text("x = 2\n")
    assert checksum(f"{folder}/mine.py:X") == before
    (folder / "pack" / "deep.py").write_text("from ... import shared\nfrom .... import further\n")
    assert checksum(f"{folder}/pack/deep.py:X") != before


def test_so_is_a_module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    assert edits(folder, "mine:X") == PARTS
    inner = {"pack/__init__.py", "pack/inner/__init__.py", "pack/inner/core.py", "pack/aunt.py"}
    assert edits(folder, "pack.inner.core:X") == inner


def test_an_installed_package_is_made_of_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = folder / "site-packages"
    for name, text in FILES.items():
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_text(text.replace("thing = 1", "import helpers"))
    monkeypatch.syspath_prepend(str(installed))
    before = checksum("pack.deep:X")
    (installed / "helpers.py").write_text("edited = 1")
    assert checksum("pack.deep:X") == before
    (installed / "pack" / "aunt.py").write_text("edited = 1")
    assert checksum("pack.deep:X") != before


def test_a_file_of_an_installed_package_is_made_of_its_siblings_too(folder: Path) -> None:
    installed = folder / "site-packages" / "mine"
    installed.mkdir(parents=True)
    (installed / "arm.py").write_text("from .helper import x\nimport torch\n")
    (installed / "helper.py").write_text("x = 1\n")
    before = checksum(f"{installed}/arm.py:X")
    (installed / "helper.py").write_text("x = 2\n")
    assert checksum(f"{installed}/arm.py:X") != before


def test_ours_and_what_is_nowhere_have_none(folder: Path) -> None:
    assert checksum("mle", "poems") == checksum("bench.baselines.mle:MLE") == checksum("no.such:X") == ""
    assert checksum(f"{folder}/mine.py:X", "mle") == checksum("mle", f"{folder}/mine.py:Y") != ""
    assert "mine" not in sys.modules


def test_the_order_tells_trainer_from_dataset_and_broken_code_counts(folder: Path) -> None:
    one, other = f"{folder}/mine.py:X", f"{folder}/stranger.py:X"
    assert checksum(one, other) != checksum(other, one)
    (folder / "stranger.py").write_text("no python (")
    assert checksum(other)

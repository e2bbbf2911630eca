"""The pages that a user reads, and the blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
PAGES = [HOUSE / "README.md", HOUSE / "CONTRIBUTING.md", HOUSE / "reports" / "results" / "README.md"]
PAGES += sorted((HOUSE / "docs").glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M)


@pytest.fixture(params=PAGES, ids=[str(page.relative_to(HOUSE)) for page in PAGES])
def page(request: pytest.FixtureRequest) -> Path:
    """Return each page in turn."""
    found: Path = request.param
    return found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with every file that a page shows in full: the blocks of Python that begin with its name."""
    for found in PAGES:
        for block in blocks(found, "python"):
            if name := re.match(r"# (\w+\.py)\n", block):
                (tmp_path / name[1]).write_text(block, encoding="utf-8")
    return tmp_path

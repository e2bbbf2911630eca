"""The pages as a whole: links, lengths, the picture, and a paragraph for everything on the shelves."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.planning.preset import shipped
from bench.plugins import loading as plugins

HOUSE = Path(__file__).parent.parent.parent


def text_of(page: str) -> str:
    return (HOUSE / page).read_text(encoding="utf-8")


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    options = ["--fail-on-warning", "--keep-going", "--quiet", "-d", str(tmp_path / "trees")]
    command = [sys.executable, "-m", "sphinx", *options, "docs", str(tmp_path / "site")]
    ended = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="reading.html"' in page and "http://" not in re.sub(r'xmlns[:\w]*="[^"]*"', "", page)


def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Sphinx checks those within docs/; this checks all, as GitHub shows them."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[\d+\]: (\S+)", text, flags=re.M)
    for link in found:
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name}: {link}"
        headings = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), flags=re.M) if anchor else []
        assert not anchor or anchor in map(slug, headings), f"{page.name}: {link}"


def test_the_readme_is_short() -> None:
    lines = text_of("README.md").splitlines()
    assert len(lines) <= 125 and max(map(len, lines)) <= 120


def test_prose_fits_the_screen(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if len(line) > 120 and not line.startswith("|")]


@pytest.mark.parametrize(
    ("page", "group"), [("docs/baselines.md", "bench.baselines"), ("docs/datasets.md", "bench.datasets")]
)
def test_everything_on_a_shelf_has_its_paragraph(page: str, group: plugins.Group) -> None:
    headings = set(re.findall(r"^## (\S+)$", text_of(page), flags=re.M))
    assert set(plugins.names(group)) <= headings


def test_every_preset_is_explained() -> None:
    for name in shipped():
        assert f"| `{name}` |" in text_of("docs/index.md")


def test_the_picture_is_that_of_the_measured_values(tmp_path: Path) -> None:
    """Fonts may differ slightly between systems."""
    script = runpy.run_path(str(HOUSE / "docs" / "picture.py"))
    script["main"](tmp_path / "picture.png")
    drawn, kept = (
        np.asarray(Image.open(path).convert("L"), dtype=float)
        for path in (tmp_path / "picture.png", HOUSE / "docs" / "img" / "table-and-figure.png")
    )
    assert drawn.shape == kept.shape and abs(drawn - kept).mean() < 1
    rows = script["rows"](script["load"]("runs.csv"), script["paper"]())
    table = text_of("reports/results/official-oracle/table1.md")
    assert len(rows) == 10
    for cells in rows.values():
        assert all(cell in table for cell in cells)


def test_readme_and_results_tell_the_same_numbers() -> None:
    readme, results = text_of("README.md"), text_of("reports/results/README.md")
    for number in ("8.730 ± .019", "8.736", "8.946", "8.985"):
        assert number in readme and number in results, number

"""Put the page together: the template, the tables, the charts' data, the scripts and the charting library."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from bench.contracts.visible import all_visible
from bench.reporting import figures, grids, notes, profiles
from bench.reporting.page import charts, header, views
from bench.reporting.page.material import Material
from bench.reporting.page.samples import playing
from bench.reporting.paper import paper
from bench.reporting.table import Table

VENDOR = {"d3.min.js": "LICENSE-d3", "plot.min.js": "LICENSE-plot"}
"""The files of the charting library, and the licence of each, which every copy must hold."""
SCRIPTS = (
    *("dom.js", "arms.js", "tooltip.js", "tables.js", "columns.js", "copy.js"),
    *("charts.js", "curves.js", "seeds.js", "plane.js", "calibration.js", "samples.js", "music.js", "start.js"),
)
"""In the order in which the page runs them."""


def html(tables: Sequence[Table], material: Material | None = None) -> str:
    """Return the page as one self-contained text. All text in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    material = material or Material()
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else all_visible(value),
    )
    template = files("bench.reports").joinpath("index.html.j2").read_text(encoding="utf-8")
    text = environment.from_string(template).render(
        tables=list(tables),
        sections=[_section(number, table, material) for number, table in enumerate(tables, 1)],
        matrix=views.matrix(tables),
        facts=header.facts(tables, material.tags),
        data=all_visible(_data(tables, material)),
        style=_part("style.css"),
        scripts=[_vendored(*names) for names in VENDOR.items()] + [_part(name) for name in SCRIPTS],
        grids=grids,
        notes=notes,
    )
    return text.rstrip() + "\n"


def _section(number: int, table: Table, material: Material) -> dict[str, Any]:
    """Return what the template shows of one table."""
    return {
        "id": views.section_id(number),
        "table": table,
        "scores": views.scores(table),
        "tests": views.tests(table),
        "costs": views.costs(table, material.tags),
    }


def _data(tables: Sequence[Table], material: Material) -> dict[str, Any]:
    """Return what the scripts draw: the names of all arms, and by section its charts and samples."""
    names = {row.label: row.name for table in tables for row in table.rows}
    climbed = charts.ladders(tables)
    return {
        "arms": [{"label": label, "name": names[label]} for label in sorted(names, key=paper().rank)],
        "sections": {
            views.section_id(number): _drawn(table, material) | {"ladders": climbed.get(table.dataset, [])}
            for number, table in enumerate(tables, 1)
        },
    }


def _drawn(table: Table, material: Material) -> dict[str, Any]:
    samples = material.samples.get(table.dataset, {})
    return {
        "seeds": charts.seeds(table),
        "curves": charts.curves(table, material.curves),
        "profiles": charts.by_position(table, material.profiles),
        "calibration": charts.calibration(table, material.profiles),
        "planes": charts.quality_diversity(table, material.sweeps.get(table.dataset, ())),
        "samples": [{"label": label, "texts": texts} for label, texts in samples.items()],
        "music": playing(samples),
        "notes": {"curves": figures.caption(table), "profiles": profiles.caption(table)},
    }


def _part(name: str) -> Markup:
    return Markup(files("bench.reporting.page.parts").joinpath(name).read_text(encoding="utf-8"))


def _vendored(name: str, licence: str) -> Markup:
    """Return a file of the library with its licence as a comment before it."""
    folder = files("bench.reporting.page.vendor")
    terms, code = (folder.joinpath(file).read_text(encoding="utf-8") for file in (licence, name))
    return Markup(f"/*\n{terms.strip()}\n*/\n{code}")

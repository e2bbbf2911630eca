"""Tables to Markdown and HTML, by the templates in reports/. Whatever a template prints is escaped."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bench.reporting import grids, notes
from bench.reporting.escape import markdown_escape
from bench.reporting.table import Table

if TYPE_CHECKING:
    from jinja2 import Environment


def markdown(table: Table) -> str:
    """Return the same in Markdown."""
    return _render("table.md.j2", _environment(finalize=_unless_markup(markdown_escape)), table=table)


def html(tables: Sequence[Table], figures: Mapping[str, Sequence[tuple[str, bytes]]]) -> str:
    """Return one self-contained page with all tables and figures (dataset -> captions and PNGs)."""
    inlined = {
        name: [(caption, base64.b64encode(png).decode()) for caption, png in shown] for name, shown in figures.items()
    }
    return _render("index.html.j2", _environment(autoescape=True), tables=list(tables), figures=inlined)


def _unless_markup(escape: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: str(value) if isinstance(value, Markup) else escape(str(value))


def _render(name: str, environment: Environment, **values: Any) -> str:
    text = files("bench.reports").joinpath(name).read_text(encoding="utf-8")
    return environment.from_string(text).render(grids=grids, notes=notes, **values).rstrip() + "\n"


def _environment(**options: Any) -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options)

"""Tables to Markdown, by a template in reports/. Whatever a template prints is escaped."""

from __future__ import annotations

from collections.abc import Callable
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


def _unless_markup(escape: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: str(value) if isinstance(value, Markup) else escape(str(value))


def _render(name: str, environment: Environment, **values: Any) -> str:
    text = files("bench.reports").joinpath(name).read_text(encoding="utf-8")
    return environment.from_string(text).render(grids=grids, notes=notes, **values).rstrip() + "\n"


def _environment(**options: Any) -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options)

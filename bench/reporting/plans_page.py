"""The page that lists the plans of a results folder, made from what each plan's folder says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.files import write_output
from bench.planning.cell import REAL
from bench.reporting.write import MANIFEST

PAGE, SUMMARY = "index.html", "summary.json"
STATES = {"done": "finished", "failed": "failed", "unfinished": "unfinished"}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A plan in the list: the address of its page, when it was asked for last, and what it holds."""

    name: str
    link: str
    asked: str = ""
    presets: Sequence[str] = ()
    datasets: Sequence[str] = ()
    arms: Sequence[str] = ()
    state: str = ""

    @property
    def date(self) -> str:
        """Return the day and time of asking in UTC; "" if the folder does not say."""
        return self.asked[:16].replace("T", " ")


def write_plans_page(out: Path) -> None:
    """Write `out`/index.html; BenchError if that fails.

    Another bench may add a plan at the same time, and then both write the page. So this one looks again after it wrote:
    whoever writes last has seen all plans.
    """
    written = None
    while (page := html(listed(out))) != written:
        write_output(out / PAGE, page.encode())
        written = page


def listed(out: Path) -> list[Listed]:
    """Return the plans that have a folder with a report in `out`, the one asked for last first."""
    found = [_read(path.parent) for path in sorted(out.glob(f"*/{MANIFEST}"))]
    return sorted(found, key=lambda plan: plan.asked, reverse=True)


def html(plans: Sequence[Listed]) -> str:
    """Return the page as one self-contained text. All text in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    template = files("bench.reports").joinpath("plans.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(plans=plans).rstrip() + "\n"


def _read(folder: Path) -> Listed:
    """Return what a plan's folder says of the plan; its name alone if its summary is lost or damaged."""
    plain = Listed(name=folder.name, link=f"{quote(folder.name)}/{PAGE}")
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return _of_summary(plain, summary)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return plain


def _of_summary(plain: Listed, summary: Mapping[str, Any]) -> Listed:
    rows = [row for table in summary["tables"] for row in table["rows"]]
    counts = {state: sum(int(row[state]) for row in rows) for state in STATES}
    told = [f"{counts[state]:,} {word}" for state, word in STATES.items() if counts[state] or state == "done"]
    return Listed(
        name=plain.name,
        link=plain.link,
        asked=str(summary["asked"] or ""),
        presets=[str(preset) for preset in summary["presets"]],
        datasets=[str(table["dataset"]) for table in summary["tables"]],
        arms=[*dict.fromkeys(str(row["name"]) for row in rows if row["label"] != REAL)],
        state=", ".join(told),
    )

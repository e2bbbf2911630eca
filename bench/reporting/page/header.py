"""The facts at the head of the page: what was run, when, by which command and code, on which machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from bench import __version__
from bench.reporting.table import Table

Facts = Sequence[tuple[str, str]]
Tags = Mapping[str, Mapping[str, str]]
COMMIT = 12  # digits of a commit that are shown


def facts(tables: Sequence[Table], tags: Tags) -> Facts:
    """Return names and values of what is known of the runs that the tables are made of."""
    ids = dict.fromkeys(str(run) for table in tables for run in table.runs["run_id"])
    known = [tags[run] for run in ids if run in tags]
    found = {
        "Plan": _all(str(plan) for table in tables for plan in table.runs["plan"]),
        "Preset": _all(str(preset) for table in tables for preset in table.runs["preset"].dropna()),
        "Seeds": _seeds({int(seed) for table in tables for seed in table.runs["seed"]}),
        "Runs": _counts(tables),
        "Date": _dates(known),
        "Training": _hours(known),
        "Command": _all(one.get("command", "") for one in known),
        "Code": _all(_code(one) for one in known),
        "Machine": _all(_machine(one) for one in known),
        "Report by": f"SeqBench {__version__}",
    }
    return [(name, value) for name, value in found.items() if value]


def _all(values: Iterable[str]) -> str:
    """Return the different values, sorted; runs of several commands or machines have several."""
    return "; ".join(sorted({value for value in values if value}))


def _seeds(seeds: set[int]) -> str:
    """Return "0 to 4", or a list if seeds are missing between."""
    low, high = min(seeds, default=0), max(seeds, default=0)
    if len(seeds) > 2 and high - low + 1 == len(seeds):
        return f"{low} to {high}"
    return ", ".join(map(str, sorted(seeds)))


def _counts(tables: Sequence[Table]) -> str:
    done, failed, unfinished = (
        sum(getattr(row, state) for table in tables for row in table.rows) for state in ("done", "failed", "unfinished")
    )
    rest = [f"{count} {state}" for count, state in ((failed, "failed"), (unfinished, "unfinished")) if count]
    return ", ".join([f"{done:,} finished", *rest])


def _dates(known: Sequence[Mapping[str, str]]) -> str:
    """Return the day of the first run's start and of the last run's end, in UTC."""
    times = [float(one[key]) for one in known for key in ("began", "ended") if float(one.get(key, 0))]
    days = [time.strftime("%Y-%m-%d", time.gmtime(moment)) for moment in (min(times), max(times))] if times else []
    return " to ".join(dict.fromkeys(days))


def _hours(known: Sequence[Mapping[str, str]]) -> str:
    seconds = sum(float(one["seconds"]) for one in known if "seconds" in one)
    return f"{seconds / 3600:.2f} hours, all runs together" if known else ""


def _code(tags: Mapping[str, str]) -> str:
    version, commit = tags.get("version.bench", ""), tags.get("git_commit", "")
    if not version:
        return ""
    changed = " with changes" if commit.endswith("+") else ""
    named = f", commit {commit.rstrip('+')[:COMMIT]}{changed}" if commit not in ("", "none") else ""
    return f"SeqBench {version}{named}"


def _machine(tags: Mapping[str, str]) -> str:
    packages = (("Python", "python"), ("torch", "version.torch"))
    parts = [tags.get("machine", ""), *(f"{name} {tags[key]}" for name, key in packages if key in tags)]
    return ", ".join(part for part in parts if part)

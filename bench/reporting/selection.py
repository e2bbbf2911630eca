"""What a report is about: which plans, arms and metrics of all that is tracked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from bench.contracts.errors import unknown
from bench.planning.cell import REAL
from bench.reporting.table import Row, Table

if TYPE_CHECKING:
    import pandas as pd

    from bench.records.journals import Source


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The arms and metrics that a report shows, all if empty. `published`: rows that are only published stand too.

    *Real* stands in each report. `more` are plans whose runs join those of the first one.
    """

    arms: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    published: bool = False


def selected(source: Source, plan: str | None, selection: Selection) -> pd.DataFrame:
    """Return the tracked frame of the selection (see Tracker.frame); BenchError for an unknown plan, arm or metric.

    A cell that several plans hold under one label is counted once, as the plan that asked for it last has it.
    """
    frame = _joined(source, [plan, *selection.more])
    arms, metrics = set(frame["label"]) - {REAL}, set(frame["metric"].dropna())
    _refuse_unknown("row", selection.arms, arms)
    _refuse_unknown("metric", selection.metrics, metrics)
    if selection.arms:
        frame = frame[frame["label"].isin([REAL, *selection.arms])]
    if selection.metrics:
        frame = frame[frame["metric"].isna() | frame["metric"].isin(selection.metrics)]
    return frame


class Shown(NamedTuple):
    """Tables cut to what a command asked for, and what of the plan they leave out; "" if nothing."""

    tables: list[Table]
    hidden: str


def asked_for(tables: Sequence[Table], asked: Collection[tuple[str, str]]) -> Shown:
    """Return the tables of these (dataset, label) pairs with their rows alone. A plan may hold more, from before."""
    wanted = {table.dataset: [row for row in table.rows if (table.dataset, row.label) in asked] for table in tables}
    kept = [_with_rows(table, wanted[table.dataset]) for table in tables if wanted[table.dataset]]
    rows = sum(len(table.rows) - len(wanted[table.dataset]) for table in tables if wanted[table.dataset])
    others = len(tables) - len(kept)
    counts = ((rows, "row"), (others, "dataset"))
    told = " and ".join(f"{count} {what}{'s' if count > 1 else ''}" for count, what in counts if count)
    return Shown(kept, f"the plan has {told} more" if told else "")


def _with_rows(table: Table, rows: Sequence[Row]) -> Table:
    labels = {row.label for row in rows}
    tests = tuple(one for one in table.comparisons if one.label in labels)
    return replace(table, rows=tuple(rows), comparisons=tests, runs=table.runs[table.runs["label"].isin(labels)])


def listed(text: str | None) -> tuple[str, ...]:
    """Return the names of an option such as A,B; a comma inside brackets, as in seqgan[k=1,l2=0], divides nothing."""
    names, depth = [""], 0
    for char in text or "":
        depth += (char == "[") - (char == "]")
        if char == "," and not depth:
            names.append("")
        else:
            names[-1] += char
    return tuple(name.strip() for name in names if name.strip())


def _joined(source: Source, plans: Sequence[str | None]) -> pd.DataFrame:
    import pandas as pd

    frames = [source.frame(plan) for plan in dict.fromkeys(plans)]
    if len(frames) == 1:
        return frames[0]
    rows = pd.concat(frames, ignore_index=True).sort_values(["projected", "run_id"], kind="stable")
    newest = rows.drop_duplicates(["dataset", "label", "cell"], keep="last")["run_id"]
    return rows[rows["run_id"].isin(set(newest))].reset_index(drop=True)


def _refuse_unknown(kind: str, asked: Sequence[str], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise unknown(kind, name, known)

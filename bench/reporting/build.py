"""Build tables from the tracked frame: decide which runs may share a column, and fill each row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.judging import statistics
from bench.plugins.reference import base
from bench.records.human import Collected
from bench.records.journal import FAILURES
from bench.reporting.applicable import applicable
from bench.reporting.compare import compare
from bench.reporting.marks import marked
from bench.reporting.paper import Paper, Published, value_of
from bench.reporting.ranking import rank
from bench.reporting.reference_row import reference_row, refuse_unknown
from bench.reporting.table import Column, Entry, Human, PerSequence, Row, State, Table, made_elsewhere

if TYPE_CHECKING:
    import pandas as pd


def build_tables(
    frame: pd.DataFrame,
    paper: Paper,
    per_sequence: PerSequence,
    human: Human,
    reference: str | None = None,
    *,
    published: bool = False,
) -> list[Table]:
    """Return a table for each dataset of the frame (see Tracker.frame): the paper's first, in its order, then the rest.

    `reference` names the row that the others are compared with. BenchError if no table has it. A published value stands
    beside the row that ran; with `published`, rows that did not run stand too, with their published values alone.
    """
    refuse_unknown(reference, set(frame["label"]))
    known = list(paper.tables)
    datasets = sorted(set(frame["dataset"]), key=lambda name: (known.index(name) if name in known else 99, name))
    return [
        _table(name, frame[frame["dataset"] == name], paper, per_sequence, human.get(name), reference, published)
        for name in datasets
    ]


def _table(
    name: str,
    frame: pd.DataFrame,
    paper: Paper,
    per_sequence: PerSequence,
    collected: Collected | None,
    wanted: str | None,
    published: bool,
) -> Table:
    runs, left_out = comparable(frame)
    human, collected, others = _judged(collected, runs)
    spec, dropped = applicable(paper.table(name), runs, paper)
    columns = _columns(runs, paper, spec)
    present = set(runs["label"])
    absent = {label for label in spec.labels if not any(base(other) == label for other in present)}
    extra = absent if published else set()
    labels = sorted(present | extra, key=paper.rank)
    rows = [_row(label, runs[runs["label"] == label], columns, spec, paper, set(labels), human) for label in labels]
    tested = spec.tested or tuple(column.metric for column in columns[:1])
    spec = replace(spec, tested=tuple(metric for metric in tested if any(metric == c.metric for c in columns)))
    rows = marked(rows, spec, runs, per_sequence)
    reference = reference_row(rows, paper, wanted)
    comparisons = compare(reference, rows, columns, spec, runs, per_sequence) if reference else []
    return Table(
        name,
        spec,
        columns,
        tuple(rows),
        tuple(comparisons),
        reference,
        bool(spec.human or collected),
        (*dropped, *left_out, *others),
        runs,
        collected,
        {column.metric: rank(column, rows) for column in columns},
    )


def _judged(collected: Collected | None, runs: pd.DataFrame) -> tuple[dict[str, str], Collected | None, list[str]]:
    """Return label -> human score, the collected scores of the labels shown, and a line for each score left out.

    A score is shown if it is of a run in the table, under its label there, or of texts made elsewhere.
    """
    if collected is None:
        return {}, None, []
    labels: dict[str, str] = dict(zip(runs["cell"], runs["label"], strict=True))
    trained = set(runs["label"][~made_elsewhere(runs)])

    def row(origin: str, cell: str) -> str:
        if cell:
            return labels.get(cell, "")
        return "" if origin in trained else origin

    names = {origin: row(origin, score.cell) for origin, score in collected.scores.items()}
    human = {names[origin]: str(score) for origin, score in collected.scores.items() if names[origin]}
    left_out = [
        f"Left out, human score {score} of {origin}: given to "
        + (f"another run (cell {score.cell})." if score.cell else "texts made elsewhere.")
        for origin, score in collected.scores.items()
        if not names[origin]
    ]
    return human, collected.shown([origin for origin, name in names.items() if name]), left_out


def comparable(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of the frame that may share a table, and a line for each thing left out.

    All rows have the data of the newest run. All seeds of a label have the knobs and code of the newest of them. All
    values of a column have the signature of the newest run. Samples made elsewhere may join, but "the newest run" is
    never one of them, unless there are no others.
    """
    same_data = frame["fingerprint"] == _newest(frame)["fingerprint"]
    kept, left_out = frame[same_data], []
    if not same_data.all():
        left_out.append(f"Left out, made from other data: {_names(frame[~same_data])}.")
    identities = {label: _newest(rows)["identity"] for label, rows in kept.groupby("label")}
    alike = kept["identity"] == kept["label"].map(identities)
    if not alike.all():
        left_out.append(f"Left out, other knobs or code: {_names(kept[~alike])}.")
        kept = kept[alike]
    for metric in dict.fromkeys(kept["metric"].dropna()):
        column = kept[kept["metric"] == metric]
        other = column[column["signature"] != _newest(column)["signature"]]
        if len(other):
            left_out.append(f"Left out of {metric}, other signature: {_names(other)}.")
            kept = kept.drop(index=other.index)
    return kept, left_out


def _newest(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the row that was asked for last; one of a run has precedence over one of samples made elsewhere."""
    own = ~made_elsewhere(rows)
    return rows.assign(own=own).sort_values(["own", "projected", "run_id"], kind="stable").iloc[-1]


def _names(rows: pd.DataFrame) -> str:
    seeds: dict[str, set[int]] = {}
    for label, seed in zip(rows["label"], rows["seed"], strict=True):
        seeds.setdefault(label, set()).add(seed)
    return "; ".join(f"{label} (seed {', '.join(map(str, sorted(seeds[label])))})" for label in sorted(seeds))


def _columns(runs: pd.DataFrame, paper: Paper, spec: Published) -> tuple[Column, ...]:
    """Return the columns in the dataset's order. If rows differ, the row with the most metrics gives the order."""
    scored = runs.dropna(subset=["metric"])
    order: dict[str, int] = {}
    for _, run in sorted(scored.groupby("run_id"), key=lambda item: (-len(item[1]), tuple(item[1]["metric"]))):
        for metric in run["metric"]:
            order.setdefault(metric, len(order))
    first = scored.drop_duplicates("metric").set_index("metric")
    return tuple(
        Column(
            metric,
            paper.metric(metric).name,
            paper.metric(metric).decimals,
            "lower" if first.loc[metric, "better"] == "lower" else "higher",
            str(first.loc[metric, "signature"]),
            metric in spec.published,
        )
        for metric in order
    )


def _row(
    label: str,
    runs: pd.DataFrame,
    columns: Sequence[Column],
    spec: Published,
    paper: Paper,
    labels: set[str],
    human: Mapping[str, str],
) -> Row:
    status = runs.drop_duplicates("run_id")["status"]
    done, failed = int((status == "done").sum()), int(status.isin(FAILURES).sum())
    scores = {}
    for column in columns:
        published = value_of(spec.published.get(column.metric, {}), label, labels)
        mine = runs[(runs["metric"] == column.metric) & (runs["status"] == "done")]
        scored = mine.sort_values("seed").dropna(subset=["value"])
        values = tuple(float(value) for value in scored["value"])
        state = _state(len(status), done, failed, values)
        bound = next(iter(mine["bound"].dropna()), None)
        scores[column.metric] = replace(
            _entry(state, values), seeds=tuple(map(int, scored["seed"])), published=published, bound=bound
        )
    beside = value_of(spec.human, label, labels)
    ours = human.get(label, "not collected")
    shared = runs.dropna(subset=["start"])
    starts = dict(zip(map(int, shared["seed"]), map(str, shared["start"]), strict=True))
    trainer = str(runs["baseline"].iloc[-1]) if len(runs) else ""
    return Row(
        label,
        paper.row(label),
        done,
        failed,
        len(status) - done - failed,
        scores,
        ours,
        beside,
        starts,
        trainer,
        _problems(runs),
    )


def _problems(runs: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Return problem -> seeds: what the quick checks find wrong with the finished runs of a row."""
    checked = runs[runs["status"] == "done"].dropna(subset=["problems"]).drop_duplicates("run_id").sort_values("seed")
    found: dict[str, tuple[int, ...]] = {}
    for text, seed in zip(checked["problems"], checked["seed"], strict=True):
        for problem in json.loads(text):
            found[problem] = (*found.get(problem, ()), int(seed))
    return found


def _state(runs: int, done: int, failed: int, values: tuple[float, ...]) -> State:
    if values:
        return "value"
    if done:
        return "undefined"
    if failed:
        return "failed"
    return "unfinished" if runs else "absent"


def _entry(state: State, values: tuple[float, ...]) -> Entry:
    if state != "value":
        return Entry(state)
    interval = statistics.mean_interval(values)
    half = None if interval.high is None else interval.high - interval.value
    return Entry(state, values, mean=interval.value, half=half)

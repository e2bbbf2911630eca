"""Encode a cell's record as tags, parameters and points of curves, and decode runs to a frame. Stores nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.checksum import sha256
from bench.contracts.visible import visible
from bench.files import safe_name
from bench.records.events import Done, Epoch, Judged, SharedStart, Start, to_line
from bench.records.journal import Record
from bench.records.plans import Entry

if TYPE_CHECKING:
    import pandas as pd

CURVE, LONGEST, PHASES = "curve/", 4_000, 16
PROFILE = "profile/"
COST = "cost/"
SUM = "sha256."
NAME = 100  # most characters of a name in a key: a store takes keys of 250, and a key may hold two names
COLUMNS = (
    *("plan", "dataset", "label", "baseline", "seed", "cell", "status", "error", "metric", "value", "signature"),
    *("better", "source_file", "source_sha256", "source_licence", "source_kind", "notes", "preset", "rule"),
    *("fingerprint", "dataset_settings", "phases", "judged", "run_id", "projected", "identity", "copied", "start"),
    *("bound", "problems"),
)


class Point(NamedTuple):
    """One value of one curve; `time` in seconds since the epoch."""

    key: str
    value: float
    step: int
    time: float


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A record as a tracking store keeps it.

    `digest` changes when the journal or the label changes. While it is the same, the stored tags stay as they are.
    """

    tags: dict[str, str]
    params: dict[str, str]
    points: list[Point]
    digest: str


class Tracked(NamedTuple):
    """One run read back: its id, its tags and its latest metric values."""

    run_id: str
    tags: Mapping[str, str]
    values: Mapping[str, float]


def project(record: Record, plan: str, entry: Entry) -> Projection:
    """Return the record as a run of the plan. The tags of its entry in the plan are taken over unchanged."""
    label = entry.label or record.cell.label
    text = json.dumps([[to_line(event) for event in record.events], label], sort_keys=True, default=str)
    digest = sha256(text)[:16]
    tags = {**entry.tags, **_identity(record, plan), "label": label, **_outcome(record)}
    return Projection(
        tags={key: visible(value)[:LONGEST] for key, value in tags.items()},
        params=_params(record),
        points=list(_points(record)),
        digest=digest,
    )


def frame(runs: Iterable[Tracked]) -> pd.DataFrame:
    """Return one row per run and metric, for one run of each (plan, dataset, label, seed).

    A run without scores has one row. If a seed has several runs, the frame takes the newest one. But if one of them has
    the same knobs, data and code as the newest run of all seeds, the frame takes that one. Rows are sorted by plan,
    dataset, label and seed; the metrics of a run keep the dataset's order.
    """
    import pandas as pd

    newest: dict[tuple[str, ...], Tracked] = {}
    aged = sorted(runs, key=_age)
    wanted = {_row(run): run.tags["identity"] for run in aged}
    for run in sorted(aged, key=lambda run: run.tags["identity"] == wanted[_row(run)]):
        newest[*_row(run), run.tags["seed"]] = run
    rows = [row for run in newest.values() for row in _rows(run)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": object})
    table["value"] = table["value"].where(table["value"].notna(), None)
    return table.sort_values(["plan", "dataset", "label", "seed"], kind="stable", ignore_index=True)


def curve_key(metric: str) -> str:
    """Return the key of a metric's learning curve."""
    return CURVE + safe(metric)


def profile_key(name: str) -> str:
    """Return the key of a profile, which holds values by position."""
    return PROFILE + safe(name)


def trained_key(value: str, phase: str) -> str:
    """Return the key of a value that a trainer reports in a phase."""
    return f"{safe(value)}/{safe(phase)}"


def json_list(entries: Iterable[Any]) -> str:
    """Return a JSON list of the entries that fit into a tag. An entry that does not fit is left out, never cut."""
    return f"[{', '.join(_fitting(visible(json.dumps(entry, ensure_ascii=False)) for entry in entries))}]"


def safe(name: str) -> str:
    """Return the name as a key that a tracking store accepts. Two names never get the same key."""
    return safe_name(name, r"[^A-Za-z0-9_\-. ]|^\.", most=NAME)


def _identity(record: Record, plan: str) -> dict[str, str]:
    cell, start = record.cell, record.last(Start)
    source = start.source if start else {}
    return {
        "plan": plan,
        "cell": cell.id,
        "identity": cell.identity,  # the same for all seeds with the same knobs, data and code
        "dataset": cell.dataset_label,
        "dataset.reference": cell.dataset,
        "dataset.settings": _json_object(dict(cell.dataset_settings)),
        "baseline": cell.baseline,
        "seed": str(cell.seed),
        "rule": cell.evaluation.rule,
        "fingerprint": cell.fingerprint,
        "notes": json_list(start.notes if start else ()),
        **{f"source.{key}": str(source[key]) for key in ("file", "sha256", "licence", "kind") if key in source},
    }


def _outcome(record: Record) -> dict[str, str]:
    tags = {"status": record.status, "metrics": json_list(record.scores)}
    for name, score in record.scores.items():
        tags[f"signature.{safe(name)}"] = score.signature
        tags[f"better.{safe(name)}"] = score.better
        if score.bound:
            tags[f"bound.{safe(name)}"] = score.bound
    tags["phases"] = json_list(_last_phases(record))
    if judged := record.last(Judged):
        place = {"phase": judged.phase[:80], "epoch": judged.epoch, "epochs": judged.epochs}
        tags["judged"] = json.dumps(place, ensure_ascii=False)
    if shared := record.last(SharedStart):
        tags["start"] = shared.key
    if done := record.last(Done):
        told = {"seconds": done.seconds, "hypotheses": done.hypotheses, "copied": done.copied}
        told |= {"tokens": done.tokens, "updates": _updates(record)}
        tags |= {key: str(value) for key, value in told.items() if value is not None}
        tags |= {"problems": json_list(done.problems)} if done.problems is not None else {}
    tags |= {f"{SUM}{name}": digest for name, digest in (record.seal.files if record.seal else {}).items()}
    if record.failure is not None:
        tags["error"] = record.failure.error or "no message"
    return tags


def _updates(record: Record) -> int | None:
    """Return the updates of all epochs, with those of a shared start; None if an epoch of an older version has none."""
    epochs = {(epoch.phase, epoch.epoch): epoch.updates for epoch in record.all(Epoch)}
    return None if None in epochs.values() else sum(updates or 0 for updates in epochs.values())


def _last_phases(record: Record) -> list[dict[str, Any]]:
    """Return the last phases that train the generator. Figures mark where the last of several begins."""
    phases = [phase for phase in record.phases if phase.trains_generator][-PHASES:]
    return [
        {"name": phase.name[:80], "begins": phase.begins, "ends": phase.ends, "trains_generator": True}
        for phase in phases
    ]


def _json_object(knobs: Mapping[str, Any]) -> str:
    """Return a JSON object of the knobs that fit into a tag, sorted by name."""
    pairs = (f"{json.dumps(key)}: {visible(json.dumps(knobs[key], ensure_ascii=False))}" for key in sorted(knobs))
    return f"{{{', '.join(_fitting(pairs))}}}"


def _fitting(texts: Iterable[str]) -> Iterator[str]:
    room = LONGEST - len("[]")
    for text in texts:
        if len(text) <= room:
            room -= len(text) + len(", ")
            yield text


def _params(record: Record) -> dict[str, str]:
    cell = record.cell
    knobs = {f"settings.{key}": value for key, value in cell.settings}
    knobs |= {f"dataset.{key}": value for key, value in cell.dataset_settings}
    knobs |= {f"evaluation.{key}": value for key, value in asdict(cell.evaluation).items()}
    knobs |= {"seed": cell.seed, "threads": cell.threads, "device": cell.device}
    return {safe(key): visible(str(value))[:LONGEST] for key, value in knobs.items()}


def _points(record: Record) -> Iterator[Point]:
    """Yield the points of a record.

    Final scores stand under the metric's name, seconds and memory under cost/<what>, profiles under profile/<name> by
    position, learning curves under curve/<metric> over generator epochs, and values of training under <what>/<phase>
    over the phase's own epochs.
    """
    if done := record.done:
        for name, score in record.scores.items():
            yield from _point(safe(name), score.value, 0, done.time)
        cost = {"train_seconds": done.seconds, "wall_seconds": done.wall_seconds, "memory_bytes": done.memory}
        for name, value in cost.items():
            yield from _point(COST + name, value, 0, done.time)
        for name, profile in (done.profiles or {}).items():
            for position, value in enumerate(profile, 1):
                yield from _point(profile_key(name), value, position, done.time)
    for point in record.curve:
        for name, value in point.scores.items():
            yield from _point(curve_key(name), value, point.x, point.time)
    epochs = {(epoch.phase, epoch.epoch): epoch for epoch in record.all(Epoch)}
    for (phase, number), epoch in epochs.items():
        for name, value in epoch.values.items():
            yield from _point(trained_key(name, phase), value, number, epoch.time)


def _point(key: str, value: Any, step: int, time: float) -> Iterator[Point]:
    """Yield the point, unless it is undefined."""
    if value is not None and math.isfinite(value):
        yield Point(key, float(value), int(step), float(time))


def _rows(run: Tracked) -> Iterator[dict[str, Any]]:
    """Yield the rows of one run in the frame, one for each metric."""
    tags = run.tags
    shared: dict[str, Any] = {
        key: tags.get(key) for key in ("plan", "dataset", "label", "baseline", "cell", "status", "error", "preset")
    }
    shared |= {f"source_{key}": tags.get(f"source.{key}") for key in ("file", "sha256", "licence", "kind")}
    shared |= {"seed": int(tags["seed"]), "rule": tags.get("rule"), "fingerprint": tags.get("fingerprint")}
    shared |= {key: tags.get(key) for key in ("judged", "start", "problems")}
    shared |= {key.replace(".", "_"): tags[key] for key in ("notes", "phases", "dataset.settings", "identity")}
    shared |= {"run_id": run.run_id, "projected": int(tags["projected"])}
    shared |= {"copied": float(tags["copied"]) if "copied" in tags else None}
    metrics: Sequence[str | None] = json.loads(tags["metrics"]) or [None]
    for name in metrics:
        key = safe(name or "")
        score = {part: tags.get(f"{part}.{key}") for part in ("signature", "better", "bound")}
        yield shared | score | {"metric": name, "value": run.values.get(key) if name is not None else None}


def _row(run: Tracked) -> tuple[str, ...]:
    return tuple(run.tags[key] for key in ("plan", "dataset", "label"))


def _age(run: Tracked) -> tuple[int, str]:
    return int(run.tags["projected"]), run.run_id

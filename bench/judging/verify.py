"""Verify a runs folder without training: what is whole, damaged or missing, and whether its scores come out again."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bench import __version__
from bench.contracts.data import TokenArray
from bench.contracts.errors import BenchError, ContractError, folded, unknown
from bench.contracts.metric import FloatArray, Generated, Profile, Score
from bench.files import read_scores
from bench.judging.copies import copied_share
from bench.judging.evaluator import Evaluator, Judgement, log_prob_of, next_log_prob_of
from bench.judging.kept_samples import DamagedSamples, kept_samples
from bench.planning.cell import ELSEWHERE, Cell
from bench.plugins import checksum as code
from bench.plugins.reference import parse_plugin
from bench.records import revive, seal
from bench.records.events import Done
from bench.records.journal import Journal, Record
from bench.records.runs import RunsFolder
from bench.toolkit.metrics import copying, distinct

if TYPE_CHECKING:
    from bench.contracts.dataset import Opened
    from bench.toolkit.corpora.fetch import Corpora

State = Literal["whole", "not sealed", "claimed", "differs", "damaged", "missing", "unfinished"]
WRONG = ("differs", "damaged", "missing")
NEAR = 1e-6
"""How far a score may lie from what comes out again, relative to its size: other machines round otherwise."""
UNKNOWN = "?"
ADDED = (copying.NAMES, frozenset({distinct.NAME}))
"""Metrics that came to all datasets later, those that came together in one set."""
VERSION = re.compile(r"\|v:[^|]*$")


class Finding(NamedTuple):
    """What verification says of a cell.

    "whole": its checksums hold and its scores come out again. "not sealed": the same, but an older version made it
    without checksums. "claimed": nothing is wrong, but not every score could be taken again. "differs": a score does
    not come out again. "damaged" and "missing": as `bench status` says. "unfinished": it has no scores yet.
    """

    state: State
    dataset: str
    label: str
    seed: int | None
    cell: str
    notes: tuple[str, ...] = ()


@dataclass
class Verifier:
    """Takes the scores of finished cells again. The dataset that was opened last is kept."""

    corpora: Corpora
    _opened: dict[tuple[Any, ...], tuple[Opened, Evaluator]] = field(default_factory=dict)

    def finding(self, record: Record, *, scores: bool = True) -> Finding:
        """Return what is found out about a cell; without `scores`, from its checksums alone."""
        cell = record.cell
        place = (cell.dataset_label, cell.label, cell.seed, cell.id)
        damage = [record.damage] if record.damage else _faults(record)
        if damage:
            return Finding("damaged", *place, tuple(damage))
        if record.done is None:
            return Finding("unfinished", *place, (record.status,))
        differences, untold = self._compared(record, record.done) if scores else ([], [])
        if differences:
            return Finding("differs", *place, (*differences, *untold))
        if untold:
            return Finding("claimed", *place, tuple(untold))
        again = [f"{len(record.scores)} scores come out again"] if scores else []
        if record.seal:
            return Finding("whole", *place, tuple(again))
        torn = [f"line {number} of its journal is torn" for number in Journal(record.folder).story().torn]
        return Finding("not sealed", *place, (*again, *torn))

    def _compared(self, record: Record, done: Done) -> tuple[list[str], list[str]]:
        """Return what differs from the record, and what could not be taken again."""
        try:
            opened, evaluator = self._open(record.cell)
            samples = kept_samples(record, opened)
        except DamagedSamples as error:
            return [folded(error)], []
        except (BenchError, ContractError, OSError) as error:
            return [], [f"no score was taken again: {folded(error)}"]
        generated, no_model = self._generated(record, opened, samples)
        try:
            judged, missed = _judged(evaluator, generated)
            differences = list(_differences(record, done, judged, missed))
        except (BenchError, ContractError) as error:
            return [f"its samples cannot be judged: {folded(error)}"], []
        share = copied_share(samples, opened.data)
        if done.copied is not None and not _near(done.copied, share):
            differences.append(f"copied is {done.copied}, and comes out as {share}")
        untold = [f"{', '.join(missed)} not taken again: {no_model}"] if missed else []
        if own := sorted(record.scores.keys() - done.scores.keys()):
            differences += _unlike_means(record, own)
            untold.append(f"{', '.join(own)} not taken again: metrics of your own")
        return differences, untold

    def _open(self, cell: Cell) -> tuple[Opened, Evaluator]:
        key = (cell.dataset, cell.dataset_settings, cell.dataset_label, cell.fingerprint, cell.evaluation.rule)
        if key not in self._opened:
            if cell.reference != ELSEWHERE and cell.code != code.checksum(cell.reference, cell.dataset):
                raise BenchError("its plug-in's code is not here, or changed since")
            opened = revive.reopen(cell, self.corpora)
            self._opened = {key: (opened, Evaluator.of(opened, cell.evaluation.rule))}
        return self._opened[key]

    def _generated(self, record: Record, opened: Opened, samples: Any) -> tuple[Generated, str]:
        """Return the samples with their generator's probabilities, and why there are none; "" if there are."""
        import torch

        if record.cell.reference == ELSEWHERE:
            return Generated(samples), ""
        torch.set_num_threads(record.cell.threads)
        try:
            generator = revive.generator(record, opened)
        except (BenchError, ContractError) as error:
            return Generated(samples, _refuse, _refuse), folded(error)
        device = torch.device("cpu")
        model = log_prob_of(generator, opened.data, device), next_log_prob_of(generator, opened.data, device)
        return Generated(samples, *model), ""


def verify(
    runs: RunsFolder,
    plan: str | None,
    corpora: Corpora,
    told: Callable[[Finding], object],
    *,
    scores: bool = True,
) -> list[Finding]:
    """Verify the cells of a plan, or of the whole folder; call `told` with each finding. BenchError for no such plan.

    Cells are ordered by dataset, so that each dataset is opened once.
    """
    if plan is not None and plan not in runs.plans:
        raise unknown(f"plan in {runs}", plan, runs.plans)
    verifier, found = Verifier(corpora), []
    records = runs.of_plan(plan) if plan is not None else runs.records()
    ordered = sorted(records, key=lambda r: (r.cell.dataset_label, r.cell.fingerprint, r.cell.label, r.cell.seed))
    for finding in _all(ordered, verifier, runs, plan, scores):
        told(finding)
        found.append(finding)
    return found


def _all(
    records: Iterable[Record], verifier: Verifier, runs: RunsFolder, plan: str | None, scores: bool
) -> Iterator[Finding]:
    yield from (verifier.finding(record, scores=scores) for record in records)
    wanted = runs.plans[plan] if plan is not None else None
    for key, why in runs.unreadable.items():
        if wanted is None or key in wanted:
            yield Finding("damaged", UNKNOWN, UNKNOWN, None, key, (why,))
    for key, places in runs.missing.items():
        if wanted is None or key in wanted:
            entry = places[plan] if plan is not None else next(iter(places.values()))
            yield Finding(
                "missing",
                entry.dataset or UNKNOWN,
                entry.label or UNKNOWN,
                entry.seed,
                key,
                (f"named by plan {', '.join(places)}",),
            )


def _faults(record: Record) -> list[str]:
    """Return what is wrong with the files of a cell and with the plug-in that it names."""
    cell = record.cell
    found = [
        f"{name} {fault}" for name, fault in (seal.faults(record.folder, record.seal) if record.seal else {}).items()
    ]
    if cell.reference != ELSEWHERE and parse_plugin(cell.reference).name != cell.baseline:
        found.append(f"cell.json names the plug-in {cell.reference}, and its identity is of {cell.baseline}")
    return found


class _NoModel(Exception):
    """A metric asks for the probabilities of a generator that cannot be brought back."""


def _refuse(sequences: TokenArray) -> Any:
    raise _NoModel


def _judged(evaluator: Evaluator, generated: Generated) -> tuple[Judgement, list[str]]:
    """Return the scores of the metrics that can judge, and the names of those that miss the generator."""
    judged, missed = Judgement({}, {}, generated.sequences), []
    for metric in evaluator.metrics:
        try:
            found = evaluator.only([metric]).judge_samples(generated)
        except _NoModel:
            missed.append(metric.name)
            continue
        judged.scores.update(found.scores)
        judged.per_sequence.update(found.per_sequence)
        judged.profiles.update(found.profiles)
    return judged, missed


def _differences(record: Record, done: Done, judged: Judgement, missed: Sequence[str]) -> Iterator[str]:
    kept = _per_sequence(record)
    for name in sorted(done.scores.keys() - set(missed)):
        mine, again = done.scores[name], judged.scores.get(name)
        if again is None:
            yield f"{name} is no metric of the dataset"
        elif not _near(mine.value, again.value):
            yield f"{name} is {mine.value}, and comes out as {again.value}"
        elif why := _unlike(mine, again, record.cell):
            yield f"{name}: {why}"
        elif name in judged.per_sequence and (row := _row_that_differs(kept.get(name), judged.per_sequence[name])):
            yield f"{name}: scores.parquet differs from its samples in {row}"
    for name in sorted(judged.scores.keys() - done.scores.keys() - _younger(done)):
        yield f"{name} is missing among the scores"
    yield from _unlike_means(record, sorted(missed))
    claimed = done.profiles or {}
    for name in sorted(judged.profiles.keys() | (set() if missed else claimed.keys())):
        if not _alike(claimed.get(name), judged.profiles.get(name)):
            yield f"profile {name} does not come out again"


def _younger(done: Done) -> frozenset[str]:
    """Return the metrics that every dataset has, but had not yet when the cell was judged."""
    return frozenset().union(*(names for names in ADDED if not names & done.scores.keys()))


def _unlike_means(record: Record, names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each score that is not the mean of its scores per sequence."""
    kept = _per_sequence(record)
    for name in (name for name in names if name in kept):
        value, mean = record.scores[name].value, float(kept[name].mean())
        if not _near(value, mean):
            yield f"{name} is {value}, and the mean of its scores per sequence is {mean}"


def _unlike(mine: Score, again: Score, cell: Cell) -> str:
    """Return what else than the value differs; the version in a signature may, if another one made the cell."""
    for part in ("signature", "better", "bound"):
        one, other = (str(getattr(score, part)) for score in (mine, again))
        if cell.bench != __version__:
            one, other = (VERSION.sub("", text) for text in (one, other))
        if one != other:
            return f"its {part} is {one}, and comes out as {other}"
    return ""


def _per_sequence(record: Record) -> Mapping[str, FloatArray]:
    path = record.folder / "scores.parquet"
    frame = read_scores(path, str(path), f"remove {record.folder}, and run the cell again")
    return {str(name): frame[name].dropna().to_numpy(dtype=float) for name in frame}


def _row_that_differs(kept: FloatArray | None, again: FloatArray) -> str:
    """Return the first row in which two columns differ, for people; "" if none does."""
    if kept is None or len(kept) != len(again):
        return "the number of rows"
    pairs = zip(kept.tolist(), again.tolist(), strict=True)
    return next((f"row {row}" for row, (one, other) in enumerate(pairs, 1) if not _near(one, other)), "")


def _alike(one: Profile | None, other: Profile | None) -> bool:
    if one is None or other is None:
        return False
    return len(one) == len(other) and all(map(_near, one, other))


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR)

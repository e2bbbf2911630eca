"""Samples that others published, judged by one protocol beside as many real sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.contracts.metric import Generated, Score
from bench.contracts.seeding import torch_rng
from bench.judging import samples_file, strange
from bench.judging.copies import rewards_copies
from bench.judging.evaluator import Judgement
from bench.judging.judge import Judge
from bench.judging.literature import SampleFile, SampleFolder
from bench.judging.preparing import NO_CLEANING
from bench.judging.samples import Cleaning, Samples
from bench.toolkit.corpora.replay import Replay

Scored = Mapping[str, Score]
"""Scores by metric."""


@dataclass(frozen=True, kw_only=True)
class Rescored:
    """One file: how many sequences it holds, their scores, and whether quotation marks were taken off its lines."""

    file: SampleFile
    sequences: int
    scores: Scored
    unquoted: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Real:
    """Scores of real sequences; fewer than `wanted` if the dataset has no more that are not its test split."""

    wanted: int
    sequences: int
    scores: Scored


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One folder: its files, and the real row for each number of sequences that they hold."""

    name: str
    files: tuple[Rescored, ...]
    real: Mapping[int, Real]


def rescore(judge: Judge, folders: Sequence[SampleFolder], judged: Callable[[], object] = lambda: None) -> list[Paper]:
    """Judge every file of every folder, and call `judged` after each; BenchError names a file that cannot be read."""
    real: dict[int, Real] = {}
    papers = []
    for folder in folders:
        files = []
        for file in folder.files:
            files.append(rescore_file(judge, file))
            judged()
        counts = dict.fromkeys(one.sequences for one in files)
        real |= {count: real_row(judge, count) for count in counts if count not in real}
        papers.append(Paper(name=folder.name, files=tuple(files), real={count: real[count] for count in counts}))
    return papers


def rescore_file(judge: Judge, file: SampleFile) -> Rescored:
    """Judge one file as `bench score` does; with --unquote if that command would advise it."""
    found = _read(judge, file, NO_CLEANING)
    unquoted = any(remark.remedy == strange.UNQUOTE for remark in found.remarks)
    if unquoted:
        found = _read(judge, file, Cleaning(unquote=True))
    notes = tuple(note for note in found.notes if not note.startswith(strange.QUOTES_OFF))
    scores = judge.scores(found).scores
    return Rescored(file=file, sequences=len(found.sequences), scores=scores, unquoted=unquoted, notes=notes)


def real_row(judge: Judge, count: int) -> Real:
    """Judge `count` real sequences: held-out ones as `bench score` does, and training rows after them if more.

    Other people's models were trained on both. A metric with training rows as references is undefined in a row that
    holds training rows, because each matches itself.
    """
    real, data = judge.opened.dataset.real(judge.opened.data), judge.opened.data
    if not isinstance(real, Replay) or count <= len(real):
        judged = judge.evaluator.judge(real, count, torch_rng(judge.real.seed_for("evaluate", "final")))
        return Real(wanted=count, sequences=len(judged.samples), scores=judged.scores)
    rows = np.concatenate([data.valid, data.train])[:count]
    judged = judge.evaluator.judge_samples(Generated(rows))
    return Real(wanted=count, sequences=len(rows), scores=_without_copies(judged))


def _read(judge: Judge, file: SampleFile, cleaning: Cleaning) -> Samples:
    return samples_file.read(file.path, "auto", judge.opened, judge.strict, None, cleaning)


def _without_copies(judged: Judgement) -> dict[str, Score]:
    return {
        name: replace(score, value=None) if rewards_copies(score.signature) else score
        for name, score in judged.scores.items()
    }

"""Train a subject for one epoch of each phase, query its generator, and compare two results to the bit."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.contracts import chance
from bench.contracts.data import SequenceData
from bench.contracts.guards.trainer import check_state, checked_values
from bench.contracts.seeding import derive, torch_rng
from bench.contracts.trainer import Phase, Stateful, Trainer
from bench.engine.conformance.subject import Subject
from bench.judging.evaluator import draw, log_prob_of
from bench.records import generator_files


def trained(subject: Subject, seed: int) -> dict[str, Any]:
    """Return the state, samples and log_prob of a generator after one epoch of each phase."""
    trainer, _ = subject.build(seed)
    step_each(trainer, seed)
    parts = generator_files.parts_of(trainer)
    return {"the generator's state": as_read(parts), **answers(trainer, subject.data, seed)}


def answers(trainer: Trainer, data: SequenceData, seed: int) -> dict[str, Any]:
    """Judge the generator: return 40 samples, and log_prob of the test split."""
    rng = torch_rng("conformance", "samples", seed)
    samples = draw(trainer.generator, 40, data, rng)
    log_prob = log_prob_of(trainer.generator, data, rng.device)
    return {"samples": samples.tolist(), "log_prob": log_prob(data.test).tolist() if log_prob else None}


@contextmanager
def another_day() -> Iterator[None]:
    """Let time.time() and time.time_ns() return the time of tomorrow."""
    import time
    from unittest import mock

    seconds, ns, day = time.time, time.time_ns, 86_400
    with mock.patch("time.time", lambda: seconds() + day), mock.patch("time.time_ns", lambda: ns() + day * 10**9):
        yield


def step_each(trainer: Trainer, seed: int = 0) -> list[dict[str, float]]:
    """Run one epoch of every phase and return the numbers that each step() gives."""
    return [epoch(phase, seed) for phase in trainer.phases() if phase.epochs]


def epoch(phase: Phase, seed: int) -> dict[str, float]:
    """Run one epoch of a phase and return its numbers. Global generators start from the seed, as in a run."""
    with chance.seeded(derive("conformance", phase.name, seed)):
        return checked_values(phase.step(), phase.name)


def same(one: Any, other: Any) -> bool:
    """Return whether two states are equal to the bit."""
    import torch

    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def frozen(trainer: Trainer) -> dict[str, Any]:
    """Return the trainer's state as a checkpoint would give it back."""
    return as_read(trainer.state())


def as_read(parts: Mapping[str, Stateful]) -> dict[str, Any]:
    """Return the state of the parts after it was written and read with weights_only."""
    import torch

    check_state(parts)
    buffer = io.BytesIO()
    torch.save({name: part.state_dict() for name, part in parts.items()}, buffer)
    buffer.seek(0)
    state: dict[str, Any] = torch.load(buffer, weights_only=True)
    return state

"""The checks of a trainer.

Each takes a Subject. If the contract is broken, it raises an AssertionError with a sentence that says what to fix.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.contracts import chance
from bench.contracts.cost import Sizes
from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError, folded
from bench.contracts.generator import Scorer
from bench.contracts.guards.trainer import check_finite, checked_phases
from bench.contracts.seeding import torch_rng
from bench.engine.conformance.distribution import (
    draws_from_one_generator_differ,
    next_log_prob_agrees_with_log_prob,
    samples_follow_log_prob,
)
from bench.engine.conformance.start import start_is_shared_to_the_bit
from bench.engine.conformance.subject import Subject
from bench.engine.conformance.training import another_day, answers, epoch, frozen, same, step_each, trained
from bench.engine.estimate import UNITS, training_seconds
from bench.judging import modes
from bench.judging.evaluator import draw, log_prob_of
from bench.records import generator_files
from bench.toolkit.models.tempered import tempered

UNSEEDED = (
    "the source is one that the engine does not seed (np.random.default_rng() or random.Random() without a seed, "
    "os.urandom) or the time: draw from the given rng, or from the global generators of torch, numpy and random"
)


def settings_are_frozen(subject: Subject) -> None:
    """Settings are a frozen dataclass, so that a cell's identity cannot change under it."""
    parameters = getattr(type(subject.settings), "__dataclass_params__", None)
    assert parameters is not None and parameters.frozen, "make Settings a @dataclass(frozen=True)"


def samples_are_token_ids(subject: Subject) -> None:
    """sample(n) gives (n, T) integer ids inside the vocabulary, at any temperature."""
    trainer, rng = subject.build()
    for temperature in (1.0, 0.5):
        draw(tempered(trainer.generator, temperature), 50, subject.data, rng)


def data_stay_as_they_are(subject: Subject) -> None:
    """Training and sampling do not write into the data, since other arms learn from the same arrays."""
    own = {name: getattr(subject.data, name).copy() for name in ("train", "valid", "test")}
    data = replace(subject.data, **own)
    trainer, rng = subject._replace(data=data).build()
    step_each(trainer)
    draw(trainer.generator, 40, data, rng)
    for name, after in own.items():
        assert np.array_equal(after, getattr(subject.data, name)), f"it writes into data.{name}: copy what you change"


def samples_depend_only_on_the_seed(subject: Subject) -> None:
    """The same seed gives the same generator and samples, also on another day; another seed gives other samples."""
    first = trained(subject, 0)
    with another_day():
        second = trained(subject, 0)
    for what in first:
        assert same(first[what], second[what]), f"two runs of one seed differ in {what}: {UNSEEDED}"
    equal = same(first["samples"], trained(subject, 1)["samples"])
    assert not equal, "seed 0 and seed 1 give the same samples"


def log_prob_is_a_probability(subject: Subject) -> None:
    """If there is log_prob, the probabilities of all tokens at a position, given the tokens before it, sum to 1."""
    trainer, rng = subject.build()
    if not isinstance(trainer.generator, Scorer):
        return
    data = subject.data
    tolerance = 1e-3 + _rounding(trainer.generator, data)
    longest = max(data.test, key=lambda row: np.count_nonzero(row != data.vocabulary.end))
    for state in ("untrained", "trained"):
        log_prob = log_prob_of(trainer.generator, data, rng.device)
        assert log_prob is not None
        for position in range(data.length):
            rows = np.tile(longest, (len(data.vocabulary), 1))
            rows[:, position] = np.arange(len(rows))
            total = float(np.exp(log_prob(rows)[:, position]).sum())
            of = f"the probabilities of token {position + 1} ({state})"
            assert abs(total - 1) < tolerance, f"{of} sum to {total:.4f} over the vocabulary, not 1"
        step_each(trainer)


def phases_are_a_schedule(subject: Subject) -> None:
    """Phases have different names and a number of epochs; step() returns finite numbers by name."""
    trainer, _ = subject.build()
    for phase in checked_phases(trainer.phases()):
        if phase.epochs:
            check_finite(epoch(phase, 0), phase.name, epoch=1)


def state_resumes_to_the_bit(subject: Subject) -> None:
    """A trainer restored from state() continues exactly as one that never stopped."""
    straight, rng = subject.build()
    step_each(straight)
    state, drawn_so_far = frozen(straight), rng.get_state()
    resumed, other = subject.build()
    for name, part in resumed.state().items():
        assert name in state, f"state() names {name!r} in one trainer and not in another of the same class"
        part.load_state_dict(state[name])
    other.set_state(drawn_so_far)
    found = []
    for trainer, numbers in ((straight, rng), (resumed, other)):
        told = step_each(trainer, 1)
        drawn = draw(trainer.generator, 40, subject.data, torch_rng("conformance", 9)).tolist()
        seen = {"what step() returns": told, "its samples": drawn, "its state": frozen(trainer)}
        found.append(seen | {"how many random numbers it draws": numbers.get_state()})
    lacks = "state() lacks something that changes while training (a generator of random numbers? train or eval mode?)"
    for what in found[0]:
        assert same(found[0][what], found[1][what]), f"{lacks}: a resumed run differs in {what}"


def judging_leaves_training_alone(subject: Subject) -> None:
    """Training gives the same bits whether or not the generator was judged between two epochs."""
    found = []
    for judged in (False, True):
        trainer, rng = subject.build()
        step_each(trainer)
        if judged:
            answers(trainer, subject.data, 0)
        step_each(trainer, 1)
        found.append(({"state": frozen(trainer)}, rng.get_state()))
    assert same(*found), (
        "training goes on differently after the generator was judged: sample() draws from the rng that it is given, "
        "and neither sample() nor log_prob() changes what is trained"
    )


def generator_comes_back(subject: Subject) -> None:
    """The parts of state() that a run keeps restore the trained generator, as `bench sample` and `bench match` need."""
    trainer, _ = subject.build()
    step_each(trainer)
    again, _ = subject.build()
    with tempfile.TemporaryDirectory() as folder:
        generator_files.write(Path(folder), generator_files.parts_of(trainer))
        try:
            generator_files.read(Path(folder), again)
        except BenchError as error:
            raise AssertionError(folded(error).partition(" does not fit ")[2]) from error
    equal = same(answers(trainer, subject.data, 0), answers(again, subject.data, 0))
    assert equal, "the generator that a run keeps is another: call the part of state() that holds all of it 'generator'"


def cost_is_made_of_stages(subject: Subject) -> None:
    """If the knobs state a cost, it consists of work that `bench speed` times and of numbers of sequences."""
    data = subject.data
    sizes = Sizes(len(data.train), data.length, len(data.vocabulary))
    stages = {key: 1.0 for key, _ in UNITS.values()}
    try:
        training_seconds(subject.settings, stages, sizes, subject.cls.__name__)
    except BenchError as error:
        raise AssertionError(folded(error)) from error


CHECKS: tuple[Callable[[Subject], None], ...] = (
    settings_are_frozen,
    data_stay_as_they_are,
    samples_are_token_ids,
    samples_depend_only_on_the_seed,
    draws_from_one_generator_differ,
    log_prob_is_a_probability,
    samples_follow_log_prob,
    next_log_prob_agrees_with_log_prob,
    phases_are_a_schedule,
    start_is_shared_to_the_bit,
    state_resumes_to_the_bit,
    judging_leaves_training_alone,
    generator_comes_back,
    cost_is_made_of_stages,
)


def _rounding(generator: Any, data: SequenceData) -> float:
    """Return how far a sum of probabilities may be from 1, as log_prob may round to float16 or bfloat16."""
    import torch

    with chance.seeded(0), modes.evaluating(generator):
        kind = getattr(generator.log_prob(torch.tensor(data.test[:1])), "dtype", None)
    return 4 * torch.finfo(kind).eps if kind in (torch.float16, torch.bfloat16) else 0.0

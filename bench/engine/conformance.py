"""Conformance: what every plug-in must do, as checks that a third party runs on her own file with `bench check`.

A check takes a Subject and raises AssertionError, with a sentence that says what to mend, where the contract is broken.
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.contracts import chance
from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError, folded
from bench.contracts.generator import Scorer
from bench.contracts.knobs import build
from bench.contracts.seeding import derive, numpy_rng, torch_rng
from bench.contracts.trainer import Phase, Stateful, Trainer
from bench.contracts.vocabulary import Vocabulary
from bench.engine.driver import one_epoch, schedule
from bench.judging import modes
from bench.judging.evaluator import Evaluator, draw, log_prob_of
from bench.planning.cell import Evaluation
from bench.plugins.open_dataset import fault
from bench.records import checkpoint, generator_files
from bench.toolkit.models.tempered import tempered

UNSEEDED = (
    "the source is one that the engine does not seed (np.random.default_rng() or random.Random() without a seed, "
    "os.urandom) or the time: draw from the rng given, or from the global generators of torch, numpy and random"
)


def toy_data(end: int | None = None) -> SequenceData:
    """A small seeded grammar over 12 tokens, T = 6: each token is followed by one of two; with `end`, lengths vary."""
    rng = numpy_rng("conformance", str(end))
    rows = np.empty((400, 6), dtype=np.int64)
    rows[:, 0] = rng.integers(1, 12, 400)
    for t in range(1, 6):
        rows[:, t] = (rows[:, t - 1] * 2 + rng.integers(0, 2, 400)) % 11 + 1
    if end is not None:
        lengths = rng.integers(1, 7, 400)
        rows[np.arange(6)[None, :] >= lengths[:, None]] = end
    rows = rng.permutation(np.unique(rows, axis=0))
    words = Vocabulary(tuple(f"w{i}" for i in range(12)), start=0, end=end)
    source = Source("toy grammar", "0" * 64, "MIT", "generated")
    return SequenceData(rows[:-60], rows[-60:-30], rows[-30:], words, source)


class Subject(NamedTuple):
    """A trainer class, the settings it is checked at, and the data it is given."""

    cls: type[Any]
    settings: Any
    data: SequenceData

    def build(self, seed: int = 0) -> tuple[Trainer, Any]:
        """A fresh trainer and its rng; global generators start from the seed, as in a run."""
        import torch

        rng = torch_rng("conformance", seed)
        with chance.seeded(derive("conformance", "construction", seed)):
            return self.cls(self.data, self.settings, torch.device("cpu"), rng), rng


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
    """Training and sampling write into copies: other arms learn from the same arrays."""
    own = {name: getattr(subject.data, name).copy() for name in ("train", "valid", "test")}
    data = replace(subject.data, **own)
    trainer, rng = subject._replace(data=data).build()
    _step_each(trainer)
    draw(trainer.generator, 40, data, rng)
    for name, after in own.items():
        assert np.array_equal(after, getattr(subject.data, name)), f"it writes into data.{name}: copy what you change"


def samples_depend_only_on_the_seed(subject: Subject) -> None:
    """The same seed gives the same generator and samples, on another day too; another seed gives others."""
    first = _trained(subject, 0)
    with _another_day():
        second = _trained(subject, 0)
    for what in first:
        assert _same(first[what], second[what]), f"two runs of one seed differ in {what}: {UNSEEDED}"
    same = _same(first["samples"], _trained(subject, 1)["samples"])
    assert not same, "seed 0 and seed 1 give the same samples"


def log_prob_is_a_probability(subject: Subject) -> None:
    """Where there is log_prob: at each position the probabilities of all tokens, given those before it, sum to 1."""
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
        _step_each(trainer)


def phases_are_a_schedule(subject: Subject) -> None:
    """Phases have distinct names and a number of epochs; step() returns finite numbers by name."""
    trainer, _ = subject.build()
    for phase in schedule(trainer):
        if phase.epochs:
            for name, value in _epoch(phase, 0).items():
                assert math.isfinite(value), f"phase {phase.name}: {name} is {value}"


def state_resumes_to_the_bit(subject: Subject) -> None:
    """A trainer restored from state() goes on exactly as the one that never stopped."""
    straight, rng = subject.build()
    _step_each(straight)
    state, drawn_so_far = _frozen(straight), rng.get_state()
    resumed, other = subject.build()
    for name, part in resumed.state().items():
        assert name in state, f"state() names {name!r} in one trainer and not in another of the same class"
        part.load_state_dict(state[name])
    other.set_state(drawn_so_far)
    found = []
    for trainer, numbers in ((straight, rng), (resumed, other)):
        told = _step_each(trainer, 1)
        drawn = draw(trainer.generator, 40, subject.data, torch_rng("conformance", 9)).tolist()
        facts = {"what step() returns": told, "its samples": drawn, "its state": _frozen(trainer)}
        found.append(facts | {"how many random numbers it draws": numbers.get_state()})
    lacks = "state() lacks something that changes while training (a generator of random numbers? train or eval mode?)"
    for what in found[0]:
        assert _same(found[0][what], found[1][what]), f"{lacks}: a resumed run differs in {what}"


def judging_leaves_training_alone(subject: Subject) -> None:
    """Training goes on to the same bits whether or not the generator was judged between two epochs."""
    found = []
    for judged in (False, True):
        trainer, rng = subject.build()
        _step_each(trainer)
        if judged:
            _answers(trainer, subject.data, 0)
        _step_each(trainer, 1)
        found.append(({"state": _frozen(trainer)}, rng.get_state()))
    assert _same(*found), (
        "training goes on differently after the generator was judged: sample() draws from the rng that it is given, "
        "and neither sample() nor log_prob() changes what is trained"
    )


def generator_comes_back(subject: Subject) -> None:
    """What a run keeps of state() gives the trained generator back, as `bench sample` and `bench match` need it."""
    trainer, _ = subject.build()
    _step_each(trainer)
    again, _ = subject.build()
    with tempfile.TemporaryDirectory() as folder:
        generator_files.write(Path(folder), generator_files.parts_of(trainer))
        try:
            generator_files.read(Path(folder), again)
        except BenchError as error:
            raise AssertionError(folded(error).partition(" does not fit ")[2]) from error
    same = _same(_answers(trainer, subject.data, 0), _answers(again, subject.data, 0))
    assert same, "the generator that a run keeps is another: call the part of state() that holds all of it 'generator'"


CHECKS: tuple[Callable[[Subject], None], ...] = (
    settings_are_frozen,
    data_stay_as_they_are,
    samples_are_token_ids,
    samples_depend_only_on_the_seed,
    log_prob_is_a_probability,
    phases_are_a_schedule,
    state_resumes_to_the_bit,
    judging_leaves_training_alone,
    generator_comes_back,
)


def subjects(cls: type[Any], settings: Any) -> Iterator[tuple[str, Subject]]:
    """The class on sequences of one length and on sequences that end early."""
    yield "fixed length", Subject(cls, settings, toy_data())
    yield "variable length", Subject(cls, settings, toy_data(end=0))


def small(cls: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values given, and such as keep a check to seconds for the well-known knobs, where the class takes them."""
    wanted: dict[str, Any] = {
        "mle_epochs": 2,
        "adversarial_steps": 2,
        "discriminator_epochs": 1,
        "d_steps": 1,
        "k": 1,
        "rollouts": 2,
    }
    wanted |= {"embedding": 8, "hidden": 8, "filters": 0.02}
    values = dict(given)
    for name, value in wanted.items():
        if name not in given and _takes(cls.Settings, values | {name: value}):
            values[name] = value
    return values


def _takes(settings: type[Any], values: dict[str, Any]) -> bool:
    try:
        build(settings, values, "")
    except BenchError:
        return False
    return True


def check_dataset(dataset: Any) -> None:
    """A dataset's splits are (n, T) int64 ids, disjoint; its metrics score its own real samples and sign the scores."""
    data = dataset.load()
    wrong = fault(data)
    assert wrong is None, wrong
    given = data.fingerprint
    rows = [set(map(bytes, split)) for split in (data.train, data.valid, data.test)]
    shared = rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2]
    told = any("also occur" in note for note in data.notes)  # where a published split is kept as it is
    assert not shared or told, "the splits share sequences, and no note says that some also occur in another"
    evaluator = Evaluator.of(Opened(dataset, data), Evaluation().rule)
    judged = evaluator.judge(dataset.real(data), min(64, len(data.valid)), torch_rng("conformance"))
    assert next(iter(judged.scores.values()))["value"] is not None, "the headline is undefined on real data"
    assert data.fingerprint_now() == given, "a metric writes into the data: let it copy what it changes"


def _trained(subject: Subject, seed: int) -> dict[str, Any]:
    """A trainer's generator and samples after an epoch of each phase."""
    trainer, _ = subject.build(seed)
    _step_each(trainer, seed)
    parts = generator_files.parts_of(trainer)
    return {"the generator's state": _as_read(parts), **_answers(trainer, subject.data, seed)}


def _answers(trainer: Trainer, data: SequenceData, seed: int) -> dict[str, Any]:
    """What the generator answers when it is judged."""
    rng = torch_rng("conformance", "samples", seed)
    samples = draw(trainer.generator, 40, data, rng)
    log_prob = log_prob_of(trainer.generator, data, rng.device)
    return {"samples": samples.tolist(), "log_prob": log_prob(data.test).tolist() if log_prob else None}


@contextmanager
def _another_day() -> Iterator[None]:
    """time.time() tells another day than it is."""
    import time
    from unittest import mock

    seconds, ns, day = time.time, time.time_ns, 86_400
    with mock.patch("time.time", lambda: seconds() + day), mock.patch("time.time_ns", lambda: ns() + day * 10**9):
        yield


def _rounding(generator: Any, data: SequenceData) -> float:
    """How far a sum of probabilities may be from 1 because log_prob rounds to float16 or bfloat16."""
    import torch

    with chance.seeded(0), modes.evaluating(generator):
        kind = getattr(generator.log_prob(torch.tensor(data.test[:1])), "dtype", None)
    return 4 * torch.finfo(kind).eps if kind in (torch.float16, torch.bfloat16) else 0.0


def _step_each(trainer: Trainer, seed: int = 0) -> list[dict[str, float]]:
    """An epoch of every phase; what each said of itself."""
    return [_epoch(phase, seed) for phase in trainer.phases() if phase.epochs]


def _epoch(phase: Phase, seed: int) -> dict[str, float]:
    """An epoch for which global generators start from the seed, as in a run."""
    with chance.seeded(derive("conformance", phase.name, seed)):
        return one_epoch(phase)


def _same(one: Any, other: Any) -> bool:
    """Whether two states are equal to the bit."""
    import torch

    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _frozen(trainer: Trainer) -> dict[str, Any]:
    """The state as a checkpoint would give it back."""
    return _as_read(trainer.state())


def _as_read(parts: Mapping[str, Stateful]) -> dict[str, Any]:
    """The state of the parts through bytes, read with weights_only."""
    import torch

    checkpoint.check(parts)
    buffer = io.BytesIO()
    torch.save({name: part.state_dict() for name, part in parts.items()}, buffer)
    buffer.seek(0)
    state: dict[str, Any] = torch.load(buffer, weights_only=True)
    return state

"""Every trainer on the shelf resumes from files, and those of the paper keep the published schedule."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.contracts.knobs import build, rules_of
from bench.contracts.trainer import Trainer
from bench.planning import preset
from bench.planning.cell import Evaluation
from bench.plugins import loading as plugins
from bench.records import checkpoint

NAMES = plugins.names("bench.baselines")
TRAINED = [name for name in NAMES if name not in ("random-uniform", "random-unigram")]
SMALL = {
    "embedding": 4,
    "hidden": 6,
    "batch": 16,
    "mle_epochs": 2,
    "adversarial_steps": 2,
    "decay": 0.3,
    "discriminator_epochs": 1,
    "d_steps": 1,
    "k": 2,
    "rollouts": 2,
    "discriminator_embedding": 4,
    "filters": 0.02,
    "update_rate": 0.5,
    "discriminator_updates": 4,
}


def make(name: str, data: SequenceData, rng: torch.Generator) -> Trainer:
    cls: Any = plugins.load("bench.baselines", name)
    known = {field.name for field in dataclasses.fields(cls.Settings)}
    settings = build(cls.Settings, {k: v for k, v in SMALL.items() if k in known}, name)
    trainer: Trainer = cls(data, settings, torch.device("cpu"), rng)
    return trainer


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def steps(trainer: Trainer) -> list[Any]:
    return [phase.step for phase in trainer.phases() for _ in range(phase.epochs)]


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("at", [1, -1], ids=["after the first epoch", "before the last"])
def test_a_resumed_run_ends_on_the_same_bits(name: str, at: int, data: SequenceData, tmp_path: Path) -> None:
    rng = seeded()
    trainer = make(name, data, rng)
    for step in steps(trainer)[:at]:
        step()
    checkpoint.save(checkpoint.Place(tmp_path, "cell"), trainer.state(), rng, {})
    for step in steps(trainer)[at:]:
        step()
    rng_again = seeded()
    again = make(name, data, rng_again)
    checkpoint.load(checkpoint.Place(tmp_path, "cell"), again.state(), rng_again)
    for step in steps(again)[at:]:
        step()
    assert torch.equal(rng.get_state(), rng_again.get_state())
    before, after = trainer.state(), again.state()
    assert before.keys() == after.keys()
    for key in before:
        assert flat(before[key].state_dict()) == flat(after[key].state_dict())


def flat(state: Any) -> Any:
    """Return a state as plain Python values, exact to the bit."""
    if isinstance(state, torch.Tensor):
        return (str(state.dtype), state.numpy(force=True).tobytes())
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    return [flat(value) for value in state] if isinstance(state, list | tuple) else state


# The settings of the authors' code: what all arms share, what the reward arms add, and each arm's own.
LIKELIHOOD = {"embedding": 32, "hidden": 32, "init_std": 0.1, "batch": 64, "rate": 1e-2, "clip": 5, "mle_epochs": 120}
LIKELIHOOD["patience"] = 0  # all epochs, and the last weights
START = LIKELIHOOD | {"own_start": False}  # arms of a seed share it
POLICY = START | {"adversarial_rate": 1e-2, "adversarial_steps": 200}
GAME = {"g_steps": 1, "d_steps": 5, "k": 3, "rollouts": 16, "update_rate": 0}
JUDGE = {"discriminator_embedding": 64, "filters": 1, "dropout_keep": 0.75, "l2": 0.2, "discriminator_rate": 1e-4}
OFFICIAL: dict[str, dict[str, Any]] = {
    "mle": START,
    "mle-temperature": START | {"temperature": 0.8},
    "scheduled-sampling": LIKELIHOOD | {"mle_epochs": 300, "decay": 0.002},
    "pg-bleu": POLICY | {"order": 3, "references": 0.4, "smoothing": "nltk-2016", "rollouts": 1},
    "seqgan": POLICY | GAME | JUDGE | {"discriminator_epochs": 50, "discriminator_updates": 0},
    "constant-reward": POLICY | {"reward": 0.5},
    "random-reward": POLICY,
}
SLOW = {"rate": 1e-3, "mle_epochs": 240}  # as the code was at the time of the paper's experiments
PAPER = {
    **{name: SLOW | {"adversarial_rate": 1e-3, "adversarial_steps": 800} for name in OFFICIAL},
    "pg-bleu": SLOW | {"mle_epochs": 200, "adversarial_rate": 1e-3, "adversarial_steps": 800},
    "mle": {"rate": 1e-3, "mle_epochs": 350},
    "mle-temperature": {"rate": 1e-3, "mle_epochs": 350},
    "scheduled-sampling": {"rate": 1e-3, "mle_epochs": 300},
}
ROUNDS = {"adversarial_steps": 60}
FEW = {"discriminator_epochs": 75, "discriminator_updates": 20, "d_steps": 1, "k": 1}
LEAN = {"seqgan": ROUNDS | FEW, **dict.fromkeys(("pg-bleu", "constant-reward", "random-reward"), ROUNDS)}


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_presets_are_the_published_schedules(name: str) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    assert dataclasses.asdict(cls.Settings()) == OFFICIAL[name]
    for title, changed in (("official", {}), ("paper", PAPER[name]), ("lean", LEAN.get(name, {}))):
        found = build(cls.Settings, preset.read(title).knobs(cls.Settings, name), name)
        assert dataclasses.asdict(found) == OFFICIAL[name] | changed, title


@pytest.mark.parametrize("title", ["official", "paper", "lean"])
@pytest.mark.parametrize("name", ["mle-regularised", "transformer", "ngram"])
def test_arms_that_were_not_published_keep_their_own_knobs(name: str, title: str) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    assert build(cls.Settings, preset.read(title).knobs(cls.Settings, name), name) == cls.Settings()


def test_every_trained_arm_is_one_or_the_other() -> None:
    assert {*OFFICIAL, "mle-regularised", "transformer", "ngram"} == set(TRAINED)


@pytest.mark.parametrize(("title", "seeds"), [("official", 8), ("paper", 8), ("lean", 8)])
def test_they_are_judged_alike(title: str, seeds: int) -> None:
    found = preset.read(title)
    assert found.run.seeds == seeds and found.run.threads == 1
    assert found.evaluation == Evaluation(10_000, 2_000, 5, "last")
    assert not found.datasets


@pytest.mark.parametrize("name", NAMES)
def test_knobs_are_bounded(name: str) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    for key, rules in rules_of(cls.Settings).items():
        if rules.low is not None:
            with pytest.raises(BenchError, match="least"):
                build(cls.Settings, {key: rules.low - 1}, name)

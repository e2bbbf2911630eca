"""What must hold for each of the nine: contract, probabilities, chance, checkpoints, presets."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import checkpoint, plugins, preset
from bench.data import SequenceData
from bench.errors import BenchError
from bench.sequences import live
from bench.settings import build
from bench.trainer import Trainer

torch.set_num_threads(1)

NAMES = [
    "constant-reward",
    "mle",
    "mle-temperature",
    "pg-bleu",
    "random-reward",
    "random-uniform",
    "random-unigram",
    "scheduled-sampling",
    "seqgan",
]
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


def make(name: str, data: SequenceData, rng: torch.Generator, **knobs: Any) -> Trainer:
    cls: Any = plugins.load("bench.baselines", name)
    known = {field.name for field in dataclasses.fields(cls.Settings)}
    settings = build(cls.Settings, {k: v for k, v in SMALL.items() if k in known} | knobs, name)
    trainer: Trainer = cls(data, settings, torch.device("cpu"), rng)
    return trainer


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def steps(trainer: Trainer) -> list[Any]:
    return [phase.step for phase in trainer.phases() for _ in range(phase.epochs)]


def test_the_shelf_holds_these() -> None:
    assert plugins.names("bench.baselines") == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_trains_and_generates(name: str, either_data: SequenceData) -> None:
    trainer = make(name, either_data, seeded())
    for step in steps(trainer):
        facts = step()
        assert facts and all(isinstance(value, float) and value == value for value in facts.values())
    end = either_data.vocabulary.end
    drawn = trainer.generator.sample(30, rng=seeded(1))
    assert drawn.shape == (30, 6) and drawn.dtype == torch.int64
    assert set(drawn.flatten().tolist()) <= set(range(8))
    if end is not None:
        assert bool((drawn[~live(drawn, end)] == end).all())
    assert torch.equal(drawn, trainer.generator.sample(30, rng=seeded(1)))


@pytest.mark.parametrize("name", NAMES)
def test_log_prob_normalises(name: str, either_data: SequenceData) -> None:
    trainer = make(name, either_data, seeded(), **({"init_std": 1.0} if name in TRAINED else {}))
    end = either_data.vocabulary.end
    prefix = torch.tensor([[3, 1, 5, 2, 4, 0]]).repeat(8, 1)
    prefix[:, 2] = torch.arange(8)
    log_prob = trainer.generator.log_prob(prefix)  # type: ignore[attr-defined]
    assert log_prob.shape == (8, 6)
    assert torch.isclose(log_prob[:, 2].exp().sum(), torch.tensor(1.0), atol=1e-5)
    if end is not None:
        assert bool((log_prob[end, 3:] == 0).all())


@pytest.mark.parametrize("name", NAMES)
def test_no_chance_but_the_trainers_own(name: str, data: SequenceData) -> None:
    drawn = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        trainer = make(name, data, seeded())
        for step in steps(trainer):
            step()
        drawn.append(trainer.generator.sample(20, rng=seeded(1)))
    assert torch.equal(*drawn)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("at", [1, -1], ids=["after the first epoch", "before the last"])
def test_a_resumed_run_ends_on_the_same_bits(name: str, at: int, data: SequenceData, tmp_path: Path) -> None:
    rng = seeded()
    trainer = make(name, data, rng)
    for step in steps(trainer)[:at]:
        step()
    checkpoint.save(tmp_path, trainer.state(), rng, {})
    for step in steps(trainer)[at:]:
        step()
    rng_again = seeded()
    again = make(name, data, rng_again)
    checkpoint.load(tmp_path, again.state(), rng_again)
    for step in steps(again)[at:]:
        step()
    assert torch.equal(rng.get_state(), rng_again.get_state())
    before, after = trainer.state(), again.state()
    assert before.keys() == after.keys()
    for key in before:
        assert flat(before[key].state_dict()) == flat(after[key].state_dict())


def flat(state: Any) -> Any:
    """A state as plain Python, to the bit."""
    if isinstance(state, torch.Tensor):
        return (str(state.dtype), state.numpy(force=True).tobytes())
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    return [flat(value) for value in state] if isinstance(state, list | tuple) else state


@pytest.mark.parametrize("name", TRAINED)
def test_the_official_preset_is_the_default(name: str) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    official = build(cls.Settings, preset.read("official").knobs(cls.Settings, name), name)
    assert official == cls.Settings()


@pytest.mark.parametrize(
    ("name", "epochs", "rounds"),
    [("mle", 350, 0), ("scheduled-sampling", 300, 0), ("pg-bleu", 200, 800), ("seqgan", 240, 800)],
)
def test_the_paper_preset(name: str, epochs: int, rounds: int) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    paper = build(cls.Settings, preset.read("paper").knobs(cls.Settings, name), name)
    assert (paper.rate, paper.mle_epochs, getattr(paper, "adversarial_steps", 0)) == (1e-3, epochs, rounds)


@pytest.mark.parametrize("name", NAMES)
def test_knobs_are_frozen_and_bounded_and_explain_themselves(name: str) -> None:
    cls: Any = plugins.load("bench.baselines", name)
    for field in dataclasses.fields(cls.Settings):
        assert field.metadata["help"]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(cls.Settings(), field.name, 1)
        if field.metadata["low"] is not None:
            with pytest.raises(BenchError, match="least"):
                build(cls.Settings, {field.name: field.metadata["low"] - 1}, name)

"""Tests of seqgan, pg-bleu, and the two arms whose reward does not depend on the data."""

from typing import Any

import numpy as np
import pytest
import torch
from nltk.translate.bleu_score import sentence_bleu
from torch import Tensor

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError
from bench.contracts.knobs import build
from bench.contracts.trainer import Trainer
from bench.contracts.vocabulary import Vocabulary
from bench.plugins import loading as plugins

TOY = {"embedding": 8, "hidden": 16, "batch": 32, "adversarial_rate": 0.02}


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def make(name: str, data: SequenceData, rng: torch.Generator | None = None, **knobs: Any) -> Any:
    cls: Any = plugins.load("bench.baselines", name)
    return cls(data, cls.Settings(**TOY | knobs), torch.device("cpu"), rng or seeded())


def phase(trainer: Trainer, name: str) -> list[Any]:
    """Run a whole phase."""
    (found,) = (phase for phase in trainer.phases() if phase.name == name)
    return [found.step() for _ in range(found.epochs)]


def entropy(trainer: Any) -> float:
    drawn = trainer.generator.sample(1000, rng=seeded(9))
    return -float(trainer.generator.log_prob(drawn).mean())


@pytest.fixture(scope="module")
def even_data() -> SequenceData:
    """Real sequences hold even tokens only."""
    rows = 2 * np.random.default_rng(0).integers(0, 4, (200, 6))
    words = Vocabulary(tuple("abcdefgh"))
    return SequenceData(rows, rows[:0], rows[:0], words, Source("even", "", "none", "generated"))


SEQGAN = {
    "mle_epochs": 0,
    "discriminator_epochs": 3,
    "adversarial_steps": 40,
    "d_steps": 1,
    "k": 1,
    "rollouts": 4,
    "discriminator_rate": 3e-3,
    "discriminator_embedding": 8,
    "filters": 0.05,
}


@pytest.mark.parametrize("update_rate", [0.0, 0.8])
def test_seqgan_moves_from_nothing_to_the_real_tokens(even_data: SequenceData, update_rate: float) -> None:
    trainer = make("seqgan", even_data, update_rate=update_rate, **SEQGAN)
    assert [p.name for p in trainer.phases()] == ["mle", "discriminator", "adversarial"]
    assert [p.trains_generator for p in trainer.phases()] == [True, False, True]
    share = lambda: float((trainer.generator.sample(1000, rng=seeded(5)) % 2 == 0).float().mean())  # noqa: E731
    assert share() == pytest.approx(0.5, abs=0.1)
    assert phase(trainer, "discriminator")[-1]["accuracy"] > 0.8
    assert share() == pytest.approx(0.5, abs=0.1)
    rounds = phase(trainer, "adversarial")
    assert set(rounds[-1]) == {"loss", "reward", "discriminator_loss", "discriminator_accuracy", "held_out_accuracy"}
    assert share() > 0.9


def test_seqgan_meets_no_more_sequences_than_the_cap_allows(even_data: SequenceData) -> None:
    met: list[int] = []
    for cap, k in ((0, 1), (3, 1), (4, 2), (5, 3), (1000, 1)):
        trainer = make("seqgan", even_data, **SEQGAN | {"discriminator_updates": cap, "k": k})
        trainer._discriminate()
        updates = trainer._discriminator_adam.state[trainer._discriminator.output.weight]["step"]
        met.append(int(updates))
    assert met == [13, 3, 4, 3, 13]  # 200 + 200 sequences make 13 minibatches of 32; an epoch has at least one


def test_a_cap_that_leaves_epochs_without_minibatches_is_refused() -> None:
    knobs: Any = plugins.load("bench.baselines", "seqgan").Settings
    assert build(knobs, {"discriminator_updates": 3, "k": 3}, "seqgan")
    with pytest.raises(BenchError, match=r"settings of seqgan: discriminator_updates = 2 is below k = 3"):
        build(knobs, {"discriminator_updates": 2}, "seqgan")


def test_the_rollout_policy_is_the_generator_or_lags_behind_it(even_data: SequenceData) -> None:
    same, lagging = (make("seqgan", even_data, **SEQGAN | {"update_rate": rate}) for rate in (0.0, 0.8))
    assert same._policy is same.generator
    phase_steps = {p.name: p.step for p in lagging.phases()}
    phase_steps["mle"]()
    before = lagging.generator.output.weight.detach().clone()
    phase_steps["adversarial"]()
    expected = 0.8 * before + 0.2 * lagging.generator.output.weight
    assert torch.allclose(lagging._policy.output.weight, expected, atol=1e-6)


def test_pg_bleu_rewards_with_bleu_against_its_share_of_the_training_set(data: SequenceData) -> None:
    trainer = make("pg-bleu", data, order=2, smoothing="none", references=1.0)
    sequences = torch.as_tensor(data.test[:20])
    references = [list(map(str, row)) for row in data.train.tolist()]
    expected = [sentence_bleu(references, list(map(str, row)), (0.5, 0.5)) for row in sequences.tolist()]
    assert trainer._score(sequences).tolist() == pytest.approx(expected, abs=1e-6)


def test_pg_bleu_raises_its_reward(data: SequenceData) -> None:
    trainer = make("pg-bleu", data, mle_epochs=1, adversarial_steps=60, rollouts=2, order=2, smoothing="method1")
    phase(trainer, "mle")
    rewards = [facts["reward"] for facts in phase(trainer, "adversarial")]
    assert np.mean(rewards[-10:]) > np.mean(rewards[:10]) + 0.1


def plain_gradient(trainer: Any, samples: Tensor, rewards: Tensor) -> list[Tensor]:
    model = trainer.generator
    hidden, _ = model.cell(model.embedding(model.shifted(samples)))
    log_prob = model.output(hidden).log_softmax(2).gather(2, samples[:, :, None])[:, :, 0]
    return list(torch.autograd.grad(-(log_prob * rewards).sum(), [p for p in model.parameters() if p.requires_grad]))


@pytest.mark.parametrize("name", ["constant-reward", "random-reward"])
def test_the_controls_follow_their_rewards_gradient(name: str, data: SequenceData) -> None:
    chance, rng = seeded(), seeded()
    trainer = make(name, data, chance, clip=1e9, init_std=0.5)
    rng.set_state(chance.get_state())
    samples = trainer.generator.sample(32, rng=rng)
    rewards = torch.full((32, 6), 0.5) if name == "constant-reward" else torch.rand(32, 6, generator=rng)
    expected = plain_gradient(trainer, samples, rewards)
    trainer._reinforce()
    trained = [p for p in trainer.generator.parameters() if p.requires_grad]
    for parameter, gradient in zip(trained, expected, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-4)
    assert torch.equal(chance.get_state(), rng.get_state())


@pytest.mark.parametrize("name", ["constant-reward", "random-reward"])
def test_the_controls_reinforce_what_the_generator_already_does(name: str, data: SequenceData) -> None:
    """A step raises the likelihood of the batch it drew; many steps lower the entropy and raise held-out NLL."""
    chance, rng = seeded(), seeded()
    trainer = make(name, data, chance, mle_epochs=15, rate=0.03, adversarial_steps=60)
    phase(trainer, "mle")
    rng.set_state(chance.get_state())
    batch = trainer.generator.sample(32, rng=rng)
    test = torch.as_tensor(data.test)
    likelihood, held_out, spread = (
        trainer.generator.log_prob(batch).sum(),
        trainer.generator.log_prob(test).mean(),
        entropy(trainer),
    )
    trainer._reinforce()
    assert trainer.generator.log_prob(batch).sum() > likelihood
    phase(trainer, "adversarial")
    assert entropy(trainer) < spread - 0.1
    assert trainer.generator.log_prob(test).mean() < held_out - 0.1

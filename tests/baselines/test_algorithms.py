"""Compare SeqGAN and PG-BLEU with their published algorithms, written here from parts that have their own tests.

No knob has its default, so an ignored knob or a call out of order gives other bits.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.plugins import loading as plugins
from bench.toolkit.metrics.bleu import BleuIndex
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.rollout import rollout_rewards
from bench.toolkit.models.text_cnn import TextCNN
from bench.toolkit.training import discriminator, policy_gradient, teacher_forcing
from bench.toolkit.training.optimiser import adam

GENERATOR = {"embedding": 5, "hidden": 7, "init_std": 0.4, "batch": 24, "rate": 0.02, "clip": 0.3, "mle_epochs": 2}
POLICY = GENERATOR | {"adversarial_rate": 0.03, "adversarial_steps": 2, "rollouts": 3}
SEQGAN = POLICY | {
    "g_steps": 2,
    "d_steps": 3,
    "k": 2,
    "update_rate": 0.8,
    "discriminator_epochs": 2,
    "discriminator_rate": 4e-3,
    "discriminator_embedding": 5,
    "filters": 0.03,
    "dropout_keep": 0.6,
    "l2": 0.7,
}


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def trained(name: str, data: SequenceData, knobs: dict[str, Any]) -> Any:
    """Return the trainer after all its phases."""
    cls: Any = plugins.load("bench.baselines", name)
    trainer = cls(data, cls.Settings(**knobs), torch.device("cpu"), seeded())
    for phase in trainer.phases():
        for _ in range(phase.epochs):
            phase.step()
    return trainer


def same(ours: torch.nn.Module, theirs: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


class Learner:
    """A generator with its two Adam states."""

    def __init__(self, data: SequenceData, s: dict[str, Any], rng: torch.Generator) -> None:
        words = data.vocabulary
        sizes = {"embedding": s["embedding"], "hidden": s["hidden"]}
        self.model = LSTM(len(words), data.length, **sizes, start=words.start, end=words.end)
        self.model.reset(s["init_std"], rng)
        self.mle, self.policy = adam(self.model, s["rate"]), adam(self.model, s["adversarial_rate"])
        self.train, self.s, self.rng = torch.as_tensor(data.train), s, rng

    def imitate(self) -> None:
        facts = {"batch": self.s["batch"], "clip": self.s["clip"]}
        teacher_forcing.epoch(self.model, self.mle, self.train, **facts, rng=self.rng)

    def reinforce(self, policy: LSTM, reward: Callable[[Tensor], Tensor]) -> None:
        samples = self.model.sample(self.s["batch"], rng=self.rng)
        rewards = rollout_rewards(policy, samples, reward, rollouts=self.s["rollouts"], rng=self.rng)
        policy_gradient.step(self.model, self.policy, samples, rewards, clip=self.s["clip"])


def seqgan(data: SequenceData, s: dict[str, Any]) -> tuple[LSTM, TextCNN]:
    """Algorithm 1, with a rollout policy that lags, and a random part of the training set where updates are capped."""
    rng = seeded()
    learner = Learner(data, s, rng)
    policy, train = copy.deepcopy(learner.model), learner.train
    sizes = {"embedding": s["discriminator_embedding"], "filters": s["filters"], "dropout_keep": s["dropout_keep"]}
    judge = TextCNN(len(data.vocabulary), data.length, **sizes).reset(rng)
    judge_adam = adam(judge, s["discriminator_rate"])

    def d_step() -> None:
        real = train
        if cap := s.get("discriminator_updates"):
            real = train[torch.randperm(len(train), generator=rng)[: cap // s["k"] * s["batch"] // 2]]
        fake = learner.model.sample(len(real), rng=rng)
        for _ in range(s["k"]):
            discriminator.epoch(judge, judge_adam, real, fake, batch=s["batch"], rng=rng, l2=s["l2"])

    for _ in range(s["mle_epochs"]):
        learner.imitate()
    policy.load_state_dict(learner.model.state_dict())
    for _ in range(s["discriminator_epochs"]):
        d_step()
    for _ in range(s["adversarial_steps"]):
        for _ in range(s["g_steps"]):
            learner.reinforce(policy, judge.real_probability)
        with torch.no_grad():
            for lagging, current in zip(policy.parameters(), learner.model.parameters(), strict=True):
                lagging.copy_(lagging.lerp(current, 1 - s["update_rate"]))
        for _ in range(s["d_steps"]):
            d_step()
    return learner.model, judge


@pytest.mark.parametrize("cap", [0, 6])
def test_seqgan_is_algorithm_1(either_data: SequenceData, cap: int) -> None:
    knobs = SEQGAN | {"discriminator_updates": cap}
    trainer = trained("seqgan", either_data, knobs)
    generator, judge = seqgan(either_data, knobs)
    assert same(trainer.generator, generator)
    assert same(trainer.state()["discriminator"], judge)


@pytest.mark.parametrize("smoothing", ["none", "method1", "nltk-2016"])
def test_pg_bleu_climbs_bleu_against_its_share_of_the_training_set(either_data: SequenceData, smoothing: Any) -> None:
    knobs = POLICY | {"order": 4, "references": 0.1, "smoothing": smoothing}
    trainer = trained("pg-bleu", either_data, knobs)
    rng = seeded()
    learner = Learner(either_data, POLICY, rng)
    references = either_data.train[torch.randperm(len(either_data.train), generator=rng).numpy()[:20]]
    index = BleuIndex(references, end=either_data.vocabulary.end, max_order=4)
    for _ in range(POLICY["mle_epochs"]):
        learner.imitate()
    for _ in range(POLICY["adversarial_steps"]):
        learner.reinforce(
            learner.model,
            lambda rows: torch.as_tensor(index.sentence_scores(rows.numpy(), 4, smoothing=smoothing)).float(),
        )
    assert same(trainer.generator, learner.model)


@pytest.mark.parametrize("name", ["mle", "scheduled-sampling", "mle-temperature"])
def test_the_likelihood_arms_are_epochs_of_teacher_forcing(either_data: SequenceData, name: str) -> None:
    knobs = GENERATOR | ({"decay": 0.4} if name == "scheduled-sampling" else {})
    trainer = trained(name, either_data, knobs)
    learner = Learner(either_data, POLICY, seeded())
    for keep in (1.0, 0.6 if name == "scheduled-sampling" else 1.0):
        facts = {"batch": knobs["batch"], "clip": knobs["clip"], "keep": keep}
        teacher_forcing.epoch(learner.model, learner.mle, learner.train, **facts, rng=learner.rng)
    assert same(trainer.state()["generator"], learner.model)


@pytest.mark.parametrize("name", ["constant-reward", "random-reward"])
def test_the_controls_are_seqgan_with_another_reward(either_data: SequenceData, name: str) -> None:
    knobs = {key: value for key, value in POLICY.items() if key != "rollouts"}
    trainer = trained(name, either_data, knobs | ({"reward": 0.3} if name == "constant-reward" else {}))
    learner = Learner(either_data, POLICY, seeded())
    for _ in range(POLICY["mle_epochs"]):
        learner.imitate()
    for _ in range(POLICY["adversarial_steps"]):
        samples = learner.model.sample(POLICY["batch"], rng=learner.rng)
        shape = samples.shape
        rewards = torch.full(shape, 0.3) if name == "constant-reward" else torch.rand(shape, generator=learner.rng)
        policy_gradient.step(learner.model, learner.policy, samples, rewards, clip=POLICY["clip"])
    assert same(trainer.generator, learner.model)

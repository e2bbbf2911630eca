"""The evaluator, which judges every arm: it scores a generator on a dataset and signs each score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import __version__
from bench.contracts import chance
from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.generator import LOGITS, ROWS, Conditional, Generator, Scorer
from bench.contracts.guards import generator as generator_guards
from bench.contracts.guards import metric as metric_guards
from bench.contracts.metric import (
    FloatArray,
    Generated,
    Metric,
    Profile,
    Score,
    Scores,
    bound_of,
    only_final,
    signature_of,
    unknown_words,
)
from bench.contracts.seeding import derive
from bench.judging import modes
from bench.toolkit.metrics.copying import copying_metrics
from bench.toolkit.metrics.distinct import DistinctPairs
from bench.toolkit.metrics.nll import LogProb, remember

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Judgement:
    """The result of one evaluation: each metric's score and (n,) scores per sequence, and the (n, T) samples.

    `profiles` are values by position, under the names that the metrics give.
    """

    scores: dict[str, Score]
    per_sequence: dict[str, FloatArray]
    samples: TokenArray
    profiles: dict[str, Profile] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluator:
    """The metrics of one dataset, applied alike to every generator. Signatures name `rule` and the number of samples.

    They name `temperature` too: the one at which the generators that it judges are sampled. ContractError if there is
    no metric, or one breaks its contract.
    """

    data: SequenceData
    metrics: Sequence[Metric]
    rule: str
    temperature: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", metric_guards.checked_metrics(self.metrics))

    @classmethod
    def of(cls, opened: Opened, rule: str) -> Evaluator:
        """Return the evaluator of a dataset: its own metrics, then those of copying and variety that it has not itself.

        `rule` is the checkpoint rule.
        """
        own = metric_guards.checked_metrics(opened.dataset.metrics(opened.data))
        names = {metric.name for metric in own}
        of_all = [*copying_metrics(opened.data), DistinctPairs()]
        beside = [metric for metric in of_all if metric.name not in names]
        return cls(opened.data, [*own, *beside], rule)

    def only(self, metrics: Sequence[Metric]) -> Evaluator:
        """Return the same evaluator with some of its metrics."""
        return replace(self, metrics=metrics)

    def of_curves(self) -> Evaluator:
        """Return the evaluator of learning curves: the headline and every metric that is not marked as final only."""
        return self.only([metric for index, metric in enumerate(self.metrics) if not index or not only_final(metric)])

    def judge(self, generator: Generator, count: int, rng: torch.Generator) -> Judgement:
        """Draw `count` sequences, at most as many as `data.valid` has rows, and score them with every metric."""
        sequences = draw(generator, min(count, len(self.data.valid)), self.data, rng)
        log_prob = log_prob_of(generator, self.data, rng.device)
        return self.judge_samples(Generated(sequences, log_prob, next_log_prob_of(generator, self.data, rng.device)))

    def judge_samples(self, generated: Generated) -> Judgement:
        """Score given sequences with every metric."""
        judged = Judgement({}, {}, generated.sequences)
        unasked = self.unasked(generated.sequences)
        for metric in self.metrics:
            found = Scores(None) if metric.name in unasked else self._found(metric, generated)
            signature = self.signature(metric, len(generated.sequences))
            judged.scores[metric.name] = Score(
                value=found.value, better=metric.better, signature=signature, bound=bound_of(metric)
            )
            if found.value is not None and found.per_sequence is not None:
                judged.per_sequence[metric.name] = found.per_sequence
            judged.profiles.update(found.profiles)
        return judged

    def _found(self, metric: Metric, generated: Generated) -> Scores:
        """Return the scores of one metric, which runs with its own seed in the global random number generators."""
        before = generated.sequences.copy()
        with chance.seeded(derive("metric", metric.name)):
            found = metric.score(generated, self.data)
        metric_guards.check_unchanged(metric.name, generated.sequences, before)
        return metric_guards.checked_scores(metric.name, found)

    def unasked(self, sequences: TokenArray) -> list[str]:
        """Return the metrics that do not judge these sequences because of words outside the vocabulary."""
        if sequences.max(initial=-1) < len(self.data.vocabulary):
            return []
        return [metric.name for metric in self.metrics if unknown_words(metric) != "miss"]

    def signature(self, metric: Metric, hypotheses: int) -> str:
        """Return the metric's full signature: every choice behind the number. No column mixes two signatures.

        temp:1 is the generator as the arm gives it; an arm with a temperature of its own has it as a knob. A rule that
        chooses a checkpoint also says where it looks: ckpt:best-valid-of-last-phase.
        """
        data, version, temperature = self.data.fingerprint, __version__, f"{self.temperature:.12g}"
        rule = self.rule if self.rule == "last" else f"{self.rule}-of-last-phase"
        part = f"|{self.data.part}" if self.data.part else ""
        return f"{signature_of(metric)}|hyps:{hypotheses}|temp:{temperature}|ckpt:{rule}{part}|data:{data}|v:{version}"


def draw(generator: Generator, count: int, data: SequenceData, rng: torch.Generator) -> TokenArray:
    """Return `count` sequences, (count, T) int64; ContractError if their shape, type or ids do not fit the dataset.

    The global random number generators start from the seed of `rng`.
    """
    with _judging(generator, rng.initial_seed(), rng.device):
        found = generator.sample(count, rng=rng)
    return generator_guards.checked_samples(found, count, data)


def log_prob_of(generator: Generator, data: SequenceData, device: torch.device) -> LogProb | None:
    """Return the generator's log_prob for numpy arrays, (n, T) ids -> (n, T) float64; None if it has none.

    `device` is the one that its trainer was built with. The generator gets slices of the size that
    bench/contracts/generator.py promises.
    """
    if not isinstance(generator, Scorer):
        return None
    size = rows_at_once(data.length, len(data.vocabulary))

    def log_prob(sequences: TokenArray) -> FloatArray:
        with _judging(generator, derive("log_prob"), device):
            starts = range(0, len(sequences), size)
            found = [_log_prob(generator, sequences[start : start + size], device) for start in starts]
        return np.concatenate(found) if found else np.empty(sequences.shape)

    return remember(log_prob)


def next_log_prob_of(
    generator: Generator, data: SequenceData, device: torch.device
) -> Callable[[TokenArray], Tensor] | None:
    """Return the generator's next_log_prob, (n, T) ids as numpy -> (n, T, V) on the CPU; None if it has none.

    The caller must pass slices of the size that bench/contracts/generator.py promises.
    """
    if not isinstance(generator, Conditional):
        return None
    import torch

    def next_log_prob(sequences: TokenArray) -> Tensor:
        with _judging(generator, derive("next_log_prob"), device):
            found = generator.next_log_prob(torch.from_numpy(sequences.copy()).to(device))
        return generator_guards.checked_next_log_prob(found, sequences, len(data.vocabulary))

    return next_log_prob


def rows_at_once(length: int, words: int) -> int:
    """Return how many sequences of `length` tokens, from `words` different ones, log_prob gets at once."""
    return max(1, min(ROWS, LOGITS // (length * words)))


def _log_prob(generator: Scorer, sequences: TokenArray, device: torch.device) -> FloatArray:
    """Return the log probabilities, (n, T), of one slice of sequences."""
    import torch

    found = generator.log_prob(torch.from_numpy(sequences.copy()).to(device))
    return generator_guards.checked_log_prob(found, sequences)


@contextmanager
def _judging(generator: Any, seed: int, device: torch.device) -> Iterator[None]:
    """Set eval mode and a seed for sample() or log_prob(), then undo both, so that judging does not change training."""
    with chance.seeded(seed, device), modes.evaluating(generator):
        yield

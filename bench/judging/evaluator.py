"""From a generator and a dataset to scores with their signatures: the one evaluator that judges every arm."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from bench import __version__
from bench.contracts import chance
from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import ContractError
from bench.contracts.generator import LOGITS, ROWS, Conditional, Generator, Scorer
from bench.contracts.metric import (
    FloatArray,
    Generated,
    Metric,
    Profile,
    Scores,
    UnknownWords,
    only_final,
    unknown_words,
)
from bench.contracts.seeding import derive
from bench.judging import modes
from bench.toolkit.metrics.nll import LogProb, remember

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Judgement:
    """What one evaluation found: metric -> {"value", "better", "signature"}, scores per sequence, and the samples.

    `profiles` are the metrics' values along a scale, by the names that they give them.
    """

    scores: dict[str, dict[str, Any]]
    per_sequence: dict[str, FloatArray]
    samples: TokenArray
    profiles: Mapping[str, Profile] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluator:
    """The metrics of one dataset, applied alike to every generator. `rule` and the sample count go into signatures.

    ContractError where there is no metric, or one without what bench/contracts/metric.py asks of it.
    """

    data: SequenceData
    metrics: Sequence[Metric]
    rule: str

    def __post_init__(self) -> None:
        if not isinstance(self.metrics, Iterable):
            raise ContractError(f"metrics() returned {self.metrics!r:.80}, not a list of metrics")
        metrics = tuple(self.metrics)  # a generator would be used up by looking at it
        object.__setattr__(self, "metrics", metrics)
        if not metrics:
            raise ContractError("metrics(data) is empty: the first metric is the headline")
        for metric in metrics:
            _check_metric(metric)
        names = [metric.name for metric in metrics]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ContractError(f"two metrics are called {twice!r}: one would hide the other")

    def of_curves(self) -> Evaluator:
        """The evaluator of learning curves: the headline, and the metrics that are not for finished generators only."""
        kept = [metric for index, metric in enumerate(self.metrics) if not index or not only_final(metric)]
        return replace(self, metrics=kept)

    def judge(self, generator: Generator, count: int, rng: torch.Generator) -> Judgement:
        """Draw `count` sequences (at most as many as are held out) and score them with every metric."""
        sequences = draw(generator, min(count, len(self.data.valid)), self.data, rng)
        log_prob = log_prob_of(generator, self.data, rng.device)
        return self.judge_samples(Generated(sequences, log_prob, next_log_prob_of(generator, self.data, rng.device)))

    def judge_samples(self, generated: Generated) -> Judgement:
        """Score sequences that are at hand."""
        scores, per_sequence = {}, {}
        profiles: dict[str, Profile] = {}
        sequences = generated.sequences.copy()
        unasked = self.unasked(generated.sequences)
        for metric in self.metrics:
            with chance.seeded(derive("metric", metric.name)):
                found = Scores(None) if metric.name in unasked else metric.score(generated, self.data)
            _check_scores(metric.name, found)
            if not np.array_equal(generated.sequences, sequences):
                raise ContractError(f"{metric.name} wrote into the sequences it was given: copy what you change")
            value = None if found.value is None else float(found.value)
            if value is not None and math.isnan(value):
                raise ContractError(f"{metric.name} is NaN: the model's probabilities are no numbers")
            if value is not None and math.isinf(value):
                value = None  # where a model rules out what it is shown: no mean, no test, so undefined
            signature = self.signature(metric, len(generated.sequences))
            scores[metric.name] = {"value": value, "better": metric.better, "signature": signature}
            if value is not None and found.per_sequence is not None:
                per_sequence[metric.name] = found.per_sequence
            profiles |= {name: _finite(profile) for name, profile in found.profiles.items()}
        return Judgement(scores, per_sequence, generated.sequences, profiles)

    def unasked(self, sequences: TokenArray) -> list[str]:
        """The metrics that do not judge these sequences, because they hold words outside the vocabulary."""
        if sequences.max(initial=-1) < len(self.data.vocabulary):
            return []
        return [metric.name for metric in self.metrics if unknown_words(metric) != "miss"]

    def signature(self, metric: Metric, hypotheses: int) -> str:
        """How the number was made, to the last choice: two that differ never share a column.

        temp:1 is the generator as the arm gives it: an arm that tempers its own says so in its settings. A rule that
        chooses a checkpoint says where from: ckpt:best-valid-of-last-phase.
        """
        data, version = self.data.fingerprint, __version__
        rule = self.rule if self.rule == "last" else f"{self.rule}-of-last-phase"
        return f"{metric.signature()}|hyps:{hypotheses}|temp:1|ckpt:{rule}|data:{data}|v:{version}"


def is_name(found: Any) -> bool:
    """Whether it can name a column or a curve: text with a letter or a digit."""
    return isinstance(found, str) and re.search(r"[^\W_]", found) is not None


def _check_metric(metric: Any) -> None:
    if not callable(getattr(metric, "score", None)) or not callable(getattr(metric, "signature", None)):
        raise ContractError(
            f"{metric!r:.80} is no metric: it lacks score() or signature(); see bench/contracts/metric.py"
        )
    if not is_name(name := getattr(metric, "name", None)):
        raise ContractError(f"the name of a metric is {name!r}: give {type(metric).__name__} one with a letter in it")
    if (better := getattr(metric, "better", None)) not in ("lower", "higher"):
        raise ContractError(f"{name}: better is {better!r}; say 'lower' or 'higher'")
    if (said := unknown_words(metric)) not in get_args(UnknownWords):
        raise ContractError(f"{name}: unknown_words is {said!r}; say 'miss', 'error' or 'undefined'")


def _check_scores(name: str, found: Any) -> None:
    """ContractError where a metric returned no Scores, or scores per sequence that are no row of numbers.

    Where the value is a number, all of them are: tests are made from them.
    """
    if not isinstance(found, Scores) or not isinstance(found.value, float | int | np.number | None):
        raise ContractError(f"{name}: score() returned {found!r:.80}, not Scores(value, per_sequence)")
    if found.per_sequence is None:
        return
    if np.ndim(found.per_sequence) != 1:
        shape = np.shape(found.per_sequence)
        raise ContractError(f"{name}: score() returned per_sequence of shape {shape}, not a number a sequence")
    if (dtype := np.asarray(found.per_sequence).dtype).kind not in "biuf":
        raise ContractError(f"{name}: score() returned per_sequence of {dtype}, not a number a sequence")
    if found.value is not None and math.isfinite(found.value) and not np.isfinite(found.per_sequence).all():
        raise ContractError(f"{name} is {found.value:.4g}, yet per_sequence holds what is no finite number")


def draw(generator: Generator, count: int, data: SequenceData, rng: torch.Generator) -> TokenArray:
    """`count` sequences as numpy; ContractError where their shape, type or ids are not the dataset's.

    Global random number generators start from the seed of `rng`.
    """
    with _judging(generator, rng.initial_seed(), rng.device):
        found = _to_cpu(generator.sample(count, rng=rng))
    if (kind := str(getattr(found, "dtype", "")).removeprefix("torch.")) == "bfloat16":  # numpy has none
        raise ContractError(f"sample() returned {kind}, not integer token ids")
    sequences = np.asarray(found)
    if not np.issubdtype(sequences.dtype, np.integer):
        raise ContractError(f"sample() returned {sequences.dtype}, not integer token ids")
    if sequences.shape != (count, data.length):
        raise ContractError(f"sample({count}) returned shape {sequences.shape}, not {(count, data.length)}")
    low, high, size = int(sequences.min()), int(sequences.max()), len(data.vocabulary)
    if low < 0 or high >= size:
        bad = low if low < 0 else high
        raise ContractError(f"sample() returned token id {bad}, outside the vocabulary 0..{size - 1}")
    return sequences.astype(np.int64)


def log_prob_of(generator: Generator, data: SequenceData, device: torch.device) -> LogProb | None:
    """The generator's log_prob on numpy arrays, (n, T) ids -> (n, T) float64, as it stands now; None where it has none.

    `device` is the one that its trainer was built with. The generator is asked in slices of the size that
    bench/contracts/generator.py names.
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
    """The generator's next_log_prob, (n, T) ids as numpy -> (n, T, V) on the CPU, as it stands now; None without one.

    The caller shows it slices of the size that bench/contracts/generator.py names.
    """
    if not isinstance(generator, Conditional):
        return None
    import torch

    def next_log_prob(sequences: TokenArray) -> Tensor:
        with _judging(generator, derive("next_log_prob"), device):
            found: Tensor = _to_cpu(generator.next_log_prob(torch.from_numpy(sequences.copy()).to(device)))
        wanted = (*sequences.shape, len(data.vocabulary))
        if tuple(found.shape) != wanted:
            raise ContractError(
                f"next_log_prob of {sequences.shape} sequences has shape {tuple(found.shape)}, not {wanted}"
            )
        return found

    return next_log_prob


def rows_at_once(length: int, words: int) -> int:
    """How many sequences of `length` tokens over `words` log_prob is shown at once."""
    return max(1, min(ROWS, LOGITS // (length * words)))


def _log_prob(generator: Scorer, sequences: TokenArray, device: torch.device) -> FloatArray:
    """The answer to one slice, as float64; ContractError where it has another shape."""
    import torch

    found = _to_cpu(generator.log_prob(torch.from_numpy(sequences.copy()).to(device)))
    answer = np.asarray(found.double() if isinstance(found, torch.Tensor) else found, dtype=np.float64)
    if answer.shape != sequences.shape:
        raise ContractError(f"log_prob of {sequences.shape} sequences has shape {answer.shape}; it must be the same")
    return answer


@contextmanager
def _judging(generator: Any, seed: int, device: torch.device) -> Iterator[None]:
    """Eval mode and a seed of their own for sample() and log_prob(): to judge changes nothing of the training."""
    with chance.seeded(seed, device), modes.evaluating(generator):
        yield


def _finite(profile: Profile) -> Profile:
    """The profile as plain numbers, None for what is no finite number: a journal is JSON."""
    return [None if value is None or not math.isfinite(value) else float(value) for value in profile]


def _to_cpu(values: Any) -> Any:
    return values.detach().cpu() if hasattr(values, "detach") else values

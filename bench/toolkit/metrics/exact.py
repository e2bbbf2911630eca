"""Divergences between a known oracle p and a generator q, with exact sums over the vocabulary.

They are in nats a token, with natural logarithms. Values by position t = 1..T are profiles, for figures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData
from bench.contracts.metric import Better, FloatArray, Generated, Metric, Scores, UnknownWords
from bench.toolkit.metrics.prefixes import Prefixes
from bench.toolkit.metrics.truth import Truth, View

PREFIX = 4
"""The length of the prefixes of precision and recall: of whole sequences of 20 they are almost 0."""
SLOPES = np.tan(np.pi / 2 * np.arange(1, 64) / 64)
"""The trade-offs lambda of the precision/recall curve, evenly spaced in angle; the middle one is 1."""


def forward_kl(view: View) -> FloatArray:
    """Return (T,) E_p KL(p(.|h) || q(.|h)) by position."""
    return view.real.mean(view.real.kl_pq)


def reverse_kl(view: View) -> FloatArray:
    """Return (T,) E_q KL(q(.|h) || p(.|h)) by position."""
    return view.fake.mean(view.fake.kl_qp)


def exposure_bias(view: View) -> FloatArray:
    """Return (T,) how much larger KL(p(.|h) || q(.|h)) is on prefixes of q than on those of p."""
    return view.fake.mean(view.fake.kl_pq) - view.real.mean(view.real.kl_pq)


def exposure_bias_tv(view: View) -> FloatArray:
    """Return (T,) the same with the total variation of the next token, which is at most 1."""
    return view.fake.mean(view.fake.tv) - view.real.mean(view.real.tv)


def total_variation(view: View) -> FloatArray:
    """Return (T,) total variation of the distributions of prefixes of length t: E_p max(0, 1 - q/p)."""
    return view.real.mean(np.maximum(0.0, -np.expm1(view.real.ratio)))


def half_life(tv: FloatArray) -> float | None:
    """Return the length, interpolated, at which a (T,) total variation passes 1/2; None if it never does."""
    above = np.flatnonzero(tv >= 0.5)
    if not len(above):
        return None
    at = int(above[0])
    before = tv[at - 1] if at else 0.0
    return float(at + (0.5 - before) / (tv[at] - before))


def precision_recall(real: Prefixes, slopes: FloatArray, length: int) -> tuple[FloatArray, FloatArray]:
    """Return (S,) precision and recall of prefixes of a length, at each slope lambda (Sajjadi et al. 2018, equation 4).

    Precision is sum min(lambda p, q) = E_p min(lambda, q/p); recall is precision / lambda.
    """
    with np.errstate(over="ignore"):
        ratio = np.exp(real.ratio[:, :length][:, -1:])
    precision = np.array([real.mean(np.minimum(slope, ratio))[0] for slope in slopes])
    return precision, precision / slopes


def f_beta(precision: FloatArray, recall: FloatArray, beta: float) -> float:
    """Return the largest F_beta on a curve, 0 if it is undefined; beta = 8 weighs recall, beta = 1/8 precision."""
    total = beta**2 * precision + recall
    scores = np.divide((1 + beta**2) * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return float(scores.max())


class ExactMetric(ABC):
    """A metric that is read from the comparison of oracle and generator; undefined if there is none."""

    name: str
    detail: ClassVar[str] = "per:token|log:e"
    unknown_words: ClassVar[UnknownWords] = "undefined"

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.only_final = truth.only_final

    def signature(self) -> str:
        """Return which prefixes are averaged over, and the unit."""
        return f"{self.name}|{self._truth.signature()}|{self.detail}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the value of the comparison, which all exact metrics of an evaluation share."""
        view = self._truth.look(generated)
        return Scores(None) if view is None else self.read(view)

    @abstractmethod
    def read(self, view: View) -> Scores:
        """Return the value and its profiles."""


class ExactForwardKL(ExactMetric):
    """KL(oracle || generator): what the generator fails to cover."""

    name = "exact_forward_kl"
    better: ClassVar[Better] = "lower"

    def read(self, view: View) -> Scores:
        """Return the mean over positions, and a score for each held-out sequence if prefixes are sampled."""
        each = view.real.kl_pq.mean(1) if view.sampled else None
        found = forward_kl(view)
        return Scores(float(found.mean()), each, {self.name: found.tolist()})


class ExactReverseKL(ExactMetric):
    """KL(generator || oracle): what the generator makes and the oracle does not."""

    name = "exact_reverse_kl"
    better: ClassVar[Better] = "lower"

    def read(self, view: View) -> Scores:
        """Return the mean over positions, and a score for each sample if prefixes are sampled."""
        each = view.fake.kl_qp.mean(1) if view.sampled else None
        found = reverse_kl(view)
        return Scores(float(found.mean()), each, {self.name: found.tolist()})


class ExposureBias(ExactMetric):
    """How much larger the KL of the next token is on prefixes of the generator than on the oracle's."""

    name = "exposure_bias"
    better: ClassVar[Better] = "lower"

    def read(self, view: View) -> Scores:
        """Mean over positions."""
        found = exposure_bias(view)
        return Scores(float(found.mean()), None, {self.name: found.tolist()})


class ExposureBiasTV(ExactMetric):
    """The same with the total variation of the next token."""

    name = "exposure_bias_tv"
    better: ClassVar[Better] = "lower"
    detail = "distance:tv"

    def read(self, view: View) -> Scores:
        """Mean over positions."""
        found = exposure_bias_tv(view)
        return Scores(float(found.mean()), None, {self.name: found.tolist()})


class TotalVariation(ExactMetric):
    """Total variation of the distributions of whole sequences; the profile is that of prefixes by length."""

    name = "tv"
    better: ClassVar[Better] = "lower"
    detail = "unit:sequence"

    def read(self, view: View) -> Scores:
        """Return the value at length T."""
        found = total_variation(view)
        return Scores(float(found[-1]), None, {self.name: found.tolist()})


class HalfLife(ExactMetric):
    """The length of prefixes at which the total variation of oracle and generator is 1/2."""

    name = "tv_half_life"
    better: ClassVar[Better] = "higher"
    detail = "unit:tokens|interpolated"

    def read(self, view: View) -> Scores:
        """Return the length; undefined if the total variation of whole sequences is below 1/2."""
        return Scores(half_life(total_variation(view)))


class BayesAccuracy(ExactMetric):
    """How often the best possible discriminator tells a sequence of the oracle from one of the generator."""

    name = "bayes_accuracy"
    better: ClassVar[Better] = "lower"
    detail = "unit:sequence"

    def read(self, view: View) -> Scores:
        """Return 1/2 + TV/2; chance is 1/2."""
        return Scores(0.5 + float(total_variation(view)[-1]) / 2)


class Precision(ExactMetric):
    """F_1/8 of the precision/recall curve of short prefixes: the share of the generator that the oracle covers."""

    name = "precision"
    better: ClassVar[Better] = "higher"
    detail = f"f:1/8|prefix:{PREFIX}|slopes:{len(SLOPES)}"

    def read(self, view: View) -> Scores:
        """Return the value on the curve; the curve's coordinates are the profiles."""
        precision, recall = precision_recall(view.real, SLOPES, PREFIX)
        profiles = {"precision": precision.tolist(), "recall": recall.tolist()}
        return Scores(f_beta(precision, recall, 1 / 8), None, profiles)


class Recall(ExactMetric):
    """F_8 of the same curve: the share of the oracle that the generator covers."""

    name = "recall"
    better: ClassVar[Better] = "higher"
    detail = f"f:8|prefix:{PREFIX}|slopes:{len(SLOPES)}"

    def read(self, view: View) -> Scores:
        """Return the value on the curve."""
        return Scores(f_beta(*precision_recall(view.real, SLOPES, PREFIX), 8))


class CalibrationGap(ExactMetric):
    """The gap between the generator's and the oracle's mean probability of tokens, in groups by the generator's."""

    name = "calibration_gap"
    better: ClassVar[Better] = "lower"
    detail = "groups:powers-of-2|weights:q"

    def read(self, view: View) -> Scores:
        """Return the mean absolute gap weighted by q; the profiles are each group's mean p and mean q."""
        found = view.calibration
        with np.errstate(invalid="ignore"):
            means = {"calibration_p": found.sum_p / found.count, "calibration_q": found.sum_q / found.count}
        return Scores(found.gap(), None, {name: values.tolist() for name, values in means.items()})


class EntropyGap(ExactMetric):
    """The gap between the entropies of the next token of generator and oracle, each on prefixes of its own."""

    name = "entropy_gap"
    better: ClassVar[Better] = "lower"

    def read(self, view: View) -> Scores:
        """Return the mean absolute difference over positions; the profiles are both entropies by position."""
        p, q = view.real.mean(view.real.entropy_p), view.fake.mean(view.fake.entropy_q)
        return Scores(float(np.abs(p - q).mean()), None, {"entropy_p": p.tolist(), "entropy_q": q.tolist()})


def exact_metrics(truth: Truth) -> list[Metric]:
    """Return all of them, forward KL first."""
    return [
        ExactForwardKL(truth),
        ExactReverseKL(truth),
        ExposureBias(truth),
        ExposureBiasTV(truth),
        TotalVariation(truth),
        HalfLife(truth),
        BayesAccuracy(truth),
        Precision(truth),
        Recall(truth),
        CalibrationGap(truth),
        EntropyGap(truth),
    ]

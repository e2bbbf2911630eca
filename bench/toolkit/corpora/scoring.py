"""The metrics of every text corpus, and their knobs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.metric import Metric
from bench.toolkit.metrics.bleu import Average, Smoothing, bleu_metrics
from bench.toolkit.metrics.nll import NLLTest
from bench.toolkit.metrics.self_bleu import self_bleu_metrics


@dataclass(frozen=True)
class BleuForm:
    """How BLEU is made, apart from its references; each choice is part of the signature."""

    smoothing: Smoothing = knob("method1", help="what BLEU makes of orders without a match")
    average: Average = knob("mean", help="BLEU as the mean of sentences, or of the corpus")


@dataclass(frozen=True)
class BleuKnobs(BleuForm):
    """How BLEU is made, and from which split its references come."""

    references: Literal["train", "test"] = knob(
        "train",
        help="BLEU against nearly the whole corpus (paper), or the test split (held-out)",
    )


def other_knobs(settings: BleuForm) -> dict[str, Any]:
    """Return the knobs of a dataset that are not about BLEU: its arrays depend on them."""
    own = {field.name for field in fields(BleuKnobs)}
    return {name: value for name, value in asdict(settings).items() if name not in own}


def bleu(data: SequenceData, knobs: BleuKnobs, headline: int) -> list[Metric]:
    """Return bleu-2..5, the headline order first."""
    orders = sorted(range(2, 6), key=lambda order: order != headline)
    return bleu_metrics(
        data, orders=orders, references=knobs.references, smoothing=knobs.smoothing, average=knobs.average
    )


def text_metrics(data: SequenceData, knobs: BleuKnobs, headline: int) -> list[Metric]:
    """Return bleu-2..5, the headline order first, then self-bleu-2..5 and nll_test."""
    diversity = self_bleu_metrics(data, smoothing=knobs.smoothing, average=knobs.average)
    return [*bleu(data, knobs, headline), *diversity, NLLTest(data)]

"""Find samples that copy a training row: BLEU with training rows as references gives a copy 1, its highest score."""

from __future__ import annotations

from bench.contracts.data import SequenceData, TokenArray
from bench.toolkit.metrics.copying import copied


def copied_share(samples: TokenArray, data: SequenceData) -> float:
    """Return the share of the (n, T) samples that equal a row of `data.train`, compared up to the first end token.

    It is 0 if there is no sample.
    """
    return float(copied(samples, data).sum()) / max(1, len(samples))


def rewards_copies(signature: str) -> bool:
    """Return whether a score of this signature has training rows as references, so that a copy of one scores best."""
    return "|split:train|" in signature

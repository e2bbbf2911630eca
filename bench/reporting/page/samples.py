"""The samples that the page shows: texts of a bounded length, and whether they are tunes, which the page plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.contracts.visible import visible
from bench.toolkit.corpora.midi import STEP, note_vocabulary

MOST, LONGEST = 24, 400
"""Samples of an arm that the page holds, and the most characters of each."""


def shortened(text: str) -> str:
    """Return the text with unseen characters as escapes, cut after a whole word if it is too long.

    A text without spaces is cut anywhere.
    """
    kept = text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] or text[:LONGEST]
    return visible(kept)


def playing(samples: Mapping[str, Sequence[str]]) -> dict[str, float] | None:
    """Return how the samples are played, {"step": seconds of a token}; None unless all their words name notes."""
    words = {word for texts in samples.values() for text in texts for word in text.split()}
    return {"step": STEP} if words and words <= set(note_vocabulary().tokens) else None

"""Distinct-n (Li et al. 2016, section 5): the share of different n-grams among all n-grams of the samples.

It falls with the number of samples, since a corpus of any size has few common words: read it beside the *real* row of
as many rows.
"""

from __future__ import annotations

from typing import ClassVar

from bench.contracts.data import SequenceData
from bench.contracts.metric import Better, Generated, Scores, UnknownWords
from bench.toolkit.metrics.ngrams import extend, flatten, no_grams

NAME = "distinct-2"


class DistinctPairs:
    """Distinct-2: the share of different pairs of neighbouring tokens, counted over all samples together."""

    name = NAME
    better: ClassVar[Better] = "higher"
    unknown_words: ClassVar[UnknownWords] = "miss"
    only_final = True

    def signature(self) -> str:
        """Return the name alone: the number of samples is a part of every signature."""
        return self.name

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the share; a pair holds no end token. Undefined if no sample has two tokens."""
        flat = flatten(generated.sequences, data.vocabulary.end)
        words = int(flat.tokens.max(initial=-1)) + 1
        pairs = extend(flat, extend(flat, no_grams(flat), 1, words), 2, words)
        return Scores(len(pairs.keys) / len(pairs.places) if len(pairs.places) else None)

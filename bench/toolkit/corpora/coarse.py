"""Warnings of a corpus of the user's own whose settings do not suit it: lines cut short, or not split at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 0.5
"""The share of lines from which on there is a warning."""
WHOLE = 0.95
"""The share of lines that the proposed length leaves whole."""


def warnings(sizes: Sequence[int], owner: str, length: int, most: int, tokens: str) -> tuple[str, ...]:
    """Return what is amiss with lines of so many tokens each, cut to `length`, and what to set.

    `owner` is the dataset's name for --set, `most` the highest `length` that it takes, `tokens` how the lines were
    split: "word" or "char".
    """
    found, total = np.asarray(sizes), len(sizes)
    cut, single = int((found > length).sum()), int((found == 1).sum())
    said = []
    if cut >= MOST * total:
        enough = min(most, int(np.quantile(found, WHOLE, method="inverted_cdf")))
        said.append(
            f"{cut / total:.0%} of the lines ({cut:,} of {total:,}) are longer than {length} tokens and cut: "
            f"--set {owner}.length={enough} leaves {(found <= enough).mean():.0%} of them whole"
        )
    if single >= MOST * total and tokens == "word":
        said.append(
            f"{single / total:.0%} of the lines ({single:,} of {total:,}) are one token, because tokens are split at "
            f"blanks: --set {owner}.tokens=char splits every character"
        )
    return tuple(said)

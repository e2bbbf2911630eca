"""Warnings that the knobs do not suit the user's own corpus: its lines are cut short, or not split at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 0.5
"""The least share of affected lines that gives a warning."""
WHOLE = 0.95
"""The share of lines that the suggested length leaves whole."""


def warnings(sizes: Sequence[int], owner: str, length: int, most: int, tokens: str) -> tuple[str, ...]:
    """Return warnings, with what to set, for lines of so many tokens each that are cut to `length`.

    `owner` is the dataset's name for --set, `most` the highest `length` it takes. `tokens` says how the lines were
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

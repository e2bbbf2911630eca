"""Several variants in one text: `markov[train=256|1024,words=10|30]` names four datasets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from bench.plugins.reference import PREFIX, split_knobs


def expand(texts: Iterable[str]) -> Iterator[str]:
    """Yield a reference for each combination of the values between "|"; the last knob changes fastest."""
    for text in texts:
        plain, knobs = split_knobs(text)
        if PREFIX in text or not knobs:
            yield text
            continue
        choices = [[f"{name}={value}" for value in values.split("|")] for name, _, values in map(_parts, knobs)]
        yield from (f"{plain}[{','.join(chosen)}]" for chosen in itertools.product(*choices))


def _parts(knob: str) -> tuple[str, str, str]:
    return knob.partition("=")

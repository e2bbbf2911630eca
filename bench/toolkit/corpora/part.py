"""Read a part of a corpus only: a quick look at a large corpus takes no longer than at a small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.contracts.data import Source
from bench.contracts.knobs import knob
from bench.contracts.seeding import numpy_rng

T = TypeVar("T")


@dataclass(frozen=True)
class PartKnobs:
    """The knob of how much of the corpus is read."""

    rows: int = knob(0, low=0, added=True, help="read at most so many sequences of the corpus, drawn at random; 0: all")


def part(files: Sequence[Sequence[T]], rows: int, source: Source) -> tuple[list[list[T]], str, tuple[str, ...]]:
    """Return at most `rows` items of all files, the name of the part in signatures, and notes.

    Each file gives its share. Items are drawn at random, always the same ones, and keep their order. If `rows` is 0 or
    there are no more, all items are returned, with "" and no note. A corpus that the code makes is small: it stays
    whole.
    """
    total = sum(map(len, files))
    if not rows or total <= rows or source.kind == "sample":
        return [list(file) for file in files], "", ()
    rng = numpy_rng("part of a corpus")
    kept = []
    for file in files:
        share = max(1, len(file) * rows // total)
        kept.append([file[index] for index in sorted(rng.permutation(len(file))[:share])])
    count = sum(map(len, kept))
    return kept, f"rows:{count}", (f"part of the corpus: {count} of {total} sequences, drawn at random (knob rows)",)

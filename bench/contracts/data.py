"""What a trainer and a metric are given: token ids in three splits, their vocabulary, their source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.contracts.vocabulary import Vocabulary

TokenArray = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Where the data came from; printed under every table.

    `kind`: "published" (verified against the manifest's checksum), "local" (the user's own file), "generated" (drawn
    from a seed because that is the task), or "sample" (made by the code where the published file is absent).
    """

    file: str
    sha256: str
    licence: str
    kind: Literal["published", "local", "generated", "sample"]


@dataclass(frozen=True, eq=False)
class SequenceData:
    """Token ids, (n, T) int64; the splits are disjoint after de-duplication.

    A published split may be kept with its overlap; `notes` then say how many rows "also occur" in another.

    The *real* row and the checkpoint rule `best-valid` use `valid`; a dataset may draw the real row afresh instead.
    NLL_test uses `test`.
    `notes` tell the reader what matters (rate of <unk>, overlap found); they are printed beside the source. `warnings`
    appear in bold before any work, each with what the user can set.
    `part` names a part of the corpus as signatures do, such as "rows:500"; "" is the whole.
    `shelves` are folders that may keep what is computed from the arrays for later processes: see `kept_in`.
    """

    train: TokenArray
    valid: TokenArray
    test: TokenArray
    vocabulary: Vocabulary
    source: Source
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    part: str = ""
    shelves: tuple[Path, ...] = field(default=(), init=False, repr=False)

    @property
    def length(self) -> int:
        """T, the number of positions in a row."""
        return int(self.train.shape[1])

    def kept_in(self, shelves: tuple[Path, ...]) -> SequenceData:
        """Return the same data with these shelves; a copy made with `replace` has none."""
        data = replace(self)
        object.__setattr__(data, "shelves", shelves)
        return data

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of the arrays and the vocabulary, computed once."""
        return self.fingerprint_now()

    def fingerprint_now(self) -> str:
        """Return the fingerprint of the present arrays: it differs if something has written into them."""
        digest = hashlib.sha256("\n".join(self.vocabulary.tokens).encode())
        for split in (self.train, self.valid, self.test):
            digest.update(str(split.shape).encode())
            digest.update(np.ascontiguousarray(split).data)  # the memory itself, without a copy
        return digest.hexdigest()[:16]

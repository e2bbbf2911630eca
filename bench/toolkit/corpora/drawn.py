"""Data drawn from a known distribution: three independent splits, and the notes on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from bench.contracts.data import SequenceData, Source, TokenArray
from bench.contracts.generator import Generator
from bench.contracts.seeding import torch_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.fetch import OUR_OWN


def drawn(oracle: Generator, words: int, sizes: tuple[int, int, int], source: Source, seed: int) -> SequenceData:
    """Return (train, valid, test) splits of these sizes, drawn independently from `oracle`; tokens are "0", "1", ...

    The oracle should compute in double precision, so that all machines draw the same tokens. If few sequences are
    possible, splits share some, and a note says so.
    """
    rng = torch_rng("drawn data", source.sha256, seed)
    train, valid, test = (oracle.sample(size, rng=rng).numpy() for size in sizes)
    notes = _overlap(train, {"valid": valid, "test": test})
    return SequenceData(train, valid, test, Vocabulary(tuple(map(str, range(words)))), source, notes)


def generated_source(name: str, parameters: Iterable[Tensor]) -> Source:
    """Return the source of data that the code draws; its checksum is that of the oracle's parameters."""
    digest = hashlib.sha256()
    for values in parameters:
        digest.update(values.detach().to(torch.float64).contiguous().numpy().tobytes())
    return Source(name, digest.hexdigest(), OUR_OWN, "generated")


def _overlap(train: TokenArray, others: dict[str, TokenArray]) -> tuple[str, ...]:
    """Return a note if rows of another split also occur in training."""
    known = {row.tobytes() for row in train}
    shares = {name: float(np.mean([row.tobytes() in known for row in rows])) for name, rows in others.items()}
    if not any(shares.values()):
        return ()
    told = " and ".join(f"{share:.1%} of the {name} rows" for name, share in shares.items())
    return (f"the splits are independent draws from the oracle: {told} also occur in training",)

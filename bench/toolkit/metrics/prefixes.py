"""Compare the next-token distributions of an oracle p and a generator q after every prefix of some sequences.

Only prefixes are sampled; the sum over the vocabulary at each position is exact (a Rao-Blackwell estimate), so the
error is a fraction of that of sampled log-ratios. If the sequences are all possible ones, weighted by their
probability, nothing is sampled. All numbers are in nats, by position t = 1..T.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bench.contracts.data import TokenArray
from bench.contracts.metric import FloatArray

Conditionals = Callable[[TokenArray], Tensor]
"""A function from (n, T) int64 sequences to (n, T, V) natural-log probabilities of every token at each position."""
HELD = 2**20
"""Probabilities held at once: few enough to stay in the processor's last cache."""
NEAR = 2**18
"""Probabilities of each distribution that are worked on at once: few enough for the processor's nearest cache."""
BITS = math.log2(math.e)
RELEASED = 7 * 2**20
"""Numbers in a block, 28 MB, that is allocated and freed at once: glibc adapts to freed blocks below 32 MB."""
GROUPS = 64
"""Number of groups of tokens: group g has q from 2 ** -(g + 1) to 2 ** -g, the last group everything below."""


@dataclass(frozen=True)
class Prefixes:
    """The values of p and q along (n, T) sequences; every array but `weights` is (n, T) float64, one number a prefix.

    `weights` (n,) sum to 1. `kl_pq` is KL(p(.|h) || q(.|h)), `kl_qp` is KL(q(.|h) || p(.|h)), `tv` the total variation
    of the two, `entropy_p` and `entropy_q` their entropies, `log_p` and `log_q` the log-probability of the token that
    follows.
    """

    weights: FloatArray
    kl_pq: FloatArray
    kl_qp: FloatArray
    tv: FloatArray
    entropy_p: FloatArray
    entropy_q: FloatArray
    log_p: FloatArray
    log_q: FloatArray

    @cached_property
    def ratio(self) -> FloatArray:
        """(n, T) log q(x_1..t) / p(x_1..t) of every prefix; -inf if q gives it probability 0."""
        with np.errstate(invalid="ignore"):
            found: FloatArray = self.log_q.cumsum(1) - self.log_p.cumsum(1)
        return np.where(np.isneginf(self.log_q.cumsum(1)), -np.inf, found)

    def mean(self, values: FloatArray) -> FloatArray:
        """Return (T,) weighted mean of (n, T) values over the sequences; rows of weight 0 do not count."""
        counted = self.weights > 0
        found: FloatArray = self.weights[counted] @ values[counted]
        return found


@dataclass(frozen=True)
class Calibration:
    """Tokens grouped by the probability that q gives them: (GROUPS,) weighted counts, and sums of q and of p."""

    count: FloatArray
    sum_q: FloatArray
    sum_p: FloatArray

    def gap(self) -> float:
        """Return the mean absolute difference between a group's mean q and its mean p; groups weigh by their q."""
        used = self.count > 0
        gaps = np.abs(self.sum_q[used] - self.sum_p[used]) / self.count[used]
        return float(gaps @ self.sum_q[used] / self.sum_q.sum())


def compare(
    p: Conditionals,
    q: Conditionals,
    sequences: TokenArray,
    weights: FloatArray | None = None,
    *,
    calibrated: int | None = None,
) -> tuple[Prefixes, Calibration]:
    """Return the values of every prefix of the (n, T) sequences, and q's calibration; equal weights by default.

    Calibration counts every token after the prefixes of the first `calibrated` sequences; None: of all.
    """
    names = [field.name for field in fields(Prefixes) if field.name != "weights"]
    found, groups = {name: np.empty(sequences.shape) for name in names}, np.zeros((3, GROUPS))
    shared, last = _weights(sequences, weights), len(sequences) if calibrated is None else calibrated
    for rows, log_p, log_q in _slices(p, q, sequences):
        if counted := len(shared[rows.start : min(rows.stop, last)]):
            groups += _grouped(torch.from_numpy(shared[rows][:counted]), log_p[:counted], log_q[:counted])
        tokens = torch.from_numpy(sequences[rows])[:, :, None]
        for name, values in _along(log_p, log_q, tokens).items():
            found[name][rows] = values.numpy(force=True)
    return Prefixes(shared, **found), Calibration(*groups)


def _grouped(weights: Tensor, log_p: Tensor, log_q: Tensor) -> FloatArray:
    """Return (3, GROUPS) float64 sums of weights, of weighted q and of weighted p, by groups of q.

    `weights` are (m,), the others (m, T, V). Each sequence is summed by itself and weighed afterwards.
    """
    group = (log_q.flatten(1) * (-1 / math.log(2))).clamp_(0, GROUPS - 1).long()
    group += GROUPS * torch.arange(len(weights))[:, None]
    parts = (None, log_q.exp().double().flatten(), log_p.exp().double().flatten())
    sums = [torch.bincount(group.flatten(), part, GROUPS * len(weights)).double() for part in parts]
    found: FloatArray = torch.stack([weights @ part.view(-1, GROUPS) for part in sums]).numpy()
    return found


def _weights(sequences: TokenArray, weights: FloatArray | None) -> FloatArray:
    """Return the (n,) weights of the sequences, equal ones if none are given."""
    return np.full(len(sequences), 1 / len(sequences)) if weights is None else weights


def _slices(p: Conditionals, q: Conditionals, sequences: TokenArray) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield some rows of the sequences, and their (m, T, V) log-probabilities under p and q, of one dtype."""
    words = p(sequences[:1]).shape[2]
    size = max(1, HELD // (sequences.shape[1] * words))
    torch.empty(RELEASED)  # glibc then keeps freed memory up to twice this size, so slices reuse it
    for first in range(0, len(sequences), size):
        rows = slice(first, first + size)
        log_p, log_q = p(sequences[rows]), q(sequences[rows])
        dtype = torch.promote_types(log_p.dtype, log_q.dtype)
        yield rows, log_p.to(dtype), log_q.to(dtype)


def _along(log_p: Tensor, log_q: Tensor, tokens: Tensor) -> dict[str, Tensor]:
    """Return the (m, T) arrays of `Prefixes`, a few sequences at a time: what they need stays in the nearest cache."""
    size = max(1, NEAR // log_p[0].numel())
    scratch = torch.empty(3, *log_p[:size].shape, dtype=log_p.dtype)
    parts = [_look(*pair, scratch) for pair in zip(torch.split(log_p, size), torch.split(log_q, size), strict=True)]
    found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    if not all(values.isfinite().all() for values in found.values()):
        found = _look_where_possible(log_p, log_q)
    return found | {name: log.gather(2, tokens)[:, :, 0] for name, log in (("log_p", log_p), ("log_q", log_q))}


def _look(log_p: Tensor, log_q: Tensor, scratch: Tensor) -> dict[str, Tensor]:
    """Return divergences and entropies, (m, T), of (m, T, V) log-probabilities that are all finite."""
    mass_p, mass_q, product = scratch[:, : len(log_p)]
    torch.mul(log_p, BITS, out=mass_p).exp2_()  # exp2 takes a third of the time of exp
    torch.mul(log_q, BITS, out=mass_q).exp2_()
    pp, pq, qq, qp = (
        torch.mul(mass, log, out=product).sum(2)
        for mass, log in ((mass_p, log_p), (mass_p, log_q), (mass_q, log_q), (mass_q, log_p))
    )
    return _named(pp, pq, qq, qp, mass_p.sub_(mass_q).abs_().sum(2))


def _look_where_possible(log_p: Tensor, log_q: Tensor) -> dict[str, Tensor]:
    """Return the same where tokens may be impossible: 0 times minus infinity is 0."""
    mass_p, mass_q = log_p.exp(), log_q.exp()
    pp, pq, qq, qp = (
        torch.where(mass > 0, mass * log, 0.0).sum(2)
        for mass, log in ((mass_p, log_p), (mass_p, log_q), (mass_q, log_q), (mass_q, log_p))
    )
    return _named(pp, pq, qq, qp, (mass_p - mass_q).abs().sum(2))


def _named(pp: Tensor, pq: Tensor, qq: Tensor, qp: Tensor, distance: Tensor) -> dict[str, Tensor]:
    """Return divergences and entropies by name.

    `pp`, `pq`, `qq` and `qp` are the sums of p log p, p log q, q log q and q log p; `distance` is that of |p - q|.
    """
    return {"kl_pq": pp - pq, "kl_qp": qq - qp, "tv": distance / 2, "entropy_p": -pp, "entropy_q": -qq}

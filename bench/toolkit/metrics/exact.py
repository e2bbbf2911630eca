"""Divergences between a known oracle p and a generator q where both tell the probability of every next token.

Only prefixes are sampled; the sum over the vocabulary at each position is exact (a Rao-Blackwell estimate), so the
error is a fraction of that of drawn log-ratios. All numbers are in nats, natural logarithms, by position t = 1..T.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bench.contracts.data import TokenArray
from bench.contracts.metric import FloatArray

Conditionals = Callable[[TokenArray], Tensor]
"""(n, T) int64 sequences to (n, T, V) natural-log probabilities of every token at each position."""
TOKENS = 2**20
"""Probabilities held at once: few enough to stay in the processor's cache."""


@dataclass(frozen=True)
class Prefixes:
    """What p and q say along (n, T) sequences; every array is (n, T) float64, one number a prefix.

    `kl_pq` is KL(p(.|h) || q(.|h)), `kl_qp` the other way round, `tv` the total variation, `entropy_p` and `entropy_q`
    the entropies, `log_p` and `log_q` the log-probability of the token that follows.
    """

    kl_pq: FloatArray
    kl_qp: FloatArray
    tv: FloatArray
    entropy_p: FloatArray
    entropy_q: FloatArray
    log_p: FloatArray
    log_q: FloatArray

    @cached_property
    def ratio(self) -> FloatArray:
        """(n, T) log q(x_1..t) / p(x_1..t) of every prefix."""
        found: FloatArray = (self.log_q - self.log_p).cumsum(1)
        return found


def compare(p: Conditionals, q: Conditionals, sequences: TokenArray) -> Prefixes:
    """Look at every prefix of the sequences, a slice of rows at a time."""
    found = {field.name: np.empty(sequences.shape) for field in fields(Prefixes)}
    for rows, log_p, log_q in slices(p, q, sequences):
        tokens = torch.from_numpy(sequences[rows])[:, :, None]
        for name, values in _along(log_p, log_q, tokens).items():
            found[name][rows] = values.numpy(force=True)
    return Prefixes(**found)


def slices(p: Conditionals, q: Conditionals, sequences: TokenArray) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Rows of the sequences, and the (m, T, V) log-probabilities that p and q give along them."""
    words = p(sequences[:1]).shape[2]
    size = max(1, TOKENS // (sequences.shape[1] * words))
    for first in range(0, len(sequences), size):
        rows = slice(first, first + size)
        yield rows, p(sequences[rows]), q(sequences[rows])


def _along(log_p: Tensor, log_q: Tensor, tokens: Tensor) -> dict[str, Tensor]:
    """(m, T) values of `Prefixes`; 0 log 0 counts as 0."""
    mass_p, mass_q = log_p.exp(), log_q.exp()
    gap = log_p - log_q
    return {
        "kl_pq": _expected(mass_p, gap),
        "kl_qp": -_expected(mass_q, gap),
        "tv": (mass_p - mass_q).abs().sum(2) / 2,
        "entropy_p": -_expected(mass_p, log_p),
        "entropy_q": -_expected(mass_q, log_q),
        "log_p": log_p.gather(2, tokens)[:, :, 0],
        "log_q": log_q.gather(2, tokens)[:, :, 0],
    }


def _expected(mass: Tensor, values: Tensor) -> Tensor:
    """(m, T) sum over the vocabulary of mass * values, where the mass is not 0."""
    return torch.where(mass > 0, mass * values, 0.0).sum(2)


def forward_kl(real: Prefixes) -> FloatArray:
    """(T,) forward KL by position, from prefixes drawn from p."""
    found: FloatArray = real.kl_pq.mean(0)
    return found


def reverse_kl(fake: Prefixes) -> FloatArray:
    """(T,) reverse KL by position, from prefixes drawn from q."""
    found: FloatArray = fake.kl_qp.mean(0)
    return found


def exposure_bias(real: Prefixes, fake: Prefixes) -> FloatArray:
    """(T,) how much worse q's next token is on prefixes of its own than on those of p: the excess of KL(p || q)."""
    found: FloatArray = fake.kl_pq.mean(0) - real.kl_pq.mean(0)
    return found


def total_variation(real: Prefixes) -> FloatArray:
    """(T,) total variation of the distributions of prefixes of length t: E_p max(0, 1 - q/p)."""
    found: FloatArray = np.maximum(0.0, -np.expm1(real.ratio)).mean(0)
    return found


def half_life(tv: FloatArray) -> float:
    """The length, interpolated, at which the total variation passes 1/2; T + 1 where it never does."""
    above = np.flatnonzero(tv >= 0.5)
    if not len(above):
        return len(tv) + 1.0
    at = int(above[0])
    before = tv[at - 1] if at else 0.0
    return float(at + (0.5 - before) / (tv[at] - before))


def precision_recall(real: Prefixes, slopes: FloatArray) -> FloatArray:
    """(S,) E_p min(lambda, q/p) over whole sequences for each slope lambda (Sajjadi et al. 2018, equation 3)."""
    ratio = np.exp(real.ratio[:, -1])
    return np.array([np.minimum(slope, ratio).mean() for slope in slopes])

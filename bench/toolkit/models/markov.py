"""Markov chains as oracles: every conditional probability is in a table, so every quantity is exact."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor

from bench.toolkit.models.sampling import inverse_cdf


class MarkovChain:
    """A chain of order k over V tokens, for sequences of T; early positions have fewer tokens before them.

    `tables[j]`, (V,) * (j + 1) float64 for j = 0..k, holds p(token | the last j tokens), the newest of them last. A
    position t (from 0) uses table min(t, k).
    """

    def __init__(self, tables: Sequence[Tensor], length: int) -> None:
        self.tables, self.length = list(tables), length
        self.words = len(self.tables[0])

    @classmethod
    def dirichlet(
        cls, words: int, length: int, *, order: int, concentration: float, uniform: float, rng: np.random.Generator
    ) -> Self:
        """Return a chain whose conditional distributions are drawn from a symmetric Dirichlet.

        A small concentration makes them sharp. `uniform` is the share of the uniform distribution in each: it keeps
        every token possible, so that divergences stay finite.
        """
        tables = []
        for depth in range(order + 1):
            drawn = rng.dirichlet(np.full(words, concentration), words**depth)
            mixed = (1 - uniform) * drawn + uniform / words
            tables.append(torch.from_numpy(mixed).view((words,) * (depth + 1)))
        return cls(tables, length)

    @classmethod
    def of_joint(cls, joint: Tensor) -> Self:
        """Return the chain of order T - 1 that has this (V,) * T float64 joint distribution of a whole sequence.

        Any distribution of sequences is such a chain. After a prefix of probability 0 no token is possible.
        """
        marginals = [joint]
        for _ in range(joint.dim()):
            marginals.append(marginals[-1].sum(-1))
        marginals.reverse()  # of prefixes of length 0..T
        tables = [longer / shorter[..., None] for shorter, longer in pairwise(marginals)]
        return cls([table.nan_to_num(0.0) for table in tables], joint.dim())

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 tokens; each token's weight is p ** (1 / temperature)."""
        rows = torch.zeros(count, self.length, dtype=torch.int64)
        for position in range(self.length):
            weights = self._next(rows, position) ** (1 / temperature)
            uniforms = torch.rand(count, generator=rng, device=rng.device, dtype=torch.float64).cpu()
            rows[:, position] = inverse_cdf(weights, uniforms)
        return rows.to(rng.device)

    def next_log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T, V) float64 natural-log probability of every token at each position, given those before it."""
        rows = sequences.cpu()
        log_p = torch.stack([self._next(rows, position).log() for position in range(rows.shape[1])], 1)
        tempered = log_p if temperature == 1 else (log_p / temperature).log_softmax(2)
        return tempered.to(sequences.device)

    def log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T) float64 natural-log probability of each token given those before it."""
        return self.next_log_prob(sequences, temperature).gather(2, sequences[:, :, None])[:, :, 0]

    def marginals(self) -> Tensor:
        """Return (T, V) float64 probability of each token at each position, by dynamic programming over contexts."""
        order = len(self.tables) - 1
        joint, found = torch.ones((), dtype=torch.float64), []
        for position in range(self.length):
            joint = joint[..., None] * self.tables[min(position, order)]
            found.append(joint.reshape(-1, self.words).sum(0))
            if joint.dim() > order:  # the oldest token is summed out
                joint = joint.sum(0)
        return torch.stack(found)

    def entropy(self) -> Tensor:
        """Return (T,) float64 exact entropy of the next token at each position, in nats: a mean over all prefixes."""
        order = len(self.tables) - 1
        context, found = torch.ones((), dtype=torch.float64), []
        for position in range(self.length):
            table = self.tables[min(position, order)]
            joint = context[..., None] * table
            found.append(-(context[..., None] * torch.xlogy(table, table)).sum())
            context = joint.sum(0) if joint.dim() > order else joint
        return torch.stack(found)

    def _next(self, rows: Tensor, position: int) -> Tensor:
        """Return (n, V) probabilities of the token at `position`, given those before it."""
        depth = min(position, len(self.tables) - 1)
        before = rows[:, position - depth : position]
        return self.tables[depth][tuple(before.T)] if depth else self.tables[0].expand(len(rows), -1)

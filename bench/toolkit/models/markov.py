"""Markov chains as oracles: every conditional probability is a row of a table, so nothing about them is estimated."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import Tensor

from bench.toolkit.models.sampling import inverse_cdf


class MarkovChain:
    """A chain of order k over V tokens, for rows of T; early positions have fewer tokens before them.

    `tables[j]`, (V,) * (j + 1) float64 for j = 0..k, holds p(token | the last j tokens), the newest of them last. A
    position t (from 0) uses table min(t, k).
    """

    def __init__(self, tables: list[Tensor], length: int) -> None:
        self.tables, self.length = tables, length
        self.words = len(tables[0])

    @classmethod
    def dirichlet(cls, words: int, length: int, *, order: int, concentration: float, rng: np.random.Generator) -> Self:
        """Every conditional distribution drawn from a symmetric Dirichlet; a small concentration makes them sharp."""
        tables = []
        for depth in range(order + 1):
            rows = rng.dirichlet(np.full(words, concentration), words**depth)
            tables.append(torch.from_numpy(rows).view((words,) * (depth + 1)))
        return cls(tables, length)

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """(count, T) int64 tokens; each token's weight is p ** (1 / temperature)."""
        rows = torch.zeros(count, self.length, dtype=torch.int64)
        for position in range(self.length):
            weights = self._rows(rows, position) ** (1 / temperature)
            uniforms = torch.rand(count, generator=rng, device=rng.device, dtype=torch.float64).cpu()
            rows[:, position] = inverse_cdf(weights, uniforms)
        return rows.to(rng.device)

    def next_log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """(n, T, V) float64 natural-log probability of every token at each position, given the tokens before it."""
        rows = sequences.cpu()
        log_p = torch.stack([self._rows(rows, position).log() for position in range(rows.shape[1])], 1)
        return (log_p / temperature).log_softmax(2).to(sequences.device)

    def log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """(n, T) float64 natural-log probability of each token given those before it."""
        return self.next_log_prob(sequences, temperature).gather(2, sequences[:, :, None])[:, :, 0]

    def marginals(self) -> Tensor:
        """(T, V) float64 probability of each token at each position, by dynamic programming over contexts."""
        order = len(self.tables) - 1
        joint, found = torch.ones((), dtype=torch.float64), []
        for position in range(self.length):
            joint = joint[..., None] * self.tables[min(position, order)]
            found.append(joint.reshape(-1, self.words).sum(0))
            if joint.dim() > order:  # forget the oldest token
                joint = joint.sum(0)
        return torch.stack(found)

    def _rows(self, rows: Tensor, position: int) -> Tensor:
        """(n, V) probabilities of the next token, given the tokens before `position`."""
        depth = min(position, len(self.tables) - 1)
        before = rows[:, position - depth : position]
        return self.tables[depth][tuple(before.T)] if depth else self.tables[0].expand(len(rows), -1)

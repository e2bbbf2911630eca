"""The base of neural generators: a softmax over the vocabulary at each position, given the tokens before it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from bench.contracts.lengths import live
from bench.toolkit.models.sampling import Categorical
from bench.toolkit.models.softmax import WeightedNLL, token_log_prob


class Autoregressive(nn.Module, ABC):
    """An embedding, the subclass's body, and its softmax layer `output`. `start` is fed first.

    If `end` is given, a sequence closes with its first `end`, which then fills the row with probability 1.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        embedding: int,
        start: int,
        end: int | None,
        device: torch.device | str,
    ) -> None:
        super().__init__()
        self.length, self.start, self.end = length, start, end
        self.embedding = nn.Embedding(vocabulary, embedding, device=device)
        self.output: nn.Linear

    @abstractmethod
    def features(self, inputs: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return (n, T, H) features after each of the (n, T) tokens fed; dropout applies only if `rng` is given."""

    @abstractmethod
    def first_state(self, count: int) -> Any:
        """Return the state of `count` rows before the first token is fed."""

    @abstractmethod
    def advance(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the (n, H) features and the state after feeding `tokens` (n,)."""

    def next_token(self, temperature: float = 1.0) -> Categorical:
        """Return a function that draws the next token from features, with the present parameters."""
        return Categorical(self.output.weight, self.output.bias, temperature)

    @torch.no_grad()
    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 sequences from the model at a temperature."""
        uniforms = torch.rand(self.length, count, generator=rng, device=rng.device).to(self.output.weight.device)
        next_token, state = self.next_token(temperature), self.first_state(count)
        tokens = torch.full((count,), self.start, device=uniforms.device)
        ended = torch.zeros_like(tokens, dtype=torch.bool)
        sequences = []
        for position in range(self.length):
            features, state = self.advance(tokens, state)
            tokens = next_token(features, uniforms[position])
            if self.end is not None:
                tokens = tokens.masked_fill(ended, self.end)
                ended = tokens == self.end
            sequences.append(tokens)
        return torch.stack(sequences, 1)

    def shifted(self, sequences: Tensor) -> Tensor:
        """Return (n, T) tokens that are fed to predict `sequences` (n, T): the start token, then all but the last."""
        return nn.functional.pad(sequences[:, :-1], (1, 0), value=self.start)

    @torch.no_grad()
    def log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T) natural-log probability of each token given those before it; 0 after the first `end`."""
        features = self.features(self.shifted(sequences))
        weight, bias = self.output.weight / temperature, self.output.bias / temperature
        log_prob = token_log_prob(features.flatten(0, 1), weight, bias, sequences.flatten()).view(sequences.shape)
        return log_prob if self.end is None else log_prob * live(sequences, self.end)

    @torch.no_grad()
    def next_log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T, V) natural-log probability of every token at each position, given the tokens before it."""
        weight, bias = self.output.weight / temperature, self.output.bias / temperature
        log_p = nn.functional.linear(self.features(self.shifted(sequences)), weight, bias).log_softmax(2)
        return log_p if self.end is None else closed(log_p, sequences, self.end)

    def weighted_nll(
        self, sequences: Tensor, weights: Tensor, inputs: Tensor | None = None, rng: torch.Generator | None = None
    ) -> Tensor:
        """Differentiable scalar: the sum over (n, T) of -weights * log p(sequences).

        `inputs` (n, T) are the tokens fed, by default the start token and the shifted sequences. With `rng` the model
        drops features as it does in training.
        """
        features = self.features(self.shifted(sequences) if inputs is None else inputs, rng)
        flat = (features.flatten(0, 1), self.output.weight, self.output.bias, sequences.flatten(), weights.flatten())
        loss: Tensor = WeightedNLL.apply(*flat)  # type: ignore[no-untyped-call]
        return loss


def closed(log_p: Tensor, sequences: Tensor, end: int) -> Tensor:
    """Return (n, T, V) log-probabilities with `end` made certain after the first `end` of (n, T) sequences."""
    certain = torch.full_like(log_p[0, 0], -torch.inf)
    certain[end] = 0
    return torch.where(live(sequences, end)[:, :, None], log_p, certain)


def dropped(values: Tensor, shape: tuple[int, ...], drop: float, rng: torch.Generator | None) -> Tensor:
    """Return `values` with a share `drop` set to 0 by a mask of `shape`, the rest scaled up; as is without `rng`."""
    if rng is None or not drop:
        return values
    kept = torch.rand(shape, generator=rng, device=rng.device).to(values.device) >= drop
    return values * kept / (1 - drop)

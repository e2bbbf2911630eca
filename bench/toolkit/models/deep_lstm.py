"""A regularised LSTM language model: several layers, with one dropout mask for all steps of a sequence.

*A Theoretically Grounded Application of Dropout in Recurrent Neural Networks* (Gal, Ghahramani; NIPS 2016): the mask is
drawn once a sequence, between the layers and on the output.
"""

from __future__ import annotations

import math
from typing import Self, cast

import torch
from torch import Tensor, nn

from bench.toolkit.models.autoregressive import Autoregressive, dropped

State = tuple[tuple[Tensor, Tensor], ...]
"""Hidden and memory vectors of each layer, (n, H) each."""


class DeepLSTM(Autoregressive):
    """Embedding, `layers` LSTM layers from h0 = c0 = 0, and a softmax over the vocabulary."""

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        embedding: int,
        hidden: int,
        layers: int,
        dropout: float,
        start: int = 0,
        end: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(vocabulary, length, embedding=embedding, start=start, end=end, device=device)
        self.dropout = dropout
        sizes = (embedding, *(hidden for _ in range(layers - 1)))
        self.layers = nn.ModuleList(nn.LSTM(size, hidden, batch_first=True, device=device) for size in sizes)
        self.output = nn.Linear(hidden, vocabulary, device=device)

    def reset(self, rng: torch.Generator) -> Self:
        """Draw the embedding from N(0, .1) and all else from U(-1/sqrt(H), 1/sqrt(H)), torch's own range."""
        bound = 1 / math.sqrt(self.output.in_features)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith("embedding"):
                    drawn = torch.randn(parameter.shape, generator=rng, device=rng.device) * 0.1
                else:
                    drawn = (torch.rand(parameter.shape, generator=rng, device=rng.device) * 2 - 1) * bound
                parameter.copy_(drawn)
        return self

    def features(self, inputs: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return (n, T, H) hidden vectors of the last layer; with `rng`, one dropout mask a row for each layer."""
        values: Tensor = self.embedding(inputs)
        for layer in self.layers:
            values = layer(values)[0]
            values = dropped(values, (len(values), 1, values.shape[2]), self.dropout, rng)
        return values

    def first_state(self, count: int) -> State:
        """Return h0 = c0 = 0 for `count` rows."""
        zeros = self.output.weight.new_zeros(count, self.output.in_features)
        return tuple((zeros, zeros) for _ in self.layers)

    def advance(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the last layer's hidden vectors (n, H) and the state after feeding `tokens` (n,)."""
        values, after = self.embedding(tokens), []
        for layer, before in zip(self.layers, state, strict=True):
            values, memory = torch.lstm_cell(values, before, *cast(nn.LSTM, layer).all_weights[0])
            after.append((values, memory))
        return values, tuple(after)

"""A small transformer decoder (Vaswani et al. 2017), with the normalisation before each part (Xiong et al. 2020)."""

from __future__ import annotations

from typing import NamedTuple, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.toolkit.models.autoregressive import Autoregressive, dropped

STD = 0.02
"""Standard deviation of every weight at the start, as in GPT-2 (Radford et al. 2019)."""


class State(NamedTuple):
    """The number of tokens fed, and the keys and values of each block, (n, heads, fed, width / heads) each."""

    fed: int
    cached: tuple[tuple[Tensor, Tensor], ...]


class Transformer(Autoregressive):
    """Token and position embeddings, `blocks` of causal attention and a feed-forward net, and a softmax."""

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        width: int,
        heads: int,
        blocks: int,
        dropout: float,
        start: int = 0,
        end: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(vocabulary, length, embedding=width, start=start, end=end, device=device)
        self.dropout = dropout
        self.positions = nn.Embedding(length, width, device=device)
        self.blocks = nn.ModuleList(Block(width, heads, device) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, device=device)
        self.output = nn.Linear(width, vocabulary, device=device)

    def reset(self, rng: torch.Generator) -> Self:
        """Draw matrices from N(0, .02); biases start at 0 and the scales of the norms at 1."""
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() > 1:
                    parameter.copy_(torch.randn(parameter.shape, generator=rng, device=rng.device) * STD)
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    nn.init.zeros_(module.bias)
        return self

    def features(self, inputs: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return (n, T, width) after each of the (n, T) tokens fed."""
        values = self.embedding(inputs) + self.positions.weight[: inputs.shape[1]]
        values = dropped(values, values.shape, self.dropout, rng)
        for block in self.blocks:
            values = cast(Block, block)(values, self.dropout, rng)
        normed: Tensor = self.norm(values)
        return normed

    def first_state(self, count: int) -> State:
        """Return the state before the first token: no keys and no values."""
        empty = [cast(Block, block).empty(count) for block in self.blocks]
        return State(0, tuple((keys, keys) for keys in empty))

    def advance(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the features (n, width) and the state after feeding `tokens` (n,); earlier keys are reused."""
        values = (self.embedding(tokens) + self.positions.weight[state.fed])[:, None]
        cached = []
        for block, before in zip(self.blocks, state.cached, strict=True):
            values, after = cast(Block, block).advance(values, before)
            cached.append(after)
        return self.norm(values)[:, 0], State(state.fed + 1, tuple(cached))


class Block(nn.Module):
    """Causal self-attention, then a feed-forward net four times as wide; each is added to its input."""

    def __init__(self, width: int, heads: int, device: torch.device | str) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width, device=device)
        self.query_key_value = nn.Linear(width, 3 * width, device=device)
        self.merge = nn.Linear(width, width, device=device)
        self.feed_norm = nn.LayerNorm(width, device=device)
        self.widen = nn.Linear(width, 4 * width, device=device)
        self.narrow = nn.Linear(4 * width, width, device=device)

    def forward(self, values: Tensor, dropout: float, rng: torch.Generator | None) -> Tensor:
        """Return (n, T, width) for the same shape; each position attends to itself and those before it."""
        query, key, value = self._heads(values)
        attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        values = values + dropped(self._merged(attended), values.shape, dropout, rng)
        return values + dropped(self._fed(values), values.shape, dropout, rng)

    def advance(self, values: Tensor, before: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return one more position, (n, 1, width), and the keys and values with its own added."""
        query, key, value = self._heads(values)
        keys, cached = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
        values = values + self._merged(functional.scaled_dot_product_attention(query, keys, cached))
        return values + self._fed(values), (keys, cached)

    def empty(self, count: int) -> Tensor:
        """Return (count, heads, 0, width / heads): the keys of no position."""
        return self.merge.weight.new_empty(count, self.heads, 0, self.merge.in_features // self.heads)

    def _heads(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, steps, width = values.shape
        split = self.query_key_value(self.attention_norm(values)).view(rows, steps, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        return query, key, value

    def _merged(self, attended: Tensor) -> Tensor:
        merged: Tensor = self.merge(attended.transpose(1, 2).flatten(2))
        return merged

    def _fed(self, values: Tensor) -> Tensor:
        fed: Tensor = self.narrow(functional.gelu(self.widen(self.feed_norm(values))))
        return fed

"""The LSTM language model: the generator and the oracle (Yu et al. 2017, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from bench.toolkit.models.autoregressive import Autoregressive

State = tuple[Tensor, Tensor]
"""Hidden and memory vectors, (n, H) each."""


class LSTM(Autoregressive):
    """Embedding, one LSTM layer from h0 = c0 = 0, and a softmax over the vocabulary."""

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        embedding: int = 32,
        hidden: int = 32,
        start: int = 0,
        end: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(vocabulary, length, embedding=embedding, start=start, end=end, device=device)
        self.cell = nn.LSTM(embedding, hidden, batch_first=True, device=device)
        self.output = nn.Linear(hidden, vocabulary, device=device)
        nn.init.zeros_(self.cell.all_weights[0][3]).requires_grad_(False)  # one bias a gate, as in the paper

    def reset(self, std: float, rng: torch.Generator) -> Self:
        """Draw every parameter, biases included, from N(0, std)."""
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.requires_grad:
                    parameter.copy_(torch.randn(parameter.shape, generator=rng, device=rng.device) * std)
        return self

    def load_gates(self, arrays: Sequence[Tensor]) -> Self:
        """Load the 15 arrays of the authors' oracle, in their order, with gate = act(x W + h U + b).

        Embedding (V, E); W (E, H), U (H, H), b (H,) of the input, forget, output gates and of the candidate; output
        weights (H, V) and biases (V,). ValueError if a shape does not fit this model.
        """
        words, size, hidden = *self.embedding.weight.shape, self.cell.hidden_size
        wanted = [(words, size), *[(size, hidden), (hidden, hidden), (hidden,)] * 4, (hidden, words), (words,)]
        given = [tuple(array.shape) for array in arrays]
        if given != wanted:
            raise ValueError(f"these arrays are not an LSTM of {words} words: shapes {given}, not {wanted}")
        embedding, *gates, weight, bias = arrays
        inputs, forgets, outputs, candidates = (gates[first : first + 3] for first in range(0, 12, 3))
        by_gate = (inputs, forgets, candidates, outputs)  # the order of torch.nn.LSTM
        w, u, b = (torch.cat([gate[part] for gate in by_gate], -1) for part in range(3))
        own = (self.embedding.weight, *self.cell.all_weights[0][:3], self.output.weight, self.output.bias)
        with torch.no_grad():
            for parameter, value in zip(own, (embedding, w.T, u.T, b, weight.T, bias), strict=True):
                parameter.copy_(value)
        return self

    def first_state(self, count: int) -> State:
        """Return h0 = c0 = 0 for `count` rows."""
        zeros = self.output.weight.new_zeros(count, self.cell.hidden_size)
        return zeros, zeros

    def step(self, tokens: Tensor, state: State) -> State:
        """Return the state after feeding `tokens` (n,)."""
        return torch.lstm_cell(self.embedding(tokens), state, *self.cell.all_weights[0])

    def advance(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the hidden vectors (n, H) and the state after feeding `tokens` (n,)."""
        state = self.step(tokens, state)
        return state[0], state

    def features(self, inputs: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return (n, T, H) hidden vectors after each of the (n, T) tokens fed; there is no dropout."""
        hidden: Tensor = self.cell(self.embedding(inputs))[0]
        return hidden

    @torch.no_grad()
    def scheduled_inputs(self, sequences: Tensor, keep: float, *, rng: torch.Generator) -> Tensor:
        """Return (n, T) tokens to feed in scheduled sampling (Bengio et al. 2015).

        The start token, then each true token with probability `keep`, else one that the model draws given the tokens
        fed so far. Each token of each sequence has a coin of its own.
        """
        inputs, device = self.shifted(sequences), sequences.device
        coins, uniforms = torch.rand(2, *sequences.shape, generator=rng, device=rng.device).to(device)
        next_token, state = self.next_token(), self.first_state(len(sequences))
        for position in range(1, self.length):
            state = self.step(inputs[:, position - 1], state)
            replaced = (coins[:, position] >= keep).nonzero()[:, 0]
            inputs[replaced, position] = next_token(state[0][replaced], uniforms[replaced, position])
        return inputs

"""Draw from a large categorical distribution with one uniform number a row: a two-level inverse CDF.

torch.multinomial spends its time on V random numbers a row. Here the vocabulary is cut into about sqrt(V) blocks: one
uniform number finds the block among the block sums, then the token within the block.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bench.toolkit.models.softmax import Base2Logits


class Categorical:
    """Draws from softmax((hidden @ weight.T + bias) / temperature); `weight` is (V, H), `bias` (V,)."""

    def __init__(self, weight: Tensor, bias: Tensor, temperature: float = 1.0) -> None:
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, not {temperature}")
        self.block = math.ceil(math.sqrt(2 * len(weight)))
        padding = -len(weight) % self.block  # fills the last block with tokens of probability 0
        pad = torch.nn.functional.pad
        self._logits = Base2Logits(
            pad(weight.detach() / temperature, (0, 0, 0, padding)),
            pad(bias.detach() / temperature, (0, padding), value=-math.inf),
        )

    @torch.no_grad()
    def __call__(self, hidden: Tensor, uniforms: Tensor) -> Tensor:
        """Return (n,) int64 tokens for `hidden` (n, H), one for each of `uniforms` (n,) in [0, 1)."""
        tokens = torch.empty(len(hidden), dtype=torch.int64, device=hidden.device)
        for rows, bits in self._logits(hidden):
            tokens[rows] = _invert_blocks(bits.exp2_(), uniforms[rows, None], self.block)
        return tokens


def _invert_blocks(masses: Tensor, uniforms: Tensor, block: int) -> Tensor:
    """Return the tokens at which the cumulative mass passes each uniform number times the sum: block, then token."""
    blocks = masses.view(len(masses), -1, block)
    sums = blocks.sum(2)
    cumulative = sums.cumsum(1)
    target = uniforms * cumulative[:, -1:]
    chosen = _first_above(cumulative, target)
    before = torch.nn.functional.pad(cumulative, (1, 0)).gather(1, chosen)  # the mass of all earlier blocks
    first = torch.arange(0, sums.numel(), sums.shape[1], device=sums.device)
    within = blocks.flatten(0, 1).index_select(0, first + chosen[:, 0]).cumsum(1)
    return (chosen * block + _first_above(within, target - before))[:, 0]


def _first_above(cumulative: Tensor, target: Tensor) -> Tensor:
    """Return (n, 1) index of the first entry above `target`, which is kept below the last entry: no token of mass 0.

    Masses that are NaN give the last index; the loss of the tokens then shows that training diverged.
    """
    below_last = cumulative[:, -1:] * (1 - 2**-23)
    found = torch.searchsorted(cumulative, torch.minimum(target, below_last), right=True)
    return found.clamp_(max=cumulative.shape[1] - 1)


def inverse_cdf(weights: Tensor, uniforms: Tensor) -> Tensor:
    """Return (n,) int64 tokens with chances proportional to (n, V) weights, one for each of `uniforms` in [0, 1)."""
    cumulative = weights.cumsum(1)
    return _first_above(cumulative, uniforms[:, None] * cumulative[:, -1:])[:, 0]

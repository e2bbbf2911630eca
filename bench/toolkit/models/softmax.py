"""The output layer over a large vocabulary, a chunk of rows at a time: (n, V) logits are never in memory at once.

At the official sizes the logits of one batch are 25 MB and those of 10,000 sequences 4 GB; a chunk stays in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_LOGITS_ON_CPU = 2**20
"""Logits in memory at once on a CPU, so that they stay in the cache."""
_LOGITS_ELSEWHERE = 2**26
"""Logits in memory at once on a GPU, so that they fill the device."""
_BITS = math.log2(math.e)
_SAFE = 100.0
"""A power of 2: float32 holds it with room for a sum over the vocabulary, and holds its inverse exactly."""


class Base2Logits:
    """The output layer with its logits in bits: exp2 of a row of them is proportional to the row's softmax.

    exp2 takes a quarter of the time of exp, and the division by the row's sum can wait until few numbers are left. Rows
    are shifted by their maximum only if exp2 might overflow or vanish. `weight` is (V, H); `bias` is (V,), -inf for a
    token that is left out.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias = weight.detach() * _BITS, bias.detach() * _BITS
        self._norm = self.weight.norm(dim=1).max()
        self._offset = self.bias.nan_to_num(math.nan, neginf=0.0).abs().max()

    def __call__(self, hidden: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield rows of `hidden` (n, H) and their logits, (chunk, V), in memory that the next chunk overwrites."""
        on_cpu, words = hidden.device.type == "cpu", len(self.weight)
        shift = not on_cpu or not self._safe(hidden)  # elsewhere, to look would be to wait
        count = math.ceil(len(hidden) * words / (_LOGITS_ON_CPU if on_cpu else _LOGITS_ELSEWHERE))
        size = math.ceil(len(hidden) / max(1, count))
        buffer = hidden.new_empty(size, words)
        for first in range(0, len(hidden), max(1, size)):
            rows = slice(first, min(first + size, len(hidden)))
            bits = torch.addmm(self.bias, hidden[rows], self.weight.T, out=buffer[: rows.stop - first])
            yield rows, bits.sub_(bits.amax(1, keepdim=True)) if shift else bits

    def _safe(self, hidden: Tensor) -> bool:
        """Return whether the inequality of Cauchy and Schwarz shows that no finite logit is too large."""
        return not len(hidden) or bool(hidden.norm(dim=1).max() * self._norm + self._offset < _SAFE)


@torch.no_grad()
def token_log_prob(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Return (n,) natural-log probability of `targets` (n,) under softmax(hidden @ weight.T + bias); no gradient.

    `hidden` is (n, H), `weight` (V, H), `bias` (V,).
    """
    result = hidden.new_empty(len(hidden))
    for rows, bits in Base2Logits(weight, bias)(hidden):
        chosen = bits.gather(1, targets[rows, None])[:, 0]
        result[rows] = (chosen - bits.exp2_().sum(1).log2_()) / _BITS
    return result


class WeightedNLL(torch.autograd.Function):
    """sum_i -weights_i log softmax(hidden_i @ weight.T + bias)[targets_i]; the forward pass takes the gradient too.

    The gradient with respect to a row's logits is weights_i (p_i - onehot(targets_i)). Its first part is added chunk by
    chunk, from unnormalised masses with one factor a row; the second part touches one token a row and is added last.
    The mathematics is that of cross_entropy; no gradient flows to `weights`.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Scalar loss; `hidden` (n, H), `weight` (V, H), `bias` (V,), `targets` (n,) int64, `weights` (n,)."""
        loss = hidden.new_zeros(())
        hidden_grad = torch.empty_like(hidden)
        weight_grad, bias_grad = torch.zeros_like(weight), torch.zeros_like(bias)
        for rows, bits in Base2Logits(weight, bias)(hidden):
            chosen = bits.gather(1, targets[rows, None])[:, 0]
            masses = bits.exp2_()
            total = masses.sum(1)
            loss -= torch.dot(chosen - total.log2(), weights[rows]) / _BITS
            factor = (weights[rows] / total)[:, None]
            torch.mm(masses, weight, out=hidden_grad[rows])
            hidden_grad[rows] *= factor
            weight_grad.addmm_(masses.T, hidden[rows] * factor)
            bias_grad.addmv_(masses.T, factor[:, 0])
        hidden_grad.addcmul_(weight[targets], weights[:, None], value=-1)
        weight_grad.index_add_(0, targets, hidden * weights[:, None], alpha=-1)
        bias_grad.index_add_(0, targets, weights, alpha=-1)
        ctx.save_for_backward(hidden_grad, weight_grad, bias_grad)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the stored gradients times the incoming scalar."""
        (scale,) = upstream
        hidden_grad, weight_grad, bias_grad = ctx.saved_tensors
        return hidden_grad * scale, weight_grad * scale, bias_grad * scale, None, None

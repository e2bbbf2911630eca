"""The output layer over a large vocabulary, a chunk of rows at a time: (n, V) logits are never held at once.

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
"""Logits held at once where they should stay in the cache."""
_LOGITS_ELSEWHERE = 2**26
"""Logits held at once where they should fill the device."""


def chunked_logits(hidden: Tensor, weight: Tensor, bias: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Rows and their logits, (chunk, V), in memory that the next chunk overwrites.

    `hidden` is (n, H), `weight` (V, H), `bias` (V,).
    """
    budget = _LOGITS_ON_CPU if hidden.device.type == "cpu" else _LOGITS_ELSEWHERE
    count = math.ceil(len(hidden) * len(weight) / budget)
    size = math.ceil(len(hidden) / max(1, count))
    buffer = hidden.new_empty(size, len(weight))
    for first in range(0, len(hidden), max(1, size)):
        rows = slice(first, min(first + size, len(hidden)))
        yield rows, torch.addmm(bias, hidden[rows], weight.T, out=buffer[: rows.stop - first])


@torch.no_grad()
def token_log_prob(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """(n,) natural-log probability of `targets` (n,) under softmax(hidden @ weight.T + bias); no gradient.

    `hidden` is (n, H), `weight` (V, H), `bias` (V,).
    """
    result = hidden.new_empty(len(hidden))
    for rows, logits in chunked_logits(hidden, weight, bias):
        chosen = torch.log_softmax(logits, 1, out=logits).gather(1, targets[rows, None])
        result[rows] = chosen[:, 0]
    return result


class WeightedNLL(torch.autograd.Function):
    """sum_i -weights_i log softmax(hidden_i @ weight.T + bias)[targets_i], with its gradient taken on the way.

    The gradient with respect to a row's logits is weights_i (p_i - onehot(targets_i)): it overwrites the logits, so
    that a chunk is computed, used and forgotten. Same mathematics as cross_entropy; no gradient flows to `weights`.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Scalar loss; `hidden` (n, H), `weight` (V, H), `bias` (V,), `targets` (n,) int64, `weights` (n,)."""
        loss = hidden.new_zeros(())
        hidden_grad = torch.empty_like(hidden)
        weight_grad, bias_grad = torch.zeros_like(weight), torch.zeros_like(bias)
        for rows, logits in chunked_logits(hidden, weight, bias):
            target, scale = targets[rows, None], weights[rows, None]
            relative = logits.gather(1, target) - logits.amax(1, keepdim=True)
            gradient = torch.softmax(logits, 1, out=logits)
            log_prob = relative + gradient.amax(1, keepdim=True).log()  # which never underflows, as p(target) may
            loss -= torch.sum(log_prob * scale)
            gradient.mul_(scale).scatter_add_(1, target, -scale)
            torch.mm(gradient, weight, out=hidden_grad[rows])
            weight_grad.addmm_(gradient.T, hidden[rows])
            bias_grad += gradient.sum(0)
        ctx.save_for_backward(hidden_grad, weight_grad, bias_grad)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The stored gradients times the scalar that comes from above."""
        (scale,) = upstream
        hidden_grad, weight_grad, bias_grad = ctx.saved_tensors
        return hidden_grad * scale, weight_grad * scale, bias_grad * scale, None, None

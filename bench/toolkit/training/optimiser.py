"""Gradient descent for every trainer: Adam, minibatches in a fresh order, the global norm clipped."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

FUSED = ("cpu", "cuda", "mps", "xpu")


def adam(model: nn.Module, rate: float, *, decay: float = 0.0) -> Adam:
    """Return Adam over all the model's parameters, fused into one kernel where the device has it.

    With a weight decay it is AdamW (Loshchilov, Hutter; ICLR 2019).
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    fused = all(p.device.type in FUSED for p in parameters)
    return AdamW(parameters, lr=rate, weight_decay=decay, fused=fused) if decay else Adam(parameters, rate, fused=fused)


def minibatches(count: int, size: int, rng: torch.Generator, device: torch.device) -> Iterator[Tensor]:
    """Yield the rows 0..count-1 in a fresh order, `size` at a time; the last minibatch may be smaller."""
    order = torch.randperm(count, generator=rng, device=rng.device).to(device)
    yield from torch.split(order, size)


def descend(loss: Tensor, optimiser: Optimizer, *, clip: float | None = None) -> None:
    """Take one step down the loss; the optimiser has one group. `clip` bounds the gradient's global norm first."""
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    if clip is not None:
        nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], clip)
    optimiser.step()

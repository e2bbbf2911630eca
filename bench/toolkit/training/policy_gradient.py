"""REINFORCE on sequences (Williams 1992; SeqGAN, Yu et al. 2017, equation 8): no baseline, no discount."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer

from bench.contracts.lengths import live
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.training.optimiser import descend


def step(model: LSTM, optimiser: Optimizer, samples: Tensor, rewards: Tensor, *, clip: float = 5.0) -> dict[str, float]:
    """Take one step up the expected reward, from (n, T) samples of the model and the (n, T) rewards of their tokens.

    The loss is a sum over batch and time, -sum log p(token) * reward, as in the authors' code. Its gradient is long, so
    `clip` sets the length of the step. Tokens after an end token have no weight. Return {"loss": nats times reward,
    summed; "reward": mean over the tokens with a weight}.
    """
    counted = live(samples, model.end).float()
    weights = rewards.to(counted.dtype) * counted
    loss = model.weighted_nll(samples, weights)
    descend(loss, optimiser, clip=clip)
    return {"loss": float(loss.detach()), "reward": float(weights.sum() / counted.sum())}

"""Maximum likelihood: one epoch of teacher forcing, or of scheduled sampling where `keep` is below 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Optimizer

from bench.contracts.lengths import live
from bench.toolkit.models.autoregressive import Autoregressive
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.training.optimiser import descend, minibatches


def epoch(
    model: Autoregressive,
    optimiser: Optimizer,
    sequences: Tensor,
    *,
    batch: int,
    rng: torch.Generator,
    keep: float = 1.0,
    clip: float = 5.0,
) -> dict[str, float]:
    """Minimise the mean negative log-likelihood of (n, T) sequences, each seen once, in a fresh order.

    If `keep` is below 1, each token fed is the true one with that probability, else one that the model samples; targets
    stay true (Bengio et al. 2015, section 2.4). The model must then be an LSTM. Tokens after an end token have no
    weight. A model with dropout draws its masks from `rng`. Return {"loss": nats a token, mean over minibatches, taken
    while training}.
    """
    losses: list[Tensor] = []
    for rows in minibatches(len(sequences), batch, rng, sequences.device):
        tokens = sequences[rows]
        inputs = model.scheduled_inputs(tokens, keep, rng=rng) if isinstance(model, LSTM) and keep < 1 else None
        counted = live(tokens, model.end).float()
        loss = model.weighted_nll(tokens, counted / counted.sum(), inputs, rng)
        descend(loss, optimiser, clip=clip)
        losses.append(loss.detach())
    return {"loss": float(torch.stack(losses).mean())}

"""One epoch of the discriminator: real sequences against generated ones (SeqGAN, equation 5)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from bench.toolkit.models.text_cnn import TextCNN
from bench.toolkit.training.optimiser import descend, minibatches


def epoch(
    model: TextCNN,
    optimiser: Optimizer,
    real: Tensor,
    fake: Tensor,
    *,
    batch: int,
    rng: torch.Generator,
    l2: float = 0.2,
) -> dict[str, float]:
    """Minimise the cross-entropy of real (n, T) against fake (m, T), mixed in a fresh order, plus l2 * penalty.

    The gradient is not clipped. Returns {"loss": nats a sequence with the penalty, "accuracy": share told right}, as
    trained on, under dropout.
    """
    sequences = torch.cat([real, fake])
    labels = torch.arange(len(sequences), device=sequences.device).lt(len(real)).long()
    losses, right = [], []
    model.train()
    for rows in minibatches(len(sequences), batch, rng, sequences.device):
        logits = model(sequences[rows], rng=rng)
        loss = cross_entropy(logits, labels[rows]) + l2 * model.penalty()
        descend(loss, optimiser)
        losses.append(loss.detach())
        right.append((logits.argmax(1) == labels[rows]).sum())
    model.eval()
    return {
        "loss": float(torch.stack(losses).mean()),
        "accuracy": float(torch.stack(right).sum()) / len(sequences),
    }

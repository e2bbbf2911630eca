"""Train the discriminator for an epoch (SeqGAN, equation 5), and measure it on sequences that it has not seen."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from bench.contracts.generator import Generator
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

    The gradient is not clipped. Return {"loss": nats a sequence with the penalty, "accuracy": share of sequences told
    right}, both taken while training, under dropout.
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


def held_out_accuracy(model: TextCNN, real: Tensor, generator: Generator, rng: torch.Generator) -> float:
    """Return the discriminator's accuracy on unseen real (n, T) sequences against n fresh ones; chance is 1/2.

    The fresh sequences are drawn with a copy of `rng`, so that training uses the same random numbers as without this.
    """
    copied = torch.Generator(rng.device)
    copied.set_state(rng.get_state())
    fake = generator.sample(len(real), rng=copied)
    believed = (model.real_probability(real) > 0.5, model.real_probability(fake) <= 0.5)
    return float(torch.cat(believed).double().mean())

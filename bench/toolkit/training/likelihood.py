"""Maximum likelihood for every arm: a model, its Adam state, and early stopping if the knobs ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.contracts.lengths import live
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.autoregressive import Autoregressive
from bench.toolkit.training import teacher_forcing
from bench.toolkit.training.early_stopping import EarlyStopping
from bench.toolkit.training.generator import LikelihoodKnobs, training_tokens
from bench.toolkit.training.optimiser import adam

ROWS = 256
"""Held-out sequences scored at once."""


class MaximumLikelihood:
    """Trains `model` on the training split, an epoch at a time.

    `batch` sequences a minibatch, Adam's `rate` and weight `decay`, `clip` for the gradient's global norm, at most
    `epochs` epochs. A `patience` above 0 stops after so many epochs without a lower loss on the valid split, and ends
    with the best weights; 0 trains all epochs and keeps the last.
    """

    def __init__(
        self,
        model: Autoregressive,
        data: SequenceData,
        device: torch.device,
        rng: torch.Generator,
        *,
        batch: int,
        rate: float,
        clip: float,
        epochs: int,
        patience: int = 0,
        decay: float = 0.0,
    ) -> None:
        self.train = training_tokens(data, device)
        self._model, self._rng, self._held_out = model, rng, torch.as_tensor(data.valid, device=device)
        self._batch, self._clip, self._epochs = batch, clip, epochs
        self._adam = adam(model, rate, decay=decay)
        self._stopping = EarlyStopping(model, patience=patience, epochs=epochs) if patience else None

    def phase(self, name: str, step: Callable[[], Mapping[str, float]] | None = None) -> Phase:
        """Return the phase that trains the model; a trainer that adds to `epoch` gives its own `step`."""
        return Phase(name, self._epochs, step or self.epoch, finished=self._finished)

    def epoch(self, keep: float = 1.0) -> dict[str, float]:
        """Train for an epoch; return {"loss": nats a token}, and with early stopping the held-out loss as "valid".

        Below `keep` = 1 it is scheduled sampling: see `teacher_forcing.epoch`.
        """
        found = teacher_forcing.epoch(
            self._model, self._adam, self.train, batch=self._batch, rng=self._rng, keep=keep, clip=self._clip
        )
        if self._stopping is None:
            return found
        found["valid"] = held_out_loss(self._model, self._held_out)
        self._stopping.look(found["valid"])
        return found

    def state(self) -> dict[str, Stateful]:
        """Return the Adam state and the state of early stopping; the trainer itself names the model."""
        return {"adam": self._adam, **({"stopping": self._stopping} if self._stopping else {})}

    def _finished(self) -> bool:
        return self._stopping is not None and self._stopping.finished


def imitation(
    model: Autoregressive,
    data: SequenceData,
    knobs: LikelihoodKnobs,
    device: torch.device,
    rng: torch.Generator,
    *,
    decay: float = 0.0,
) -> MaximumLikelihood:
    """Return the training of a model with these knobs."""
    return MaximumLikelihood(
        model,
        data,
        device,
        rng,
        batch=knobs.batch,
        rate=knobs.rate,
        clip=knobs.clip,
        epochs=knobs.mle_epochs,
        patience=knobs.patience,
        decay=decay,
    )


def held_out_loss(model: Autoregressive, sequences: Tensor) -> float:
    """Return nats a token of (n, T) sequences, with equal weights up to each row's end token."""
    total, count = 0.0, 0
    for rows in torch.split(sequences, ROWS):
        counted = live(rows, model.end)
        total -= float(model.log_prob(rows).double()[counted].sum())
        count += int(counted.sum())
    return total / count

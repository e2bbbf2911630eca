"""Early stopping: train until the loss on held-out data no longer falls, and end with the weights of its lowest point.

See Prechelt (1998), Early Stopping - But When?; the rule here is the simplest: a number of epochs without a new lowest
loss.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class EarlyStopping:
    """Keeps the weights of the epoch with the lowest loss; part of a trainer's state.

    `patience` is how many epochs without a lower loss end the training, `epochs` how many there are at most.
    """

    def __init__(self, model: nn.Module, *, patience: int, epochs: int) -> None:
        self._model, self._patience, self._epochs = model, patience, epochs
        self._seen, self._best_epoch, self._best = 0, 0, float("inf")
        self._weights: dict[str, Tensor] = {}

    @property
    def finished(self) -> bool:
        """True after the last `patience` epochs brought no lower loss."""
        return self._seen - self._best_epoch >= self._patience

    def look(self, loss: float) -> None:
        """Record an epoch's loss on held-out data, nats; when training ends, load the best weights into the model."""
        self._seen += 1
        if loss < self._best:
            self._best, self._best_epoch = loss, self._seen
            self._weights = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        if self._weights and (self.finished or self._seen >= self._epochs):
            self._model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of epochs, the best of them, its loss and its weights."""
        return {"seen": self._seen, "best_epoch": self._best_epoch, "best": self._best, "weights": dict(self._weights)}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Go back to that state."""
        self._seen, self._best_epoch, self._best = state["seen"], state["best_epoch"], state["best"]
        self._weights = dict(state["weights"])

"""Early stopping ends at the lowest held-out loss, with the weights of that epoch, and resumes to the same."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bench.toolkit.training.early_stopping import EarlyStopping


def run(losses: list[float], patience: int, epochs: int) -> tuple[int, float]:
    """Return the epochs done and the final weight of the model; in epoch e the weight is e."""
    model = nn.Linear(1, 1, bias=False)
    stopping = EarlyStopping(model, patience=patience, epochs=epochs)
    done = 0
    while done < epochs and not stopping.finished:
        nn.init.constant_(model.weight, done + 1)
        stopping.look(losses[done])
        done += 1
        other = EarlyStopping(model, patience=patience, epochs=epochs)  # a checkpoint between any two epochs
        other.load_state_dict(copy.deepcopy(stopping.state_dict()))
        stopping = other
    return done, float(model.weight.detach())


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "expected"),
    [
        ([5, 4, 3, 3.5, 3.2, 3.1], 3, 9, (6, 3)),
        ([5, 4, 3, 3.5, 2.9, 3, 3, 3], 3, 8, (8, 5)),
        ([5, 4, 3], 3, 3, (3, 3)),
        ([3, 4, 5, 6], 4, 4, (4, 1)),
        ([3, 3, 3], 1, 9, (2, 1)),
    ],
)
def test_it_stops_after_so_many_epochs_and_ends_with_the_best(
    losses: list[float], patience: int, epochs: int, expected: tuple[int, float]
) -> None:
    assert run(losses, patience, epochs) == expected


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    assert run([float("nan"), 4.0, float("nan"), float("nan")], 2, 9) == (4, 2)


def test_the_kept_weights_are_copies() -> None:
    model = nn.Linear(1, 1, bias=False)
    stopping = EarlyStopping(model, patience=1, epochs=9)
    nn.init.constant_(model.weight, 1)
    stopping.look(1.0)
    nn.init.constant_(model.weight, 2)
    assert torch.equal(stopping.state_dict()["weights"]["weight"], torch.ones(1, 1))

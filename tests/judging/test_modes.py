"""Judging sets eval mode; afterwards every submodule has its former mode."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.judging import modes


class Draws:
    """A generator that is not a module."""

    def __init__(self, **held: Any) -> None:
        vars(self).update(held)

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> None: ...


def net() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(1, 1)))


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: Draws(net=one, size=3), lambda one: Draws(inner=Draws(net=one), name="x")]
)
def test_each_submodule_has_its_mode_back(wrap: Any) -> None:
    model = net()
    model[1].eval()
    model[1][0].train()
    before = [module.training for module in model.modules()]
    with pytest.raises(ValueError), modes.evaluating(wrap(model)):
        assert not any(module.training for module in model.modules())
        raise ValueError
    assert [module.training for module in model.modules()] == before == [True, True, False, True, False]


def test_what_is_in_eval_mode_already_is_left_alone() -> None:
    class Counts(torch.nn.Module):
        calls = 0

        def train(self, mode: bool = True) -> Counts:
            self.calls += 1
            return super().train(mode)

    model = Counts()
    with modes.evaluating(model):
        assert not model.training
    assert model.training and model.calls == 2  # eval() and back: a module can undo what it does there
    model.training = False
    with modes.evaluating(model):
        assert model.calls == 2


def test_modules_of_what_is_no_generator_are_not_searched() -> None:
    model, trainer = net(), SimpleNamespace(other=net())
    inner = Draws(net=model)
    inner.trainer, inner.own = trainer, inner  # type: ignore[attr-defined]
    assert modes.modules_of(Draws(inner=inner)) == [model]
    assert modes.modules_of(object()) == []

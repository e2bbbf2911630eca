"""Phases, step() and state() of a trainer: the first thing that breaks the contract is named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.errors import ContractError, DivergedError
from bench.contracts.guards import trainer as guards
from bench.contracts.trainer import Phase


def phase(name: Any = "mle", epochs: Any = 2) -> Phase:
    return Phase(name, epochs, lambda: {"loss": 1.0})


def test_phases_come_back_as_a_list() -> None:
    def phases() -> Iterator[Phase]:
        yield phase()
        yield phase("gan", 0)

    assert [(found.name, found.epochs) for found in guards.checked_phases(phases())] == [("mle", 2), ("gan", 0)]
    assert guards.checked_phases(()) == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, "phases() returned None, not a list of Phase"),
        ([("mle", 2)], "phases() returned ('mle', 2) among others, not a Phase"),
        ([phase("")], "a phase is called '': give it a name with a letter in it"),
        ([phase(3)], "a phase is called 3: give it a name"),
        ([phase(epochs=2.0)], "phase mle: epochs = 2.0, not a whole number from 0 on"),
        ([phase(epochs=-1)], "phase mle: epochs = -1, not a whole number from 0 on"),
        ([phase(), phase("gan"), phase()], "two phases have the same name: ['mle', 'gan', 'mle']"),
    ],
)
def test_what_is_no_schedule_is_refused(found: Any, message: str) -> None:
    with pytest.raises(ContractError, match=re.escape(message)):
        guards.checked_phases(found)


def test_numbers_of_any_kind_become_floats() -> None:
    found = {"a": 1, "b": np.float32(0.5), "c": torch.tensor(2.5, requires_grad=True), "d": True}
    values = guards.checked_values(found, "mle")
    assert values == {"a": 1.0, "b": 0.5, "c": 2.5, "d": 1.0} and {type(value) for value in values.values()} == {float}


@pytest.mark.parametrize("found", [None, 0.5, [0.5], {"loss": None}, {"loss": "low"}, {"loss": torch.ones(2)}])
def test_what_is_no_number_by_name_is_refused(found: Any) -> None:
    with pytest.raises(ContractError, match=r"step\(\) of mle returned .*, not numbers by name"):
        guards.checked_values(found, "mle")


@pytest.mark.parametrize("name", ["", ".", 3, None])
def test_a_number_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(ContractError, match=rf"step\(\) of mle calls a number {re.escape(repr(name))}: give it a name"):
        guards.checked_values({"loss": 1.0, name: 2.0}, "mle")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30, -2e15])
def test_a_number_that_is_not_finite_ends_training(value: float) -> None:
    guards.check_finite({"loss": 1e15}, "mle", 3)
    with pytest.raises(DivergedError, match=f"training diverged: reward is {re.escape(f'{value:.4g}')} in mle epoch 3"):
        guards.check_finite({"loss": 1.0, "reward": value}, "mle", 3)


@pytest.mark.parametrize("value", [math.nan, math.inf, -2e8])
def test_a_parameter_out_of_reach_ends_training(value: float) -> None:
    model, held = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    model.register_buffer("mask", torch.tensor(-math.inf))
    held.weight.requires_grad_(False).fill_(math.inf)
    parts = {"model": model, "held": held, "optimiser": torch.optim.SGD(model.parameters(), 1e30)}
    guards.check_parameters(parts, "mle", 3)
    with torch.no_grad():
        model.bias.fill_(value)
    with pytest.raises(DivergedError, match=r"parameter bias of model reaches .* in mle epoch 3"):
        guards.check_parameters(parts, "mle", 3)


@pytest.mark.parametrize("parts", [None, [torch.nn.Linear(1, 1)], {"model": 3}, {"model": {"weight": 1}}])
def test_what_is_no_state_is_refused(parts: Any) -> None:
    guards.check_state({"model": torch.nn.Linear(1, 1)})
    with pytest.raises(ContractError, match=r"state\(\) (returned .*, not a dict|part 'model' is .* lacks state_dict)"):
        guards.check_state(parts)

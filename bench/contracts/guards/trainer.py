"""Checks of a trainer's phases, its start, the values of step() and its state: see bench/contracts/trainer.py."""

from __future__ import annotations

import collections
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from bench.contracts.errors import ContractError, DivergedError
from bench.contracts.guards.names import lacking
from bench.contracts.trainer import Phase, Start

LARGEST_VALUE, LARGEST_PARAMETER = 1e15, 1e8
"""The largest loss, and the largest parameter, that training does not call diverged."""
MOST = 1_000
"""The most phases of a schedule, and the most numbers that a step returns."""
EXAMPLE = '{"loss": 4.2}'


def checked_phases(found: Any) -> list[Phase]:
    """Return what phases() returned as a list; ContractError if it breaks the contract.

    Names differ, because each phase has its own curves. The number of epochs is finite.
    """
    if not isinstance(found, Iterable):
        raise ContractError(f"phases() returned {found!r:.80}, not a list of Phase")
    phases = list(itertools.islice(found, MOST + 1))
    if len(phases) > MOST:
        raise ContractError(f"phases() returned more than {MOST:,} phases: give them epochs")
    for phase in phases:
        _check_phase(phase)
    names = [phase.name for phase in phases]
    if len(set(names)) < len(names):
        raise ContractError(f"two phases have the same name: {names}")
    if late := [phase.name for phase in phases[1:] if phase.start is not None]:
        raise ContractError(f"phase {late[0]} has a start: only the first phase may have one")
    return phases


def _check_phase(phase: Any) -> None:
    if not isinstance(phase, Phase):
        raise ContractError(f"phases() returned {phase!r:.80} among others, not a Phase")
    if wanted := lacking(phase.name):
        raise ContractError(f"a phase is called {phase.name!r:.80}: give it a name {wanted}")
    if not isinstance(phase.epochs, int) or phase.epochs < 0:
        raise ContractError(f"phase {phase.name}: epochs = {phase.epochs!r}, not a whole number from 0 on")
    if phase.start is not None:
        _check_start(phase.name, phase.start)


def _check_start(name: str, start: Any) -> None:
    if not isinstance(start, Start) or not callable(start.begin):
        raise ContractError(f"phase {name}: start = {start!r:.80}, not Start(knobs, parts, begin)")
    check_state(start.parts)
    try:
        json.dumps(dict(start.knobs), sort_keys=True)
    except (TypeError, ValueError):
        raise ContractError(f"phase {name}: the knobs of its start are not numbers and texts by name") from None


def checked_values(found: Any, phase: str) -> dict[str, float]:
    """Return what step() of a phase returned as name -> number; ContractError if it is anything else."""
    try:
        plain = {name: value.detach() if hasattr(value, "detach") else value for name, value in found.items()}
        values = {name: float(value) for name, value in plain.items()}
    except (AttributeError, TypeError, ValueError, RuntimeError, OverflowError):
        raise ContractError(f"step() of {phase} returned {found!r:.80}, not numbers by name: {EXAMPLE}") from None
    if len(values) > MOST:
        raise ContractError(f"step() of {phase} returned {len(values):,} numbers: give {MOST:,} at most")
    for name in values:
        if wanted := lacking(name):
            raise ContractError(
                f"step() of {phase} calls a number {name!r:.80}: give it a name {wanted}, as in {EXAMPLE}"
            )
    return values


def check_finite(values: Mapping[str, float], phase: str, epoch: int) -> None:
    """DivergedError if a number that step() returned is not finite or absurdly large; epochs count from 1."""
    for name, value in values.items():
        if not abs(value) <= LARGEST_VALUE:  # NaN too
            raise DivergedError(f"training diverged: {name} is {value:.4g} in {phase} epoch {epoch}")


def check_parameters(parts: Mapping[str, Any], phase: str, epoch: int) -> None:
    """DivergedError if a parameter that is trained is not finite or absurdly large after an epoch, from 1.

    `parts` are those of state(). Buffers, and parameters that no gradient reaches, may hold any number.
    """
    import torch

    for part, holder in parts.items():
        for name, parameter in holder.named_parameters() if isinstance(holder, torch.nn.Module) else ():
            if not (parameter.requires_grad and parameter.is_floating_point() and parameter.numel()):
                continue
            largest = float(parameter.detach().abs().max())
            if not largest <= LARGEST_PARAMETER:  # NaN too
                where = f"in {phase} epoch {epoch}"
                raise DivergedError(f"training diverged: parameter {name} of {part} reaches {largest:.4g} {where}")


def check_state(parts: Any) -> None:
    """ContractError if a checkpoint cannot restore the parts of state()."""
    import torch

    if not isinstance(parts, Mapping):
        raise ContractError(f"state() returned {parts!r:.80}, not a dict of parts by name")
    for part, holder in parts.items():
        if not all(callable(getattr(holder, method, None)) for method in ("state_dict", "load_state_dict")):
            raise ContractError(f"state() part {part!r} is {holder!r:.40}: it lacks state_dict() or load_state_dict()")
        held = holder.state_dict()
        if not isinstance(holder, torch.nn.Module):
            _check_plain(part, "state_dict()", held)
            continue
        for name, value in held.items():
            if not isinstance(value, torch.Tensor):
                raise ContractError(f"state() part {part!r}: {name!r} is a {_kind(value)}; a module holds tensors")


def _check_plain(part: str, place: str, value: Any) -> None:
    """ContractError if torch.load(weights_only=True) would refuse the value.

    It takes exactly these types and no subclass of them: numpy.float64, a subclass of float, is refused.
    """
    import torch

    if type(value) in (dict, collections.OrderedDict, collections.Counter):
        for key, inner in value.items():
            _check_plain(part, f"a key of {place}", key)
            _check_plain(part, repr(key), inner)
    elif type(value) in (list, tuple, set):
        for inner in value:
            _check_plain(part, f"an item of {place}", inner)
    elif type(value) not in _PLAIN and not isinstance(value, torch.Tensor | torch.dtype | torch.device | torch.Size):
        holds = "a checkpoint holds tensors, numbers, text, lists, dicts"
        raise ContractError(f"state() part {part!r}: {place} is a {_kind(value)}; {holds}")


_PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray)


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

"""Checks of a plug-in's class, before it is built: see bench/contracts/trainer.py and bench/contracts/dataset.py."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from bench.contracts.errors import BenchError

Group = Literal["bench.baselines", "bench.datasets"]
METHODS: dict[Group, tuple[str, ...]] = {
    "bench.baselines": ("phases", "state"),
    "bench.datasets": ("load", "metrics", "real"),
}


def checked_class(group: Group, reference: str, found: Any) -> type[Any]:
    """Return the object that the reference names; BenchError unless it is a class with Settings and all methods."""
    if not isinstance(found, type):
        raise BenchError(f"{reference} is not a class but a {type(found).__name__}")
    settings = getattr(found, "Settings", None)
    if not dataclasses.is_dataclass(settings):
        raise BenchError(f"{reference} lacks Settings, a frozen dataclass of its knobs")
    if not isinstance(settings, type):
        raise BenchError(f"{reference}: Settings is {settings!r:.80}; give the dataclass itself, without ()")
    if missing := missing_methods(group, found):
        contract = "bench/contracts/trainer.py" if group == "bench.baselines" else "bench/contracts/dataset.py"
        raise BenchError(f"{reference} lacks {', '.join(f'{m}()' for m in missing)}; the contract is {contract}")
    return found


def missing_methods(group: Group, found: Any) -> list[str]:
    """Return the contract's methods that the object lacks."""
    return [method for method in METHODS[group] if not callable(getattr(found, method, None))]

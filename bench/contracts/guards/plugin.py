"""Checks of a plug-in's class, before it is built: see trainer.py, dataset.py and metric.py of bench/contracts."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from bench.contracts.errors import BenchError

Group = Literal["bench.baselines", "bench.datasets", "bench.metrics"]
METHODS: dict[Group, tuple[str, ...]] = {
    "bench.baselines": ("phases", "state"),
    "bench.datasets": ("load", "metrics", "real"),
    "bench.metrics": ("signature", "score"),
}
CONTRACTS: dict[Group, str] = {
    "bench.baselines": "bench/contracts/trainer.py",
    "bench.datasets": "bench/contracts/dataset.py",
    "bench.metrics": "bench/contracts/metric.py",
}


def checked_class(group: Group, reference: str, found: Any) -> type[Any]:
    """Return the object that the reference names; BenchError unless it is a class with all methods of its contract.

    A trainer and a dataset also need Settings.
    """
    if not isinstance(found, type):
        raise BenchError(f"{reference} is not a class but a {type(found).__name__}")
    if group != "bench.metrics":
        _check_settings(reference, found)
    if missing := missing_methods(group, found):
        raise BenchError(
            f"{reference} lacks {', '.join(f'{m}()' for m in missing)}; the contract is {CONTRACTS[group]}"
        )
    return found


def _check_settings(reference: str, found: type[Any]) -> None:
    settings = getattr(found, "Settings", None)
    if not dataclasses.is_dataclass(settings):
        raise BenchError(f"{reference} lacks Settings, a frozen dataclass of its knobs")
    if not isinstance(settings, type):
        raise BenchError(f"{reference}: Settings is {settings!r:.80}; give the dataclass itself, without ()")


def missing_methods(group: Group, found: Any) -> list[str]:
    """Return the contract's methods that the object lacks."""
    return [method for method in METHODS[group] if not callable(getattr(found, method, None))]

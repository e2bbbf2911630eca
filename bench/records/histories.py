"""The values that runs have step by step: learning curves, profiles, and what trainers reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bench.records.encoding import curve_key, profile_key, trained_key

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("run_id", "dataset", "label", "seed", "x", "value")


class Histories(ABC):
    """Gives values of a plan's runs as frames with the columns COLUMNS, wherever the runs are kept."""

    def curves(self, plan: str | None, metrics: Iterable[str]) -> dict[str, pd.DataFrame]:
        """Return each metric's learning curves; x counts generator epochs."""
        return self._histories(plan, {name: curve_key(name) for name in metrics})

    def profiles(self, plan: str | None, names: Iterable[str]) -> dict[str, pd.DataFrame]:
        """Return the profiles of finished runs; x is the position or group, from 1."""
        return self._histories(plan, {name: profile_key(name) for name in names})

    def trained(self, plan: str | None, values: Mapping[str, tuple[str, str]]) -> dict[str, pd.DataFrame]:
        """Return values that trainers reported: name -> (value, phase); x is the epoch."""
        return self._histories(plan, {name: trained_key(*where) for name, where in values.items()})

    @abstractmethod
    def _histories(self, plan: str | None, keys: Mapping[str, str]) -> dict[str, pd.DataFrame]:
        """Return every value that the plan's runs have under each key, by the name of the key."""

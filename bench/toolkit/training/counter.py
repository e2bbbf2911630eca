"""A count that a checkpoint can hold."""

from __future__ import annotations

from typing import Any


class Counter:
    """A count, as part of the state of a trainer whose schedule depends on it."""

    def __init__(self) -> None:
        self.value = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the count."""
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Go back to that count."""
        self.value = int(state["value"])

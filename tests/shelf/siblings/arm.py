"""A plug-in with siblings, one of which it imports late."""

from dataclasses import dataclass
from typing import Any

from . import helpers
from .pack import deep


@dataclass(frozen=True)
class Knobs:
    value: int = helpers.VALUE


class Arm:
    Settings = Knobs

    def phases(self) -> tuple[int, ...]:
        from . import late
        from .pack import deep as inner

        return helpers.VALUE, deep.VALUE, inner.VALUE, late.VALUE

    def state(self) -> dict[str, Any]:
        return {}

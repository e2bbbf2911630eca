"""The smallest class that loads as a trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Settings:
    knob: int = 3


class MyGan:
    Settings: ClassVar[type] = Settings

    def phases(self) -> list[Any]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

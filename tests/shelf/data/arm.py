"""A plug-in that reads a data file, and names it and others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import helper

DATA_FILES = ("words.txt", "lexicon")
WORDS = Path(__file__).with_name("words.txt").read_text().split()


@dataclass(frozen=True)
class Knobs:
    first: str = WORDS[0]


class Arm:
    Settings = Knobs
    others = helper.DATA_FILES

    def phases(self) -> list[Any]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

"""A remark on samples or on a corpus: a fact, and what the user can do about it."""

from __future__ import annotations

from typing import NamedTuple


class Remark(NamedTuple):
    """A fact and its remedy. If it is `loud`, the terminal shows it in bold yellow."""

    fact: str
    remedy: str = ""
    loud: bool = False

    def __str__(self) -> str:
        return f"{self.fact}: {self.remedy}" if self.remedy else self.fact

"""A sibling whose objects are handed to other processes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    value: int

"""A sibling whose objects are passed to other processes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    value: int

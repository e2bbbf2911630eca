"""How a plan looks at plug-ins: in this process, or in another one that ends with the look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from bench.contracts.guards.plugin import Group

T = TypeVar("T")
Named = tuple[Group, str]
"""The group and the plain reference of a plug-in, without its knobs."""


class Look(Protocol):
    """Calls a function of this package, which imports the plug-ins that it is told, and returns its result."""

    def __call__(self, plugins: Sequence[Named], function: Callable[..., T], /, *given: object) -> T:
        """Return what the function gives for the arguments."""
        ...


def here(plugins: Sequence[Named], function: Callable[..., T], /, *given: object) -> T:
    """Call the function in this process, whichever plug-ins it imports."""
    return function(*given)

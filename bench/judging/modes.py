"""Judge modules in eval mode, without dropout, and restore their modes afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def evaluating(generator: Any) -> Iterator[None]:
    """Put the modules of a generator into eval mode; afterwards restore the mode of each submodule.

    If all are in eval mode already, eval() and train() are not called.
    """
    modules = [module for module in modules_of(generator) if any(part.training for part in module.modules())]
    modes = [(part, part.training) for module in modules for part in module.modules()]
    roots = [(module, module.training) for module in modules]
    for module in modules:
        module.eval()
    try:
        yield
    finally:
        for module, mode in roots:
            module.train(mode)
        for part, mode in modes:
            part.training = mode


def modules_of(generator: Any) -> list[nn.Module]:
    """Return the generator if it is a module; else the modules among its attributes.

    An attribute that is itself a generator, such as a model sampled at a temperature, is searched in the same way.
    """
    import torch

    found: list[nn.Module] = []
    seen, waiting = set[int](), [generator]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, torch.nn.Module):
            found.append(one)
        elif one is generator or callable(getattr(one, "sample", None)):
            waiting += list(getattr(one, "__dict__", {}).values())
    return found

"""Write and read the generator of a finished run: the parts of its trainer's state that make up the generator.

generator.safetensors holds the tensors of parts that are modules, named part/parameter. generator.pt holds the
state_dict of each other part by name. torch.save writes it, and it is read with weights_only.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.errors import BenchError, folded
from bench.contracts.guards.trainer import check_state
from bench.files import write_whole
from bench.records import checkpoint

if TYPE_CHECKING:
    from bench.contracts.trainer import Stateful

WEIGHTS, REST = "generator.safetensors", "generator.pt"


def parts_of(trainer: Any) -> dict[str, Stateful]:
    """Return the parts of state() that the trainer's generator can be restored from.

    This is the part that is the generator itself, whatever its name; else the part called "generator"; else every part
    but the optimisers, since any of them may belong to the generator.
    """
    import torch

    state, generator = dict(trainer.state()), trainer.generator
    for name, part in state.items():
        if part is generator:
            return {name: part}
    if "generator" in state:
        return {"generator": state["generator"]}
    return {name: part for name, part in state.items() if not isinstance(part, torch.optim.Optimizer)}


def write(folder: Path, parts: Mapping[str, Stateful]) -> None:
    """Write the parts into the folder of a run. Parts without content get no file.

    Raises ContractError as `check_state` does.
    """
    import torch
    from safetensors.torch import save

    check_state(parts)
    if tensors := checkpoint.weights(parts):
        write_whole(folder / WEIGHTS, save(tensors))
    if rest := checkpoint.rest(parts):
        buffer = io.BytesIO()
        torch.save(rest, buffer)
        write_whole(folder / REST, buffer.getvalue())


def read(folder: Path, trainer: Any) -> bool:
    """Load the parts that the run kept into the trainer; False if it kept none. BenchError if they do not fit."""
    import torch
    from safetensors.torch import load_file

    kept = [folder / name for name in (WEIGHTS, REST) if (folder / name).is_file()]
    if not kept:
        return False
    try:
        tensors = load_file(folder / WEIGHTS) if folder / WEIGHTS in kept else {}
        rest = torch.load(folder / REST, map_location="cpu", weights_only=True) if folder / REST in kept else {}
        checkpoint.restore(_named(trainer.state(), [*tensors, *rest]), tensors, rest)
    except Exception as error:  # libraries raise all kinds on a damaged file, plug-ins on a foreign one
        files = " or ".join(map(str, kept))
        raise BenchError(f"{files} does not fit its cell's generator: {folded(error, 200)}") from None
    return True


def _named(parts: Mapping[str, Stateful], keys: Iterable[str]) -> dict[str, Stateful]:
    """Return the parts that the keys name. A key is a part's name or part/parameter. KeyError if a part is missing."""
    found: dict[str, Stateful] = {}
    for key in keys:
        name = next((name for name in parts if key == name or key.startswith(f"{name}/")), None)
        if name is None:
            raise KeyError(f"state() has no part for {key!r}")
        found[name] = parts[name]
    return found

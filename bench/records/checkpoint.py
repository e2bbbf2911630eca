"""Checkpoints: written whole, tied to their cell, and without content that executes code.

A checkpoint is a folder named by its serial number: weights.safetensors (modules), state.pt (optimisers and counters,
read with weights_only), and position.json. The latter tells the position of the training, the cell, the purpose and the
version of bench. It holds the checksums of the other two files, and a seal, the checksum of itself. A checkpoint is
written under another name and then renamed, so a killed process leaves the one before it whole. Two generations are
kept: if the newest is refused, training goes on from the one before it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bench import __version__
from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.contracts.guards.trainer import check_state
from bench.contracts.trainer import Stateful
from bench.files import file_checksum, read_object, telling_room

if TYPE_CHECKING:
    import torch

FILES = ("weights.safetensors", "state.pt")


@dataclass(frozen=True)
class Place:
    """The folder of one cell's checkpoints of one purpose; `cell` is the cell's id, or the key of a start.

    Training goes on from the checkpoints of the purpose "last". Those of "best" are kept for the checkpoint rule, those
    of "start" are starts that cells share.
    """

    folder: Path
    cell: str
    purpose: Literal["last", "best", "start"] = "last"


class Loaded(NamedTuple):
    """The position of the checkpoint that was restored, None if none was; and why newer ones were refused."""

    position: dict[str, Any] | None
    refused: tuple[str, ...] = ()


def save(place: Place, parts: Mapping[str, Stateful], rng: torch.Generator, position: dict[str, Any]) -> None:
    """Write the next checkpoint, and keep the newest whole one before it.

    ContractError as in `check_state`. OSError if it cannot be written: then no part of it remains, and the earlier ones
    stay.
    """
    check_state(parts)
    folder, earlier = place.folder, _numbers(place.folder)
    number = earlier[-1] + 1 if earlier else 0
    contents = _contents(place, parts, rng, position)
    partial = folder / f"{number}.partial"
    with telling_room(folder / str(number), sum(map(len, contents.values()))):
        try:
            _write(partial, contents)
            partial.rename(folder / str(number))
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    _to_disk(folder)
    kept = next((old for old in reversed(earlier) if not _fault(place, old)), None)
    for old in earlier:
        if old != kept:
            shutil.rmtree(folder / str(old))


def _contents(
    place: Place, parts: Mapping[str, Stateful], rng: torch.Generator, position: dict[str, Any]
) -> dict[str, bytes]:
    """Return file name -> bytes of a checkpoint."""
    import torch
    from safetensors.torch import save as as_bytes

    state = io.BytesIO()
    torch.save({"rng": rng.get_state(), "parts": rest(parts)}, state)
    contents = {FILES[0]: as_bytes(weights(parts)), FILES[1]: state.getvalue()}
    content = {"cell": place.cell, "purpose": place.purpose, "version": __version__, "position": position}
    content["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    return {**contents, "position.json": json.dumps({**content, "seal": _seal(content)}).encode()}


def _write(partial: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files into a new folder, and wait until they are on the disk."""
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in contents.items():
        (partial / name).write_bytes(content)
    for written in (*partial.iterdir(), partial):
        _to_disk(written)


def load(
    place: Place,
    parts: Mapping[str, Stateful],
    rng: torch.Generator,
    objection: Callable[[Mapping[str, Any]], str] = lambda position: "",
) -> Loaded:
    """Restore the newest checkpoint that is whole, belongs to this cell, and has no objection to its position."""
    import torch
    from safetensors.torch import load_file

    refused = []
    for number in reversed(_numbers(place.folder)):
        kept = place.folder / str(number)
        position = {} if (why := _fault(place, number)) else _position(kept)
        if why := why or objection(position):
            refused.append(f"checkpoint {number} is refused: {why}")
            continue
        state = torch.load(kept / FILES[1], weights_only=True)
        restore(parts, load_file(kept / FILES[0]), state["parts"])
        rng.set_state(state["rng"])
        return Loaded(position, tuple(refused))
    return Loaded(None, tuple(refused))


def positions(place: Place) -> Iterator[dict[str, Any]]:
    """Yield the positions of the checkpoints that are whole and of this cell, the newest first."""
    for number in reversed(_numbers(place.folder)):
        if not _fault(place, number):
            yield _position(place.folder / str(number))


def restore(parts: Mapping[str, Stateful], tensors: Mapping[str, torch.Tensor], others: Mapping[str, Any]) -> None:
    """Load the state of each part: a module takes the tensors named part/parameter, any other part `others[name]`."""
    import torch

    for name, part in parts.items():
        if isinstance(part, torch.nn.Module):
            prefix = f"{name}/"
            part.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        else:
            part.load_state_dict(others[name])


def weights(parts: Mapping[str, Stateful]) -> dict[str, torch.Tensor]:
    """Return the tensors of the modules among the parts, named part/parameter."""
    import torch

    return {
        f"{name}/{key}": tensor.detach().cpu().contiguous().clone()
        for name, part in parts.items()
        if isinstance(part, torch.nn.Module)
        for key, tensor in part.state_dict().items()
    }


def rest(parts: Mapping[str, Stateful]) -> dict[str, dict[str, Any]]:
    """Return the state of the parts that are not modules, by name."""
    import torch

    return {name: part.state_dict() for name, part in parts.items() if not isinstance(part, torch.nn.Module)}


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk: a power cut after the rename then loses nothing."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.name) for path in folder.glob("*") if path.name.isdigit()) if folder.exists() else []


def _position(kept: Path) -> dict[str, Any]:
    position: dict[str, Any] = read_object(kept / "position.json", "")["position"]
    return position


def _fault(place: Place, number: int) -> str:
    """Return why a checkpoint is refused (damaged, or made by another cell or version); "" if it can be used."""
    kept = place.folder / str(number)
    try:
        content = read_object(kept / "position.json", "")
    except (BenchError, OSError, RecursionError):
        return "its position.json cannot be read"
    if content.pop("seal", None) != _seal(content):
        return "its position.json was changed, or written by a version that kept no checksum of it"
    wanted = {"cell": place.cell, "purpose": place.purpose, "version": __version__}
    for name, value in wanted.items():
        if content.get(name) != value:
            return f"its {name} is {content.get(name)}, not {value}"
    return next((f"its {name} is damaged or missing" for name in FILES if not _is_whole(kept / name, content)), "")


def _is_whole(path: Path, content: Mapping[str, Any]) -> bool:
    try:
        return bool(file_checksum(path) == content["sha256"][path.name])
    except OSError:
        return False


def _seal(content: Mapping[str, Any]) -> str:
    """Return the checksum of the content of position.json."""
    return sha256(json.dumps(content, sort_keys=True))

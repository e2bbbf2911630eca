"""Write and read checkpoints. They are atomic and checksummed, and loading one executes no code from it.

A checkpoint is a folder named by its serial number. It holds weights.safetensors (modules), state.pt (optimisers and
counters, read with weights_only) and position.json (how far training came, and the checksums of the other two). The
folder is written under another name and then renamed, so a killed process leaves the previous checkpoint whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.guards.trainer import check_state
from bench.contracts.trainer import Stateful

if TYPE_CHECKING:
    import torch


def save(folder: Path, parts: Mapping[str, Stateful], rng: torch.Generator, position: dict[str, Any]) -> None:
    """Write the next checkpoint into `folder`, then remove the earlier ones; ContractError as in `check_state`."""
    import torch
    from safetensors.torch import save as as_bytes

    check_state(parts)
    earlier = _numbers(folder)
    number = earlier[-1] + 1 if earlier else 0
    partial = folder / f"{number}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "weights.safetensors").write_bytes(as_bytes(weights(parts)))  # save_file's mode is 600
    torch.save({"rng": rng.get_state(), "parts": rest(parts)}, partial / "state.pt")
    sums = {name: _sha256(partial / name) for name in ("weights.safetensors", "state.pt")}
    (partial / "position.json").write_text(json.dumps({"position": position, "sha256": sums}), encoding="utf-8")
    for written in (*partial.iterdir(), partial):
        _to_disk(written)
    partial.rename(folder / str(number))
    _to_disk(folder)
    for old in earlier:
        shutil.rmtree(folder / str(old))


def load(folder: Path, parts: Mapping[str, Stateful], rng: torch.Generator) -> dict[str, Any] | None:
    """Restore the newest whole checkpoint and return its position; None if there is none."""
    import torch
    from safetensors.torch import load_file

    for number in reversed(_numbers(folder)):
        kept = folder / str(number)
        content = _verified(kept)
        if content is None:
            continue
        state = torch.load(kept / "state.pt", weights_only=True)
        tensors = load_file(kept / "weights.safetensors")
        restore(parts, tensors, state["parts"])
        rng.set_state(state["rng"])
        position: dict[str, Any] = content["position"]
        return position
    return None


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
    """Wait until a file, or a folder's list of names, is on the disk, so that a power cut leaves no half checkpoint."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.name) for path in folder.glob("*") if path.name.isdigit()) if folder.exists() else []


def _verified(folder: Path) -> dict[str, Any] | None:
    """Return the content of position.json; None if a file beside it is missing or has another checksum."""
    try:
        content: dict[str, Any] = json.loads((folder / "position.json").read_text(encoding="utf-8"))
        whole = all(_sha256(folder / name) == digest for name, digest in content["sha256"].items())
    except (OSError, ValueError, KeyError):
        return None
    return content if whole else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

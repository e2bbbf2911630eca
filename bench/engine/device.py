"""Find the device that a name stands for on this machine."""

from __future__ import annotations

from bench.contracts.errors import BenchError


def resolve_device(name: str) -> str:
    """Return cpu, cuda or mps; "auto" is the first of cuda, mps and cpu that this machine has.

    BenchError if torch does not find the named device.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there.get(name):
        raise BenchError(f"--device {name}: torch {torch.__version__} finds no such device here; use --device cpu")
    return name

"""Read float arrays from a pickle and nothing else: no class of the file's choosing is ever called."""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError, folded


def float_arrays(content: bytes, where: str) -> list[NDArray[np.float32]]:
    """The arrays of a pickled list; BenchError where the pickle asks for anything but plain float arrays.

    What numpy would build is built here from the pickle's plain values (shape, type, bytes), so that not even numpy's
    own unpickling sees the file.
    """
    try:
        listed = _Unpickler(io.BytesIO(content)).load()
        if not isinstance(listed, list) or not listed:
            raise ValueError("no list of arrays")
        return [_array(item) for item in listed]
    except MemoryError:
        raise BenchError(f"{where}: the pickle asks for more memory than there is") from None
    except Exception as error:  # a hostile or broken pickle can fail in any way at all
        raise BenchError(f"{where} is not a pickled list of float arrays: {folded(error)}") from None


class _Pending:
    """What the file calls an array or a type: the plain values that it gave."""

    def __init__(self, *values: Any) -> None:
        self.values = values
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = tuple(state)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _Pending
        raise ValueError(f"it asks for {module}.{name}")


_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}
_TYPES = {"f4": np.float32, "f8": np.float64}


def _array(item: object) -> NDArray[np.float32]:
    if not isinstance(item, _Pending) or len(item.state) != 5:
        raise ValueError("an item is no array")
    _, shape, kind, fortran, data = item.state
    if not isinstance(kind, _Pending) or kind.values[0] not in _TYPES or kind.state[1] not in ("<", ">"):
        raise ValueError("an array is not of floats")
    if not all(type(size) is int and size > 0 for size in shape):
        raise ValueError(f"an array of shape {shape}")
    raw = bytes(data)
    dtype = np.dtype(_TYPES[kind.values[0]]).newbyteorder(kind.state[1])
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"an array of shape {shape} with {len(raw)} bytes")
    values = np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("an array holds NaN or infinity")
    return values

"""Read float arrays from a pickle and nothing else; the file cannot choose a class to call.

Pickles of Python 2 and of Python 3 are read, of protocols 0 to 4. In those of Python 2 an array's bytes are a string.
Python 3 writes bytes in protocols 0 to 2 as a call of `_codecs.encode`; `_latin_1` is called in its place.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.contracts.errors import BenchError, folded


def float_arrays(content: bytes, where: str) -> list[NDArray[np.float32]]:
    """Return the arrays of a pickled list; BenchError if the pickle asks for anything but plain float arrays.

    The arrays are built here from the pickle's plain values (shape, type, bytes); numpy's own unpickling is not used.
    """
    try:
        listed = _Unpickler(io.BytesIO(content), encoding="latin-1").load()
        if not isinstance(listed, list) or not listed:
            raise ValueError("no list of arrays")
        return [_array(item) for item in listed]
    except MemoryError:
        raise BenchError(f"{where}: the pickle asks for more memory than there is") from None
    except Exception as error:  # a hostile or broken pickle can fail in any way at all
        raise BenchError(f"{where} is not a pickled list of float arrays: {folded(error)}") from None


class _Pending:
    """The plain values that the file gives for an array or a type."""

    def __init__(self, *values: Any) -> None:
        self.values = values
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = tuple(state)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _Pending
        if (module, name) == ("_codecs", "encode"):
            return _latin_1
        raise ValueError(f"it asks for {module}.{name}")


def _latin_1(*values: Any) -> bytes:
    """Return the bytes whose values are the code points of the text, if the encoding is latin-1."""
    match values:
        case (str(text), "latin1" | "latin-1"):
            return text.encode("latin-1")
    raise ValueError("it asks for an encoding other than latin-1")


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
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(raw, bytes | bytearray):
        raise ValueError("an array has no bytes")
    dtype = np.dtype(_TYPES[kind.values[0]]).newbyteorder(kind.state[1])
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"an array of shape {shape} with {len(raw)} bytes")
    values = np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("an array holds NaN or infinity")
    return values

"""Look at the user's plug-ins in a process of its own, so that this one imports none of their code.

What comes back is plain data: knobs, checksums, facts of a dataset. An import may end its process, never end, or change
whatever it can reach; this process and the other looks do not notice.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from bench.contracts.errors import BenchError, ContractError, folded, named
from bench.engine import local, worker
from bench.engine.workers import end_group
from bench.plugins import checksum as code
from bench.plugins import folders, loading, surroundings
from bench.plugins.look import Named

LONGEST = 120.0
"""Seconds that the imports of a look may take."""
PLAIN = {("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("builtins", "set"), ("builtins", "frozenset")}
"""Classes of Python's own that a result may hold, besides numbers, text and their tuples, lists and dicts."""
T = TypeVar("T")


def apart(plugins: Sequence[Named], function: Callable[..., T], /, *given: object, longest: float = LONGEST) -> T:
    """Return what the function gives: called here if all plug-ins are of our own shelves, else in a process of its own.

    BenchError if the import of a plug-in ends that process or takes more than `longest` seconds, if the function raises
    BenchError, or if its result is no plain data. What the process prints appears here.
    """
    if not any(_is_foreign(text) for _, text in plugins):
        return function(*given)
    names = ", ".join(text for _, text in plugins)
    process, said = local.start(_look, plugins, function, given, dict(os.environ), name=f"bench look at {names}")
    try:
        return _Hearing(said, [text for _, text in plugins], longest).result()  # type: ignore[no-any-return]  # what the function returned
    finally:
        process.kill()
        end_group(process.pid)
        process.join()
        said.close()


def _is_foreign(text: str) -> bool:
    """Return whether a plug-in is code of the user; False if the reference is wrong, which its look tells."""
    try:
        return bool(code.checksum(text))
    except BenchError:
        return False


class _Hearing:
    """What comes from the process of a look: the text that it prints, and at last its result."""

    def __init__(self, said: Connection, plugins: Sequence[str], longest: float) -> None:
        self.said, self.plugins, self.longest = said, plugins, longest
        self.names = ", ".join(plugins)

    def result(self) -> Any:
        """Return the result, when it has come; BenchError if the process says so, ends or is late with its imports."""
        until = time.monotonic() + self.longest
        self._next(until)  # says that all are imported
        kind, value = self._next()
        if kind == "refused":
            known = any(text.rpartition(":")[2] in value for text in self.plugins)
            raise BenchError(value if known else f"{self.names}: {value}")
        if kind == "failed":
            raise BenchError(f"{self.names} cannot be looked at: {value}")
        return value

    def _next(self, until: float | None = None) -> tuple[str, Any]:
        """Return the next message that is no print."""
        while True:
            if until is not None and not self.said.poll(max(0.0, until - time.monotonic())):
                raise BenchError(f"{self.names}: its import takes more than {self.longest:.0f} s: let it do less")
            try:
                kind, value = _Plain(io.BytesIO(self.said.recv_bytes())).load()
            except (EOFError, OSError):
                raise BenchError(self._death(until)) from None
            if kind not in ("stdout", "stderr"):
                return kind, value
            getattr(sys, kind).write(value)

    def _death(self, until: float | None) -> str:
        does = "its import" if until is not None else "its Settings or load()"
        return f"{self.names}: {does} ends the process (as os._exit, exec or a crash does): move what does so elsewhere"


class _Plain(pickle.Unpickler):
    """Reads plain data and objects of this package; no code of a plug-in is imported for it."""

    def find_class(self, module: str, name: str) -> Any:
        ours = module.startswith("bench.") and not module.startswith(f"{folders.__name__}.")
        if ours or (module, name) in PLAIN:
            return super().find_class(module, name)
        raise BenchError(f"a knob or a fact is a {module}.{name}; give numbers, text, truth values and tuples of these")


def _look(
    plugins: Sequence[Named],
    function: Callable[..., object],
    given: Sequence[object],
    environment: Mapping[str, str],
    says: Connection,
) -> None:
    """Import the plug-ins, call the function, and send its result. What else is wrong with a plug-in, it says."""
    worker.begin(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    sys.stdout, sys.stderr = _Forwards(says, "stdout"), _Forwards(says, "stderr")
    send = _sender(says)
    for group, text in plugins:
        with surroundings.kept(), suppress(Exception, SystemExit):
            loading.load(group, text)
    send("imported", None)
    send(*_outcome(function, given))
    os._exit(0)


def _outcome(function: Callable[..., object], given: Sequence[object]) -> tuple[str, Any]:
    try:
        return "result", function(*given)
    except (BenchError, ContractError) as error:
        return "refused", folded(error)
    except BaseException as error:  # SystemExit too: a plug-in can raise anything
        traceback.print_exc()
        return "failed", folders.plain(named(error))


def _sender(says: Connection) -> Callable[[str, Any], None]:
    """Return a function that sends a message. It keeps what it needs, whatever a plug-in changes later."""
    dumps, send, lock = pickle.dumps, says.send_bytes, threading.Lock()

    def sender(kind: str, value: Any) -> None:
        with lock:
            send(dumps((kind, value)))

    return sender


class _Forwards(io.TextIOBase):
    """A standard stream whose text is sent to the process that wanted the look."""

    def __init__(self, says: Connection, kind: str) -> None:
        self._send, self._kind = _sender(says), kind

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._send(self._kind, text)
        return len(text)

"""What goes wrong with a tracking store, as one type of error, and how long to wait for its answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from bench.contracts.errors import BenchError, message_lines, named

T = TypeVar("T")

THEIRS = ("mlflow", "sqlalchemy", "alembic", "sqlite3", "requests", "urllib3")
"""Packages whose errors come from the store."""
WAITING = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds without an answer; the default is 120
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the default waits for minutes
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a server may ask for hours
}
"""Settings of MLflow's client that keep it from waiting long. A user's own settings stand."""


class StoreError(BenchError):
    """The tracking store does not answer, is damaged or has no room. What it should hold is in the runs folder too."""


def wait_seconds_only() -> None:
    """Keep MLflow's client from waiting for minutes. Call it before mlflow is imported."""
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)


@contextmanager
def clear_errors(uri: str) -> Iterator[None]:
    """Raise what a store raises as StoreError of one line; other errors stay as they are."""
    try:
        yield
    except BenchError:
        raise
    except Exception as error:
        if not (isinstance(error, OSError) or type(error).__module__.startswith(THEIRS)):
            raise
        raise as_store_error(error, uri) from error


def as_store_error(error: Exception, uri: str) -> StoreError:
    """Return the error as a StoreError, whose message is the first telling line."""
    if isinstance(error, StoreError):
        return error
    theirs = isinstance(error, OSError) or type(error).__module__.startswith(THEIRS)
    told = (line for line in message_lines(error) if not line.startswith("(raised as a"))
    return StoreError(f"MLflow at {uri}: {next(told, type(error).__name__) if theirs else named(error, 1)}")


class Waiter(Generic[T]):
    """Makes calls one after another, each in a thread, and waits for a limited time only.

    A call that takes longer goes on in its thread, which does not keep the process from ending. The next call waits for
    it first, so no two run at the same time.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._thread: threading.Thread | None = None

    def result(self, call: Callable[[], T]) -> T:
        """Return what the call returns, or raise what it raises; TimeoutError if it takes too long."""
        self._wait()
        results, errors = list[T](), list[BaseException]()

        def work() -> None:
            try:
                results.append(call())
            except BaseException as error:
                errors.append(error)

        self._thread = threading.Thread(target=work, daemon=True, name="tracking store")
        self._thread.start()
        self._wait()
        for error in errors:
            raise error
        return results[0]

    def _wait(self) -> None:
        if self._thread is not None:
            self._thread.join(self.seconds)
            if self._thread.is_alive():
                raise TimeoutError(f"no answer in {self.seconds:g} s")

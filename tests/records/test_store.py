"""Calls of a store take a limited time, and their errors are of one type and one line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from bench.contracts.errors import BenchError
from bench.records.store import StoreError, Waiter, clear_errors


def test_a_call_gives_its_result_or_its_error() -> None:
    waiter = Waiter[int](300.0)
    assert waiter.result(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        waiter.result(lambda: 1 // 0)
    assert waiter.result(lambda: 4) == 4


def test_a_call_that_takes_too_long_is_left_and_no_other_runs_beside_it() -> None:
    go, waiter, done = threading.Event(), Waiter[bool](0.05), list[str]()

    def slow() -> bool:
        go.wait()
        done.append("slow")
        return True

    for call in (slow, lambda: bool(done.append("beside"))):
        with pytest.raises(TimeoutError, match=r"^no answer in 0\.05 s$"):
            waiter.result(call)
    go.set()
    waiter.seconds = 300.0
    assert waiter.result(lambda: True) and done == ["slow"]


def test_a_call_that_never_ends_keeps_no_process_from_ending() -> None:
    code = "from threading import Event\nfrom bench.records.store import Waiter\n"
    code += "try: Waiter(0.05).result(Event().wait)\nexcept TimeoutError: print('left')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "left\n"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), sqlite3.DatabaseError("malformed")])
def test_errors_of_a_store_are_one_line(error: Exception) -> None:
    with pytest.raises(StoreError, match=rf"^MLflow at there: .*{error.args[-1]}$"), clear_errors("there"):
        raise error
    assert issubclass(StoreError, BenchError)
    with pytest.raises(KeyError), clear_errors("there"):
        raise KeyError("ours")
    with suppress(BenchError), clear_errors("there"):
        raise BenchError("it stays")

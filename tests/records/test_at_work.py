"""One run of each plan at a time, or one command that changes the whole folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records import at_work

Entered = Callable[..., AbstractContextManager[None]]
ALL, ONE, TWO = at_work.on_all, partial(at_work.on_plan, "one"), partial(at_work.on_plan, "my two")


@contextmanager
def elsewhere(enter: Entered, runs: Path) -> Iterator[threading.Event]:
    """Be at work in another thread until the event is set; its locks are other ones, as those of another process."""
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with enter(runs=runs):
            entered.set()
            leave.wait(300)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(300)
    yield leave
    leave.set()
    thread.join()


def test_two_plans_are_worked_on_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(elsewhere(ONE, tmp_path))
        stack.enter_context(TWO(runs=tmp_path))
        with pytest.raises(BenchError, match="on plan my two "), ALL(runs=tmp_path):
            pass


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (ONE, ONE, r"on plan one \(process {pid} .*wait for it with --wait, or give another --plan"),
        (ONE, ALL, r"on plan one \(process {pid} .*wait for it with --wait, or give --runs another folder"),
        (ALL, ONE, r"\(process {pid} .*or give another --plan"),
        (ALL, ALL, r"\(process {pid} .*or give --runs another folder"),
    ],
)
def test_who_comes_second_is_refused_or_waits(first: Entered, second: Entered, told: str, tmp_path: Path) -> None:
    said: list[str] = []
    with elsewhere(first, tmp_path) as leave:
        message = f"another bench is at work in {tmp_path} ?{told.format(pid=os.getpid())}"
        with pytest.raises(BenchError, match=message), second(runs=tmp_path):
            pass

        def waiting(line: str) -> None:
            said.append(line)
            leave.set()

        with second(runs=tmp_path, waiting=waiting):
            assert len(said) == 1 and said[0].endswith("; waiting for it")
    with second(runs=tmp_path):
        pass

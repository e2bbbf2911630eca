"""Write a plan to a tracking store while its cells run. The store never decides whether training goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench.records.journal import Record
from bench.records.one_name import NamedCorpus
from bench.records.plans import Entries
from bench.records.runs import RunsFolder
from bench.records.store import Waiter, as_store_error
from bench.records.sync import ended
from bench.records.tracker import Tracker, quoted

T = TypeVar("T")

LONGEST = 120.0
"""Seconds that one call may take, as for the files of one cell."""
PAUSE = 20.0
"""Least seconds between a call that failed and the next; a store that takes long to fail is left alone for longer."""


class Mirror:
    """A plan in a tracking store. No error of the store leaves this class: it is told by `warn`, at most twice.

    `entries` are the plan's cells; set them before a cell is written. BenchError if the store cannot hold the plan's
    name. `Tracker.project` writes later what is missing, as `bench sync` does.
    """

    def __init__(self, tracker: Tracker, plan: str, runs: Path, warn: Callable[[str], object]) -> None:
        quoted(plan)
        self.tracker, self.plan, self.runs, self.warn = tracker, plan, runs, warn
        self.entries: Entries = {}
        self._waiter = Waiter[Any](LONGEST)
        self._prepared = self._told = False
        self._after = 0.0

    def attempt(self, call: Callable[[], T]) -> T | None:
        """Return what a call of the tracker returns; None if it fails, or if another failed a short while ago."""
        return self._attempt(call) if time.monotonic() >= self._after else None

    def corpora(self) -> list[NamedCorpus]:
        """Return the corpora that the store has for the plan; empty if it does not say."""
        return self.attempt(partial(self.tracker.corpora, self.plan)) or []

    def bring(self, record: Record) -> None:
        """Write a cell that has ended."""
        self.attempt(self._writing(record))

    def finish(self) -> bool:
        """Write each cell that has ended and is not written yet; return whether the store now has them all."""
        for record in ended(self.entries, RunsFolder(self.runs)):
            if (
                self._attempt(self._writing(record), f"{self.runs} keeps everything: `bench sync` writes it later")
                is None
            ):
                return False
        return True

    def _writing(self, record: Record) -> Callable[[], str]:
        return partial(self.tracker.project, record, self.plan, self.entries[record.folder.name])

    def _attempt(self, call: Callable[[], T], remedy: str = "") -> T | None:
        began = time.monotonic()
        try:
            result: T = self._waiter.result(partial(self._call, call))
        except Exception as error:  # whatever a store raises: training goes on
            self._after = time.monotonic() + max(PAUSE, 10 * (time.monotonic() - began))
            if remedy or not self._told:
                self.warn(f"{as_store_error(error, self.tracker.uri)}; {remedy or 'training goes on without it'}")
            self._told = True
            return None
        return result

    def _call(self, call: Callable[[], T]) -> T:
        if not self._prepared:
            self.tracker.prepare()
            self._prepared = True
        return call()

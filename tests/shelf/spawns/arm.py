"""A plug-in that starts a process and passes it objects of its own and of a sibling."""

import multiprocessing
from dataclasses import dataclass
from typing import Any

from . import rows


@dataclass(frozen=True)
class Knobs:
    size: int = 3


@dataclass(frozen=True)
class Doubles:
    size: int

    def __call__(self, row: rows.Row) -> Knobs:
        return Knobs(2 * row.value * self.size)


def worker(queue: Any, inbox: Any) -> None:
    from .rows import Row

    function, row = inbox.get()
    assert type(row) is Row
    queue.put(function(row))


class Arm:
    Settings = Knobs

    def phases(self) -> list[Any]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def ask(self, method: str) -> tuple[Knobs, int | None]:
        """Return what a child process computes from two objects, and its exit code."""
        context: Any = multiprocessing.get_context(method)
        queue, inbox = context.Queue(), context.Queue()
        child = context.Process(target=worker, args=(queue, inbox))
        child.start()
        inbox.put((Doubles(5), rows.Row(7)))
        answer = queue.get(timeout=60)
        child.join()
        return answer, child.exitcode

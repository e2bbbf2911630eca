"""Import the user's plug-ins in a process of their own first: an import may end its process, or never end.

The probe says only whether the import ends well enough to go on. What else is wrong with a plug-in, the plan says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection

from bench.contracts.errors import BenchError
from bench.contracts.guards.plugin import Group
from bench.engine import local, worker
from bench.engine.workers import end_group
from bench.plugins import checksum as code
from bench.plugins import loading, surroundings

LONGEST = 120.0
"""Seconds that an import may take."""


def refuse_deadly(plugins: Iterable[tuple[Group, str]], longest: float = LONGEST) -> None:
    """Raise BenchError if the import of a plug-in ends its process, or takes more than `longest` seconds.

    Else import it here too, and put back what that changes around it. Plug-ins of the shelves are not looked at.
    """
    for group, text in dict.fromkeys(plugins):
        if _is_foreign(text):
            _look(group, text, longest)
            with surroundings.kept(), suppress(BenchError):  # the plan says what else is wrong with it
                loading.load(group, text)


def _is_foreign(text: str) -> bool:
    """Return whether a plug-in is code of the user; False if the reference is wrong, which the plan tells."""
    try:
        return bool(code.checksum(text))
    except BenchError:
        return False


def _look(group: Group, text: str, longest: float) -> None:
    process, said = local.start(_import, group, text, dict(os.environ), name=f"bench probe {text}")
    ended = said.poll(longest)
    survived = False
    with suppress(EOFError, OSError):
        survived = ended and said.recv_bytes(10) == b"imported"
    process.kill()
    end_group(process.pid)
    process.join()
    if not ended:
        raise BenchError(f"{text}: its import takes more than {longest:.0f} s: let it do less")
    if not survived:
        raise BenchError(
            f"{text}: its import ends the process (as os._exit, exec or a crash does): move what does so into the class"
        )


def _import(group: Group, text: str, environment: Mapping[str, str], says: Connection) -> None:
    """Import a plug-in and say that this process lives on, also if the import raised an exception."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # what the import starts is ended with this process
    worker.set_environment(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    with suppress(Exception, SystemExit):
        loading.load(group, text)
    says.send_bytes(b"imported")
    os._exit(0)

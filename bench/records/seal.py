"""The seal of a finished cell: checksums of its files and its journal, and the damage that they show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.files import file_checksum
from bench.records.events import (
    Diverged,
    Done,
    Event,
    Failed,
    Interrupted,
    OutOfMemory,
    Sealed,
    Start,
    TimedOut,
    from_line,
)
from bench.records.typed import Misfit

FILES = ("samples.txt", "scores.parquet", "generator.safetensors", "generator.pt")
TELLING = (Start, Interrupted, Done, Sealed, Failed, TimedOut, OutOfMemory, Diverged)
"""The events that tell the state of a cell."""


class Story(NamedTuple):
    """The events of a journal, what is wrong with it or with the files of its cell ("" if nothing is), and its seal.

    `torn` are the numbers of lines without an event of this version; a killed process may leave one.
    """

    events: tuple[Event, ...]
    damage: str
    seal: Sealed | None
    torn: tuple[int, ...]


class _Line(NamedTuple):
    number: int
    start: int
    event: Event | None
    misfit: str


def checksums(folder: Path) -> dict[str, str]:
    """Return file -> sha256 of the files of a finished cell."""
    return {name: file_checksum(folder / name) for name in FILES if (folder / name).is_file()}


def read(content: bytes, folder: Path) -> Story:
    """Return the story of the cell in a folder from its journal's bytes. Its files must exist; they are not read."""
    lines = list(_lines(content))
    events = tuple(line.event for line in lines if line.event is not None)
    seal = next((line for line in reversed(lines) if isinstance(line.event, Sealed)), None)
    misfit = next((f"journal.jsonl, line {line.number}: {line.misfit}" for line in lines if line.misfit), "")
    found = seal.event if seal and isinstance(seal.event, Sealed) else None
    torn = tuple(line.number for line in lines if line.event is None and not line.misfit)
    ended = next((event for event in reversed(events) if isinstance(event, TELLING)), None)
    damage = misfit
    is_done = isinstance(ended, Done | Sealed)
    if is_done and not damage:
        damage = _broken(content, lines, ended, seal) or _missing(folder, found)
    return Story(events, damage, found if is_done else None, torn)


def events_of(content: bytes) -> Iterator[Event]:
    """Yield the events of a part of a journal; lines without an event of this version are left out."""
    return (line.event for line in _lines(content) if line.event is not None)


def faults(folder: Path, seal: Sealed) -> dict[str, str]:
    """Return file -> what is wrong with it, for each file that does not match the seal."""
    found = {name: _fault(folder / name, digest) for name, digest in seal.files.items()}
    return {name: fault for name, fault in found.items() if fault}


def check(folder: Path, seal: Sealed | None, *names: str) -> None:
    """Raise BenchError if a file does not match the seal; a cell without a seal passes."""
    known = {name: digest for name, digest in (seal.files if seal else {}).items() if name in names}
    for name, digest in known.items():
        if fault := _fault(folder / name, digest):
            raise BenchError(f"{folder / name} {fault}: bring a copy back, or remove {folder} and run the cell again")


def _lines(content: bytes) -> Iterator[_Line]:
    start = 0
    for number, raw in enumerate(content.split(b"\n"), 1):
        event, misfit = None, ""
        try:
            event = from_line(json.loads(raw.decode(errors="replace")))
        except Misfit as error:
            misfit = str(error)
        except (ValueError, RecursionError):
            pass
        if raw.strip():
            yield _Line(number, start, event, misfit)
        start += len(raw) + 1


def _broken(content: bytes, lines: list[_Line], ended: Event | None, seal: _Line | None) -> str:
    """Return what is wrong with the journal of a cell that is done; "" if nothing is, or if it was never sealed."""
    if seal is None or not isinstance(seal.event, Sealed):
        lost = isinstance(ended, Done) and ended.sealed
        return "the last line of journal.jsonl is damaged or missing" if lost else ""
    if seal is not lines[-1]:
        return "journal.jsonl goes on after its last line"
    if sha256(content[: seal.start]) != seal.event.journal:
        return "journal.jsonl was changed after the cell ended"
    return ""


def _missing(folder: Path, seal: Sealed | None) -> str:
    names: Mapping[str, str] = seal.files if seal else {}
    gone = [name for name in names if not (folder / name).is_file()]
    return f"{' and '.join(gone)} {'are' if len(gone) > 1 else 'is'} missing" if gone else ""


def _fault(path: Path, digest: str) -> str:
    """Return what is wrong with a file; "" if it has the digest."""
    try:
        return "" if file_checksum(path) == digest else "was changed after the cell ended"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"

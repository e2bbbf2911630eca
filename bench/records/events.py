"""The events of a journal, one frozen class each, and their JSON form on disk.

A line on disk is {"event": NAME, "time": ..., then the fields in the order of the class}. A field that is None is not
written. Journals of older versions lack the fields that may be None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from bench.contracts.errors import folded
from bench.contracts.metric import Profile, Score
from bench.records import scores as codec
from bench.records import typed


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a journal. `Journal.append` sets `time`, in seconds since the epoch."""

    NAME: ClassVar[str] = ""
    time: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Start(Event):
    """A job begins. Holds the data's source, notes, size of the vocabulary, rows of each split, and length T."""

    NAME: ClassVar[str] = "start"
    source: Mapping[str, str]
    notes: Sequence[str]
    vocabulary: int | None = None
    train: int | None = None
    valid: int | None = None
    test: int | None = None
    length: int | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseStart(Event):
    """A phase of training begins; `begins` and `ends` count the epochs that train the generator."""

    NAME: ClassVar[str] = "phase"
    name: str
    epochs: int | None = None
    begins: int
    ends: int
    trains_generator: bool


@dataclass(frozen=True, kw_only=True)
class Epoch(Event):
    """An epoch of a phase ended, after so many `updates`, which are steps of torch's optimizers.

    `values` are what the trainer's step() returned.
    """

    NAME: ClassVar[str] = "epoch"
    phase: str
    epoch: int
    epochs: int
    seconds: float | None = None
    updates: int | None = None
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Curve(Event):
    """A point of the learning curves: metric -> value after `x` epochs that trained the generator."""

    NAME: ClassVar[str] = "curve"
    x: int
    phase: str
    scores: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class SharedStart(Event):
    """The first phase ended at the start `key`, which cells of other arms with the same seed share.

    `seconds` is the time that its training took; if it was `found`, another cell spent them.
    """

    NAME: ClassVar[str] = "shared-start"
    key: str
    found: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Refused(Event):
    """Checkpoints were refused, or one was not written; the message says why, and where training goes on."""

    NAME: ClassVar[str] = "refused"
    message: str


@dataclass(frozen=True, kw_only=True)
class Judged(Event):
    """The checkpoint that is judged: the one after `epoch` of the phase's `epochs`."""

    NAME: ClassVar[str] = "judged"
    phase: str
    epoch: int
    epochs: int


@dataclass(frozen=True, kw_only=True)
class Done(Event):
    """The job ended with scores, by metric.

    `hypotheses` is the number of judged sequences, `copied` the share of them that equal a training row. `seconds` is
    the time spent training, `wall_seconds` the whole time, `memory` the most bytes that the process held. `tokens` are
    those that the whole training samples, by the trainer's stated cost. `profiles` are values by position, such as the
    exposure bias at each position, under the names that the metrics give. `problems` are what the quick checks of the
    contract find wrong with a trainer of the user's; None if they were not done, as on a trainer of this package.
    `sealed` says that a `Sealed` follows.
    """

    NAME: ClassVar[str] = "done"
    scores: Mapping[str, Score]
    hypotheses: int
    copied: float | None = None
    seconds: float
    wall_seconds: float | None = None
    memory: int | None = None
    profiles: Mapping[str, Profile] | None = None
    tokens: int | None = None
    problems: Sequence[str] | None = None
    sealed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Sealed(Event):
    """The last line of a finished cell: file -> sha256 of what it left, and the sha256 of the journal before this line.

    Journals of older versions have no such line.
    """

    NAME: ClassVar[str] = "sealed"
    files: Mapping[str, str]
    journal: str


@dataclass(frozen=True, kw_only=True)
class Beside(Event):
    """A metric of the user's own judged a cell that is done: `metric` is its reference, `scores` are by column.

    A later one of the same `metric` takes its place. The cell stays what it is: no id depends on such a metric.
    """

    NAME: ClassVar[str] = "beside"
    metric: str
    scores: Mapping[str, Score]


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The job ended with an error, on one line."""

    NAME: ClassVar[str] = "failed"
    error: str


@dataclass(frozen=True, kw_only=True)
class TimedOut(Failed):
    """The job was ended because no epoch ended for too long."""

    NAME: ClassVar[str] = "timed out"


@dataclass(frozen=True, kw_only=True)
class OutOfMemory(Failed):
    """The job was ended, or could not go on, because it used too much memory."""

    NAME: ClassVar[str] = "out of memory"


@dataclass(frozen=True, kw_only=True)
class Diverged(Failed):
    """Training reached numbers that are not finite, or absurdly large; `error` says which, and in which epoch."""

    NAME: ClassVar[str] = "diverged"


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """The job stopped and can resume. `error` says how its process died; None if the user stopped it."""

    NAME: ClassVar[str] = "interrupted"
    error: str | None = None


_KINDS: dict[str, type[Event]] = {
    kind.NAME: kind
    for kind in (
        *(Start, PhaseStart, Epoch, Curve, SharedStart, Refused, Judged, Done, Sealed, Beside),
        *(Failed, TimedOut, OutOfMemory, Diverged, Interrupted),
    )
}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS.values()}
_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "str": typed.is_text,
    "str | None": typed.maybe(typed.is_text),
    "int": typed.is_whole,
    "int | None": typed.maybe(typed.is_whole),
    "float": typed.is_finite,
    "float | None": typed.maybe(typed.is_finite),
    "bool": typed.is_truth,
    "bool | None": typed.maybe(typed.is_truth),
    "Sequence[str]": typed.each(typed.is_text),
    "Sequence[str] | None": typed.maybe(typed.each(typed.is_text)),
    "Mapping[str, str]": typed.by_name(typed.is_text),
    "Mapping[str, float]": typed.by_name(typed.is_number),  # of step(): what diverged is NaN or infinite
    "Mapping[str, float | None]": typed.by_name(typed.maybe(typed.is_finite)),
    "Mapping[str, Profile] | None": typed.maybe(typed.by_name(typed.each(typed.maybe(typed.is_finite)))),
    "Mapping[str, Score]": lambda value: isinstance(value, Mapping),  # by the codec
}
"""The annotation of a field -> whether a JSON value fits it."""
_FITS = {
    kind: {field.name: _CHECKS[str(field.type)] for field in fields(kind)} | {"time": typed.is_time}
    for kind in _KINDS.values()
}


def to_line(event: Event) -> dict[str, Any]:
    """Return the JSON object of an event."""
    given = {name: getattr(event, name) for name in _FIELDS[type(event)]}
    if isinstance(event, Done | Beside):
        given["scores"] = codec.to_json(event.scores)
    return {"event": event.NAME, **{name: value for name, value in given.items() if value is not None}}


def from_line(line: Any) -> Event | None:
    """Return the event of a JSON value; None if it is no event of this version. Fields of later versions are left out.

    Misfit if a field of the event is missing or has another type.
    """
    name = line.get("event") if isinstance(line, dict) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    given = {field: line[field] for field in _FIELDS[kind] if field in line}
    for field, value in given.items():
        if not _FITS[kind][field](value):
            raise typed.Misfit(f"{field} of {name} is {value!r:.40}")
    try:
        if kind in (Done, Beside):
            given["scores"] = codec.from_json(given["scores"])
        return kind(**given)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise typed.Misfit(f"{name}: {folded(error, 80)}") from None

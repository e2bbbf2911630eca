"""Events keep the form that journals have on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.metric import Score
from bench.records import events
from bench.records.events import (
    Beside,
    Curve,
    Done,
    Epoch,
    Event,
    Failed,
    Interrupted,
    Judged,
    PhaseStart,
    Refused,
    Sealed,
    SharedStart,
    Start,
)
from bench.records.journal import Journal
from bench.records.typed import Misfit

SOURCE = {"file": "a.txt", "sha256": "00", "licence": "MIT", "kind": "local"}
SCORES = {"nll": Score(value=1.5, better="lower", signature="nll|v:0")}
LINES: dict[str, Event] = {
    '{"event": "start", "time": 1.5, "source": {"file": "a.txt", "sha256": "00", "licence": "MIT", "kind": "local"}, '
    '"notes": ["n"], "vocabulary": 9, "train": 4, "valid": 3, "test": 2, "length": 20}': Start(
        time=1.5, source=SOURCE, notes=["n"], vocabulary=9, train=4, valid=3, test=2, length=20
    ),
    '{"event": "phase", "time": 1.5, "name": "mle", "epochs": 3, "begins": 0, "ends": 3, "trains_generator": true}': (
        PhaseStart(time=1.5, name="mle", epochs=3, begins=0, ends=3, trains_generator=True)
    ),
    '{"event": "epoch", "time": 1.5, "phase": "mle", "epoch": 1, "epochs": 3, "seconds": 0.25, '
    '"values": {"loss": 4.2}}': Epoch(time=1.5, phase="mle", epoch=1, epochs=3, seconds=0.25, values={"loss": 4.2}),
    '{"event": "curve", "time": 1.5, "x": 1, "phase": "mle", "scores": {"nll": null}}': Curve(
        time=1.5, x=1, phase="mle", scores={"nll": None}
    ),
    '{"event": "shared-start", "time": 1.5, "key": "0f", "found": true, "seconds": 2.5}': SharedStart(
        time=1.5, key="0f", found=True, seconds=2.5
    ),
    '{"event": "refused", "time": 1.5, "message": "why"}': Refused(time=1.5, message="why"),
    '{"event": "judged", "time": 1.5, "phase": "mle", "epoch": 2, "epochs": 3}': Judged(
        time=1.5, phase="mle", epoch=2, epochs=3
    ),
    '{"event": "done", "time": 1.5, "scores": {"nll": {"value": 1.5, "better": "lower", "signature": "nll|v:0"}}, '
    '"hypotheses": 30, "copied": 0.0, "seconds": 2.0, "wall_seconds": 3.0}': Done(
        time=1.5, scores=SCORES, hypotheses=30, copied=0.0, seconds=2.0, wall_seconds=3.0
    ),
    '{"event": "done", "time": 1.5, "scores": {"nll": {"value": 1.5, "better": "lower", "signature": "nll|v:0"}}, '
    '"hypotheses": 30, "seconds": 2.0, "problems": ["it seeds again"]}': Done(
        time=1.5, scores=SCORES, hypotheses=30, seconds=2.0, problems=["it seeds again"]
    ),
    '{"event": "done", "time": 1.5, "scores": {"nll": {"value": null, "better": "lower", "signature": "s", '
    '"bound": "upper"}}, "hypotheses": 30, "seconds": 2.0}': Done(
        time=1.5,
        scores={"nll": Score(value=None, better="lower", signature="s", bound="upper")},
        hypotheses=30,
        seconds=2.0,
    ),
    '{"event": "beside", "time": 1.5, "metric": "m.py:Zeros", "scores": {"zeros": {"value": 0.5, "better": "lower", '
    '"signature": "zeros|share"}}}': Beside(
        time=1.5,
        metric="m.py:Zeros",
        scores={"zeros": Score(value=0.5, better="lower", signature="zeros|share", bound=None)},
    ),
    '{"event": "sealed", "time": 1.5, "files": {"samples.txt": "00"}, "journal": "11"}': Sealed(
        time=1.5, files={"samples.txt": "00"}, journal="11"
    ),
    '{"event": "failed", "time": 1.5, "error": "mle: it broke"}': Failed(time=1.5, error="mle: it broke"),
    '{"event": "interrupted", "time": 1.5}': Interrupted(time=1.5),
    '{"event": "interrupted", "time": 1.5, "error": "killed"}': Interrupted(time=1.5, error="killed"),
}
"""What versions up to this one write, byte for byte."""
OLDER: dict[str, Event] = {
    '{"event": "start", "time": 1.5, "source": {}, "notes": []}': Start(time=1.5, source={}, notes=[]),
    '{"event": "phase", "time": 1.5, "name": "mle", "begins": 0, "ends": 3, "trains_generator": true}': PhaseStart(
        time=1.5, name="mle", begins=0, ends=3, trains_generator=True
    ),
    '{"event": "epoch", "time": 1.5, "phase": "mle", "epoch": 1, "epochs": 3, "values": {}}': Epoch(
        time=1.5, phase="mle", epoch=1, epochs=3, values={}
    ),
    '{"event": "done", "time": 1.5, "scores": {}, "hypotheses": 30, "seconds": 2.0}': Done(
        time=1.5, scores={}, hypotheses=30, seconds=2.0
    ),
}
"""What older versions wrote."""


@pytest.mark.parametrize(("line", "event"), [*LINES.items(), *OLDER.items()])
def test_an_event_and_its_line_are_one(line: str, event: Event) -> None:
    assert events.from_line(json.loads(line)) == event
    assert json.dumps(events.to_line(event)) == line


def test_every_kind_of_event_is_shown_here() -> None:
    assert {type(event) for event in LINES.values()} == set(Event.__subclasses__())


def test_a_journal_holds_the_lines_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1.50004)
    journal = Journal(tmp_path)
    for event in LINES.values():
        journal.append(event)
    assert journal.path.read_bytes() == "".join(f"{line}\n" for line in LINES).encode()
    assert journal.read() == list(LINES.values())


@pytest.mark.parametrize("line", ["3", "[]", "{}", '{"event": "later"}', '{"event": {}}'])
def test_what_is_no_event_is_none(line: str) -> None:
    assert events.from_line(json.loads(line)) is None


@pytest.mark.parametrize(
    "scores",
    [
        None,
        3,
        [1],
        {"nll": 1.5},
        {"nll": {"value": 1.5, "better": "lower"}},
        {"nll": {"value": "1.5", "better": "lower", "signature": "s"}},
        {"nll": {"value": 1.5, "better": "up", "signature": "s"}},
        {"nll": {"value": 1.5, "better": ["lower"], "signature": "s"}},
        {"nll": {"value": 1.5, "better": "lower", "signature": None}},
        {"nll": {"value": 1.5, "better": "lower", "signature": "s", "bound": "near"}},
    ],
)
def test_scores_that_are_none_make_no_event(scores: Any) -> None:
    line = {"event": "done", "hypotheses": 30, "seconds": 2.0}
    whole = {"nll": {"value": 1.5, "better": "lower", "signature": "s", "later": 1}}
    assert isinstance(events.from_line(line | {"scores": whole}), Done)
    for misfit in (line | {"scores": scores}, line):
        with pytest.raises(Misfit):
            events.from_line(misfit)


BASE: dict[str, dict[str, Any]] = {event.NAME: events.to_line(event) for event in LINES.values()}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("start", {"time": "x"}),
        ("start", {"time": float("inf")}),
        ("start", {"time": 1e300}),
        ("start", {"time": -1.0}),
        ("start", {"time": True}),
        ("start", {"source": 5}),
        ("start", {"source": {"file": None}}),
        ("start", {"notes": "text"}),
        ("start", {"notes": ["\ud800"]}),
        ("start", {"vocabulary": 9.5}),
        ("start", {"train": 2**63}),
        ("phase", {"name": ["mle"]}),
        ("phase", {"trains_generator": 1}),
        ("epoch", {"values": [1]}),
        ("epoch", {"values": {"loss": "low"}}),
        ("epoch", {"seconds": 10**400}),
        ("epoch", {"phase": "\udc00"}),
        ("curve", {"x": True}),
        ("curve", {"scores": {"nll": float("nan")}}),
        ("done", {"hypotheses": "30"}),
        ("done", {"profiles": {"drift": [1, "2"]}}),
        ("done", {"scores": {"\ud800": {"value": 1.5, "better": "lower", "signature": "s"}}}),
        ("done", {"scores": {"nll": {"value": float("nan"), "better": "lower", "signature": "s"}}}),
        ("done", {"scores": {"nll": {"value": True, "better": "lower", "signature": "s"}}}),
        ("sealed", {"files": ["samples.txt"]}),
        ("failed", {"error": {}}),
    ],
)
def test_a_field_of_another_type_is_a_misfit(kind: str, change: dict[str, Any]) -> None:
    assert events.from_line(BASE[kind]) is not None
    with pytest.raises(Misfit):
        events.from_line(BASE[kind] | change)


@pytest.mark.parametrize("kind", BASE)
def test_a_field_that_is_missing_is_a_misfit(kind: str) -> None:
    needed = set(BASE[kind]) - {"event", "time", "vocabulary", "train", "valid", "test", "length", "epochs"}
    for field in needed - {"seconds", "copied", "wall_seconds", "bound", "error"} | ({"seconds"} & {kind}):
        with pytest.raises(Misfit):
            events.from_line({key: value for key, value in BASE[kind].items() if key != field})


def test_values_of_training_that_diverged_are_kept() -> None:
    line = BASE["epoch"] | {"values": {"loss": float("nan"), "norm": float("inf")}}
    event = events.from_line(json.loads(json.dumps(line)))
    assert isinstance(event, Epoch) and str(dict(event.values)) == "{'loss': nan, 'norm': inf}"


def test_fields_of_later_versions_are_left_out() -> None:
    assert events.from_line({"event": "failed", "error": "e", "cause": 3}) == Failed(error="e")


@pytest.mark.parametrize("kind", [Start, Done, Curve])
def test_fields_are_given_by_name(kind: Callable[..., Event]) -> None:
    with pytest.raises(TypeError):
        kind(1, 2, 3)

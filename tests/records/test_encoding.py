"""A record as a tracked run, and the frame made of tracked runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.planning.cell import Cell, Evaluation
from bench.records.encoding import COLUMNS, LONGEST, Projection, Tracked, curve_key, frame, json_list, project, safe
from bench.records.events import from_line
from bench.records.journal import Record
from bench.records.plans import Entry

ENTRY = Entry(tags={"preset": "quick", "git_commit": "abc"}, label="mle[k=2]", asked=7)
SCORE = {"value": 8.5, "better": "lower", "signature": "nll|v:0"}
START = {"event": "start", "time": 1.0, "source": {"file": "a.txt", "sha256": "00"}, "notes": ["T = 20"]}
DONE = {"event": "done", "time": 9.0, "scores": {"nll": SCORE}, "hypotheses": 30, "copied": 0.25, "seconds": 2.0}


def record(*lines: Mapping[str, Any], seed: int = 0, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "label": "mle",
        "reference": "mle",
        "baseline": "mle",
        "settings": (("batch", 64),),
        "dataset": "oracle",
        "dataset_label": "oracle",
        "dataset_settings": (("length", 20),),
        "fingerprint": "f",
        "seed": seed,
        "evaluation": Evaluation(),
    }
    events = tuple(event for line in lines if (event := from_line(dict(line))) is not None)
    assert len(events) == len(lines)
    return Record(Cell(**(fields | changes)), Path(), events)


def projected(*lines: Mapping[str, Any], **changes: Any) -> Projection:
    return project(record(*lines, **changes), "mine", ENTRY)


def test_tags_say_where_a_run_comes_from_and_how_it_ended() -> None:
    found = record(START, DONE)
    tags = project(found, "mine", ENTRY).tags
    expected = {
        "preset": "quick",
        "git_commit": "abc",
        "plan": "mine",
        "label": "mle[k=2]",
        "baseline": "mle",
        "cell": found.cell.id,
        "identity": found.cell.identity,
        "dataset": "oracle",
        "seed": "0",
        "rule": "last",
        "source.file": "a.txt",
        "source.sha256": "00",
        "notes": '["T = 20"]',
        "fingerprint": "f",
        "dataset.settings": '{"length": 20}',
        "status": "done",
        "metrics": '["nll"]',
        "phases": "[]",
        "signature.nll": "nll|v:0",
        "better.nll": "lower",
        "seconds": "2.0",
        "hypotheses": "30",
        "copied": "0.25",
    }
    assert expected.items() <= tags.items() and "asked" not in tags and "error" not in tags
    assert project(found, "mine", Entry()).tags["label"] == "mle", "its own label, if the plan gives none"


def test_a_failed_run_tells_its_error_and_no_score() -> None:
    found = projected(START, DONE, {"event": "failed", "time": 10.0, "error": "mle: it broke"})
    assert (found.tags["status"], found.tags["error"], found.tags["metrics"]) == ("failed", "mle: it broke", "[]")
    assert not found.points


def test_settings_become_parameters() -> None:
    params = projected(START).params
    expected = {"settings.batch": "64", "dataset.length": "20", "evaluation.rule": "last", "seed": "0", "device": "cpu"}
    assert expected.items() <= params.items()


def test_points_are_final_scores_curves_and_epochs() -> None:
    def epoch(phase: str, number: int, **values: float) -> dict[str, Any]:
        return {"event": "epoch", "time": 2.0, "phase": phase, "epoch": number, "epochs": 2, "values": values}

    def curve(x: int, value: float | None) -> dict[str, Any]:
        return {"event": "curve", "time": 3.0, "x": x, "phase": "mle", "scores": {"nll": value}}

    lines = (START, epoch("mle", 1, loss=4.0), curve(1, 9.0), epoch("mle", 1, loss=3.0), curve(1, 8.0), curve(2, None))
    points = projected(*lines, epoch("mle", 2, loss=float("nan")), DONE).points
    assert [(point.key, point.value, point.step, point.time) for point in points] == [
        ("nll", 8.5, 0, 9.0),
        ("cost/train_seconds", 2.0, 0, 9.0),
        ("curve/nll", 8.0, 1, 3.0),
        ("loss/mle", 3.0, 1, 2.0),
    ], "the repeated ones of a resumed run once, none that is undefined"


def test_the_last_phases_that_train_the_generator_are_kept() -> None:
    names = [f"{i}{'x' * 100}" for i in range(20)]
    lines = [
        {"event": "phase", "time": 1.0, "name": name, "begins": i, "ends": i + 1, "trains_generator": i != 3}
        for i, name in enumerate(names)
    ]
    kept = json.loads(projected(START, *lines).tags["phases"])
    assert [phase["begins"] for phase in kept] == list(range(4, 20))
    assert kept[0] == {"name": "4" + "x" * 79, "begins": 4, "ends": 5, "trains_generator": True}


def test_where_the_judged_checkpoint_stands() -> None:
    judged = {"event": "judged", "time": 5.0, "phase": "tune", "epoch": 2, "epochs": 3}
    assert json.loads(projected(START, judged).tags["judged"]) == {"phase": "tune", "epoch": 2, "epochs": 3}
    assert "judged" not in projected(START).tags


def test_the_digest_is_that_of_the_journal_and_the_label() -> None:
    found = record(START, DONE)
    digests = [project(found, plan, entry).digest for plan, entry in (("a", ENTRY), ("b", Entry(label=ENTRY.label)))]
    text = json.dumps([[START, DONE], "mle[k=2]"], sort_keys=True)  # as all versions made it from the lines on disk
    assert digests[0] == digests[1] == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert project(found, "a", Entry()).digest != digests[0] != projected(START).digest


def test_lists_lose_what_does_not_fit_and_stay_lists() -> None:
    assert json_list([]) == "[]" and json_list(["a", {"b": None}]) == '["a", {"b": null}]'
    text = json_list(["first", "y" * LONGEST, "last", *("z" * 50 for _ in range(100))])
    assert len(text) <= LONGEST and json.loads(text)[:3] == ["first", "last", "z" * 50]
    assert all(len(value) <= LONGEST for value in projected({**START, "notes": ["n" * 9000]}).tags.values())


@pytest.mark.parametrize("name", ["nll_test", "bleu-2", "a.b c"])
def test_a_plain_name_is_its_own_key(name: str) -> None:
    assert safe(name) == name and curve_key(name) == f"curve/{name}"


def test_no_two_names_share_a_key() -> None:
    names = ["", ".", "a/b", "a:b", "a_b", "ü", "x" * 200, "x" * 201, "a\nb"]
    keys = {safe(name) for name in names}
    assert len(keys) == len(names) and all(key and len(key) <= 110 and "/" not in key for key in keys)


def tracked(found: Record, projected: int, plan: str = "mine", label: str | None = None) -> Tracked:
    made = project(found, plan, Entry(label=label))
    values = {point.key: point.value for point in made.points if "/" not in point.key}
    return Tracked(f"run{projected}", made.tags | {"projected": str(projected)}, values)


def test_a_row_of_the_frame_is_a_metric_of_a_run() -> None:
    scores = {"nll": SCORE, "b/leu": {**SCORE, "value": None, "better": "higher"}}
    table = frame([tracked(record(START, {**DONE, "scores": scores}), 3)])
    assert set(COLUMNS) <= set(table.columns) and list(table["metric"]) == ["nll", "b/leu"]
    assert list(table["value"]) == [8.5, None] and list(table["better"]) == ["lower", "higher"]
    first = table.iloc[0]
    assert (first["label"], first["seed"], first["copied"], first["run_id"], first["source_file"]) == (
        *("mle", 0, 0.25, "run3"),
        "a.txt",
    )


def test_a_run_without_scores_is_one_row() -> None:
    table = frame([tracked(record(START, {"event": "failed", "time": 2.0, "error": "e"}), 1)])
    assert list(table["metric"]) == [None] and list(table["error"]) == ["e"] and list(table["value"]) == [None]


def test_of_several_runs_of_a_seed_the_newest_counts() -> None:
    old, new = record(START, DONE), record(START, {**DONE, "scores": {"nll": {**SCORE, "value": 1.0}}})
    assert list(frame([tracked(new, 2), tracked(old, 1)])["value"]) == [1.0]
    assert list(frame([tracked(new, 1), tracked(old, 2)])["value"]) == [8.5]


def test_seeds_are_of_the_settings_of_the_newest_run() -> None:
    """If a seed's newest run has other knobs, its older run with those of the newest of all seeds is shown."""
    wanted = [record(START, DONE, seed=seed) for seed in range(2)]
    other = record(START, DONE, seed=0, settings=(("batch", 1),))
    table = frame([tracked(wanted[0], 1), tracked(other, 2), tracked(wanted[1], 3)])
    assert list(table["run_id"]) == ["run1", "run3"] and list(table["seed"]) == [0, 1]


def test_rows_are_sorted_by_dataset_label_and_seed() -> None:
    runs = [
        tracked(record(START, DONE, seed=seed, dataset_label=dataset), index, label=label)
        for index, (dataset, label, seed) in enumerate([("poems", "a", 0), ("oracle", "b", 1), ("oracle", "b", 0)])
    ]
    found = frame(runs)[["dataset", "label", "seed"]].values.tolist()
    assert found == [["oracle", "b", 0], ["oracle", "b", 1], ["poems", "a", 0]]

"""Journals are written to an MLflow store and read back; the store's own client checks them."""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from bench.contracts.errors import BenchError
from bench.contracts.metric import Score
from bench.records.encoding import safe
from bench.records.events import Curve, Done, Epoch, Interrupted, PhaseStart
from bench.records.human import Collected, HumanScore
from bench.records.journal import Journal, read_record
from bench.records.plans import Entry
from bench.records.store import StoreError
from bench.records.tracker import Tracker
from bench.reporting.write import write_report

TAGS = {"preset": "quick", "git.commit": "abc123", "version.torch": "2.13.0"}
ENTRY = Entry(tags=TAGS, asked=1)


ASKED = itertools.count(2)


def now() -> Entry:
    """Return an entry that was asked for later than all others."""
    return replace(ENTRY, asked=next(ASKED))


def runs_of(store: str, kind: str) -> list[Any]:
    client = MlflowClient(store)
    return list(client.search_runs([e.experiment_id for e in client.search_experiments()], f"tags.{kind} LIKE '%'"))


def test_a_run_holds_settings_curves_scores_tags_and_artifacts(shop: Any, store: str) -> None:
    record = shop.done(shop.cell("seqgan", 1), {"nll_oracle": 8.7, "nll_test": None}, notes=["T = 20"])
    (record.folder / "roll.png").write_bytes(b"picture")
    run_id = Tracker(store).project(record, "quick", ENTRY)

    client = MlflowClient(store)
    run = client.get_run(run_id)
    assert client.get_experiment(run.info.experiment_id).name == "oracle"
    assert run.info.status == "FINISHED"
    assert run.data.metrics["nll_oracle"] == 8.7
    assert "nll_test" not in run.data.metrics
    curve = client.get_metric_history(run_id, "curve/nll_oracle")
    assert [(point.step, point.value) for point in curve] == [(0, 10.7), (10, 9.7), (20, 8.7), (40, 8.7)]
    assert [point.step for point in client.get_metric_history(run_id, "loss/mle")] == [0, 10, 20]
    params = {"settings.batch": "64", "dataset.length": "20", "evaluation.rule": "last", "seed": "1", "device": "cpu"}
    assert params.items() <= run.data.params.items()
    tags = {"status": "done", "cell": record.cell.id, "label": "seqgan", "baseline": "seqgan", "seed": "1"}
    tags |= {"source.file": "target_params_py3.pkl", "source.kind": "published", "better.nll_test": "lower", **TAGS}
    tags["projected"] = "1"
    assert tags.items() <= run.data.tags.items()
    assert run.data.tags["signature.nll_oracle"] == "nll_oracle|hyps:200|ckpt:last|data:x|v:0"
    assert json.loads(run.data.tags["notes"]) == ["T = 20"]
    assert {f.path for f in client.list_artifacts(run_id)} == {"cell.json", "samples.txt", "scores.parquet", "roll.png"}


def test_the_default_store_follows_the_working_directory(
    shop: Any, migrated_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("one", "two"):
        (folder := tmp_path / name).mkdir()
        shutil.copy(migrated_store, folder / "mlflow.db")
        monkeypatch.chdir(folder)
        Tracker().project(shop.done(shop.cell(name), {"nll_oracle": 1.0}), "quick", now())
        assert set(Tracker().frame("quick")["label"]) == {name}


def test_each_plan_has_its_runs_and_none_is_nested(shop: Any, store: str) -> None:
    tracker = Tracker(store)
    for dataset in ("oracle", "poems"):
        for seed in range(2):
            tracker.project(shop.done(shop.cell("mle", seed, dataset), {"a": 1.0}), "quick", ENTRY)
    tracker = Tracker(store)
    tracker.project(shop.done(shop.cell("mle", 2), {"a": 1.0}), "quick", ENTRY)
    tracker.project(shop.done(shop.cell("mle", 2), {"a": 1.0}), "paper", ENTRY)

    children = runs_of(store, "cell")
    plans = [run.data.tags["plan"] for run in children]
    assert sorted(plans) == ["paper", *["quick"] * 5] and len(runs_of(store, "plan")) == 6
    assert not any("mlflow.parentRunId" in run.data.tags for run in children)


def test_projecting_again_changes_nothing_and_a_changed_journal_takes_the_place(shop: Any, store: str) -> None:
    failed = shop.failed(shop.cell("mle"), "mle: out of memory")
    first = Tracker(store).project(failed, "quick", ENTRY)
    tracker = Tracker(store)
    assert tracker.project(failed, "quick", ENTRY) == first
    assert tracker.project(failed, "quick", replace(ENTRY, tags=TAGS | {"git.commit": "another"})) == first
    run = MlflowClient(store).get_run(first)
    assert (run.info.status, run.data.tags["error"]) == ("FAILED", "mle: out of memory")

    done = shop.done(shop.cell("mle"), {"a": 2.0})
    second = tracker.project(done, "quick", ENTRY)
    assert second != first
    assert tracker.project(done, "quick", ENTRY) == second
    assert [run.info.run_id for run in runs_of(store, "cell")] == [second]


def test_a_run_cut_short_is_not_read_and_is_written_again(
    shop: Any, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = shop.done(shop.cell("mle"), {"a": 2.0})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifact", killed)
        with pytest.raises(KeyboardInterrupt):
            Tracker(store).project(record, "quick", ENTRY)
    with pytest.raises(BenchError, match="no runs in"):
        Tracker(store).frame()
    Tracker(store).project(record, "quick", ENTRY)
    assert len(runs_of(store, "cell")) == 1
    assert list(Tracker(store).frame()["value"]) == [2.0]


def test_the_frame_has_a_row_for_each_run_and_metric(shop: Any, store: str) -> None:
    tracker = Tracker(store)
    tracker.project(shop.done(shop.cell("zeta"), {"nll_test": 2.0, "bleu-2": None}), "quick", ENTRY)
    tracker.project(shop.failed(shop.cell("alpha", 3), "alpha: broken"), "quick", ENTRY)
    frame = tracker.frame()

    assert list(frame["label"]) == ["alpha", "zeta", "zeta"]
    assert list(frame["metric"][1:]) == ["nll_test", "bleu-2"]  # the dataset's own order
    assert frame["metric"].isna()[0]
    assert list(frame["value"]) == [None, 2.0, None]
    assert list(frame["seed"]) == [3, 0, 0]
    assert (frame.loc[0, "status"], frame.loc[0, "error"]) == ("failed", "alpha: broken")
    assert frame.loc[2, "signature"] == "bleu-2|hyps:200|ckpt:last|data:x|v:0"
    assert frame.loc[1, "source_licence"] == "none stated"
    assert set(frame["preset"]) == {"quick"}


def test_the_newest_run_of_a_seed_wins_and_the_plan_written_last_is_the_default(shop: Any, store: str) -> None:
    tracker = Tracker(store)
    old = shop.done(shop.cell("mle", settings=(("batch", 1),)), {"a": 1.0})
    new = shop.done(shop.cell("mle", settings=(("batch", 2),)), {"a": 2.0})
    tracker.project(old, "quick", now())
    tracker.project(new, "quick", now())
    assert list(tracker.frame()["value"]) == [2.0]
    tracker.project(old, "quick", now())  # asked for again: it is the wanted one now
    assert list(tracker.frame()["value"]) == [1.0]

    tracker.project(new, "paper", now())
    assert list(tracker.frame()["plan"]) == ["paper"]
    assert list(tracker.frame("quick")["value"]) == [1.0]
    with pytest.raises(BenchError, match="did you mean 'quick'"):
        tracker.frame("quik")


def test_an_asking_that_is_known_changes_nothing(shop: Any, store: str) -> None:
    record, other = (shop.done(shop.cell("mle", settings=(("batch", size),)), {"a": float(size)}) for size in (1, 2))
    tracker = Tracker(store)
    run_id = tracker.project(record, "quick", replace(ENTRY, asked=5000))
    tracker.project(other, "paper", replace(ENTRY, asked=6000))
    for asked in (5000, 4000):
        Tracker(store).project(record, "quick", replace(ENTRY, asked=asked))
        assert MlflowClient(store).get_run(run_id).data.tags["projected"] == "5000"
    tracker.project(other, "quick", replace(ENTRY, asked=4900))  # written late, but asked for earlier
    assert list(tracker.frame("quick")["value"]) == [1.0] and list(tracker.frame()["plan"]) == ["paper"]
    tracker.project(record, "quick", replace(ENTRY, asked=7000))
    assert list(Tracker(store).frame()["plan"]) == ["quick"]
    assert "asked" not in MlflowClient(store).get_run(run_id).data.tags


def test_curves_and_scores_per_sequence_come_back(shop: Any, store: str) -> None:
    tracker = Tracker(store)
    record = shop.done(shop.cell("seqgan"), {"nll_oracle": 8.0})
    run_id = tracker.project(record, "quick", ENTRY)
    failed = tracker.project(shop.failed(shop.cell("mle"), "broken"), "quick", ENTRY)

    curves = tracker.curves(None, ["nll_oracle"])["nll_oracle"]
    assert list(zip(curves["x"], curves["value"], strict=True)) == [(0, 10.0), (10, 9.0), (20, 8.0), (40, 8.0)]
    assert set(curves["run_id"]) == {run_id}
    assert tracker.curves(None, ["absent"])["absent"].empty
    trained = tracker.trained("quick", {"mine": ("loss", "mle"), "none": ("loss", "adversarial")})
    assert list(zip(trained["mine"]["x"], trained["mine"]["value"], strict=True)) == [(0, 9.0), (10, 8.5), (20, 8.0)]
    assert set(trained["mine"]["label"]) == {"seqgan"} and trained["none"].empty
    pd.testing.assert_frame_equal(tracker.per_sequence(run_id), pd.read_parquet(record.folder / "scores.parquet"))
    assert tracker.per_sequence(failed).empty


def test_the_curves_of_many_metrics_take_one_search(shop: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = ["a", "b", "c", "d"]
    Tracker(store).project(shop.done(shop.cell("mle"), dict.fromkeys(metrics, 1.0)), "quick", ENTRY)
    search, searches = MlflowClient.search_runs, list[str]()

    def counted(client: MlflowClient, experiments: list[str], condition: str, *facts: Any) -> Any:
        searches.append(condition)
        return search(client, experiments, condition, *facts)

    monkeypatch.setattr(MlflowClient, "search_runs", counted)
    curves = Tracker(store).curves("quick", metrics)
    assert [len(curves[name]) for name in metrics] == [4] * 4
    assert sum("plan = 'quick'" in condition for condition in searches) == 1


@pytest.mark.parametrize("runs", [3, 6])
def test_a_database_is_asked_once_for_the_curves_of_all_runs(
    shop: Any, store: str, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    tracker = Tracker(store)
    for seed in range(runs):
        tracker.project(shop.done(shop.cell("mle", seed), {"a": seed + 1.0}), "quick", ENTRY)
    asked, ask = list[str](), SqlAlchemyStore.get_metric_history_bulk

    def counted(self: Any, run_ids: list[str], key: str, most: int) -> Any:
        asked.append(key)
        return ask(self, run_ids, key, most)

    monkeypatch.setattr(SqlAlchemyStore, "get_metric_history_bulk", counted)
    curves = tracker.curves("quick", ["a"])["a"]
    assert asked == ["curve/a"]
    last = curves[curves["x"] == 40]
    assert sorted(zip(last["seed"], last["value"], strict=True)) == [(seed, seed + 1.0) for seed in range(runs)]
    monkeypatch.delattr(SqlAlchemyStore, "get_metric_history_bulk")  # a server has no such question
    pd.testing.assert_frame_equal(tracker.curves("quick", ["a"])["a"], curves)


def test_a_resumed_run_repeats_points_and_each_is_kept_once(shop: Any, store: str) -> None:
    cell = shop.cell("mle")
    journal = shop.start(cell)
    for value in (9.0, 9.5):
        journal.append(Epoch(phase="mle", epoch=1, epochs=2, values={"loss": value, "odd": float("nan")}))
        journal.append(Curve(x=1, phase="mle", scores={"a": value}))
    journal.append(Interrupted())
    run_id = Tracker(store).project(read_record(journal.folder), "quick", ENTRY)
    client = MlflowClient(store)
    assert client.get_run(run_id).info.status == "KILLED"
    assert [point.value for point in client.get_metric_history(run_id, "loss/mle")] == [9.5]
    assert [point.value for point in client.get_metric_history(run_id, "curve/a")] == [9.5]
    assert "odd/mle" not in client.get_run(run_id).data.metrics
    assert list(Tracker(store).frame()["status"]) == ["interrupted"]


def test_human_scores_are_kept_with_the_dataset(store: str) -> None:
    scores = {"real": HumanScore(value=0.6, low=0.5, high=0.7, p=None, raters=70, items=20, cell="cell")}
    collected = Collected(
        dataset="poems",
        seal="seal",
        raters=70,
        items=60,
        reference="seqgan",
        test="a test",
        fleiss_kappa=0.1,
        krippendorff_alpha=None,
        scores=scores,
    )
    assert Tracker(store).human() == {}
    Tracker(store).record_human(collected)
    assert Tracker(store).human() == {"poems": collected}


def test_odd_names_survive(shop: Any, store: str) -> None:
    label, metric = "my gan[rate=0.1]/é", "bleu (2)|x"
    tracker = Tracker(store)
    tracker.project(shop.done(shop.cell(label, dataset="text:a/b c"), {metric: 0.5}), "quick", ENTRY)
    frame = tracker.frame()
    found = (frame.loc[0, "label"], frame.loc[0, "dataset"], frame.loc[0, "metric"], frame.loc[0, "value"])
    assert found == (label, "text:a/b c", metric, 0.5)
    assert len(tracker.curves(None, [metric])[metric]) == 4


@pytest.mark.parametrize(
    "names", [("多样", "流畅"), ("a(b", "a)b"), ("x" * 300, "x" * 299), ("..", "."), ("", " "), ("a/b", "a_b")]
)
def test_names_that_a_store_refuses_do_not_collide(shop: Any, store: str, names: tuple[str, str]) -> None:
    tracker = Tracker(store)
    tracker.project(shop.done(shop.cell("mle"), {name: float(i) for i, name in enumerate(names)}), "quick", ENTRY)
    frame = tracker.frame()
    assert dict(zip(frame["metric"], frame["value"], strict=True)) == {names[0]: 0.0, names[1]: 1.0}
    curves = tracker.curves(None, names)
    assert [curves[name]["value"].iloc[-1] for name in names] == [0.0, 1.0]


def test_names_that_a_store_takes_stay_as_they_are() -> None:
    for name in ("nll_oracle", "self-bleu-2", "bleu 4.1", "x" * 100):
        assert safe(name) == name


@pytest.fixture
def project_folder(shop: Any, store: str, tmp_path: Path) -> Path:
    """Make a folder with a store of one run, its artifacts, and its journals."""
    folder = tmp_path / "my % project"
    folder.mkdir()
    shutil.copy(store.removeprefix("sqlite:///"), folder / "mlflow.db")
    Tracker(f"sqlite:///{folder / 'mlflow.db'}").project(shop.done(shop.cell("mle"), {"a": 1.0}), "quick", ENTRY)
    return folder


def only_run(folder: Path) -> tuple[Tracker, str]:
    tracker = Tracker(f"sqlite:///{folder / 'mlflow.db'}")
    return tracker, str(tracker.frame()["run_id"].item())


def files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.parametrize("copied", [False, True])
def test_a_store_that_was_moved_or_copied_has_its_artifacts_beside_it(
    shop: Any, project_folder: Path, copied: bool
) -> None:
    before, here = only_run(project_folder)[1], project_folder.with_name("renamed é")
    (shutil.copytree if copied else shutil.move)(project_folder, here)
    left = files(project_folder)
    tracker, run_id = only_run(here)
    assert run_id == before and len(tracker.per_sequence(run_id)) == 200
    record = read_record(shop.folder / shop.cell("mle").id)
    assert tracker.project(record, "quick", ENTRY) == run_id
    new = tracker.project(shop.done(shop.cell("mle", 1), {"a": 2.0}), "quick", ENTRY)
    assert list((here / "mlruns" / "oracle" / new).rglob("scores.parquet")) and files(project_folder) == left


def test_a_store_copied_alone_finds_its_artifacts_where_they_were(project_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    shutil.copy(project_folder / "mlflow.db", tmp_path / "backup")
    tracker, run_id = only_run(tmp_path / "backup")
    assert len(tracker.per_sequence(run_id)) == 200


@pytest.mark.parametrize("moved", [False, True])
def test_lost_artifacts_are_told_and_written_again(shop: Any, project_folder: Path, moved: bool) -> None:
    shutil.rmtree(project_folder / "mlruns")
    here = project_folder.with_name("moved" if moved else project_folder.name)
    project_folder.rename(here)
    tracker, run_id = only_run(here)
    with pytest.raises(BenchError, match=r"lacks files that .*: `bench sync` writes them again"):
        tracker.per_sequence(run_id)
    record = read_record(shop.folder / shop.cell("mle").id)
    again = tracker.project(record, "quick", ENTRY)
    assert again != run_id and len(tracker.per_sequence(again)) == 200 and only_run(here)[1] == again
    assert Tracker(tracker.uri).project(record, "quick", ENTRY) == again
    assert {path.name for path in here.iterdir()} == {".mlflow.db.lock", "mlflow.db", "mlruns"}


def test_what_failed_half_way_is_written_again_by_the_same_tracker(
    shop: Any, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker, cell = Tracker(store), shop.cell("mle")
    tracker.project(shop.failed(cell, "out of memory"), "quick", ENTRY)
    record = shop.done(cell, {"a": 2.0})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifact", full)
        with pytest.raises(StoreError, match="No space"):
            tracker.project(record, "quick", ENTRY)
    run_id = tracker.project(record, "quick", ENTRY)
    assert [run.info.run_id for run in runs_of(store, "cell")] == [run_id]


def test_a_store_that_fails_is_one_line(shop: Any, tmp_path: Path, store: str, capfd: Any) -> None:
    tracker = Tracker(store)
    tracker.project(shop.done(shop.cell("mle"), {"a": 1.0}), "quick", ENTRY)
    (tmp_path / "tracked.db").unlink()
    with pytest.raises(BenchError, match=r"^MLflow at .*OperationalError\) attempt to write a readonly database$"):
        tracker.project(shop.done(shop.cell("mle", 1), {"a": 1.0}), "quick", ENTRY)
    assert capfd.readouterr() == ("", "") and logging.getLogger("mlflow").level == logging.CRITICAL


def test_the_useful_line_of_an_error_is_told(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = "(raised as a result of Query-invoked autoflush; consider using a session.no_autoflush block)"

    def locked(*_: object, **__: object) -> None:
        raise MlflowException(f"{aside}\n(sqlite3.OperationalError) database is locked\n[SQL: INSERT]")

    monkeypatch.setattr(MlflowClient, "search_experiments", locked)
    with pytest.raises(BenchError, match=r"tracked.db: \(sqlite3.OperationalError\) database is locked$"):
        Tracker(store).prepare()


def test_artifacts_lie_beside_the_store_whatever_its_folder_is_called(
    shop: Any, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my %20 dir #1 é"
    folder.mkdir()
    shutil.copy(store.removeprefix("sqlite:///"), folder / "mlflow.db")
    monkeypatch.chdir(folder)
    run_id = Tracker().project(shop.done(shop.cell("mle"), {"a": 1.0}), "quick", ENTRY)
    assert list((folder / "mlruns").rglob("scores.parquet")) and not Tracker().per_sequence(run_id).empty
    assert {path.name for path in tmp_path.iterdir()} == {"runs", folder.name, "tracked.db"}


def test_a_long_curve_goes_in_batches(shop: Any, store: str) -> None:
    journal = shop.start(shop.cell("mle"))
    lines = [
        {"event": "curve", "time": time.time(), "x": x, "phase": "mle", "scores": {"a": x / 7}} for x in range(2500)
    ]
    with journal.path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    scores = {"a": Score(value=1.0, better="lower", signature="a")}
    journal.append(Done(scores=scores, hypotheses=200, seconds=1.5))
    tracker = Tracker(store)
    tracker.project(read_record(journal.folder), "quick", ENTRY)
    curve = tracker.curves(None, ["a"])["a"]
    np.testing.assert_allclose(curve.sort_values("x")["value"], np.arange(2500) / 7)


def test_lists_too_long_for_a_tag_lose_entries_and_stay_lists(shop: Any, store: str) -> None:
    cell = shop.cell("mle", dataset_settings=(("file", "x" * 5000), ("length", 20)))
    journal = shop.start(cell, notes=["first", "y" * 5000, "last", *("z" * 50 for _ in range(100))])
    for index in range(400):
        name, trains = f"phase {index} " + "n" * 5000 * (index == 398), index % 2 == 0
        journal.append(PhaseStart(name=name, begins=index, ends=index + 1, trains_generator=trains))
        journal.append(Curve(x=index, phase="mle", scores={"nll_oracle": 9.0}))
    scores = {f"a metric with a long name {i}": Score(value=1.0, better="lower", signature="s") for i in range(200)}
    journal.append(Done(scores=scores, hypotheses=200, seconds=1.5))
    tracker = Tracker(store)
    run_id = tracker.project(read_record(journal.folder), "quick", replace(ENTRY, tags=TAGS | {"note": "w" * 9000}))
    tags = MlflowClient(store).get_run(run_id).data.tags
    assert max(map(len, tags.values())) <= 4000 and len(tags["note"]) == 4000
    assert json.loads(tags["notes"])[:3] == ["first", "last", "z" * 50]
    assert json.loads(tags["dataset.settings"]) == {"length": 20}
    assert json.loads(tags["phases"])[-1]["begins"] == 398
    assert list(tracker.frame()["metric"]) == json.loads(tags["metrics"]) == list(scores)[: len(tracker.frame())]
    assert "table" in "".join(path.name for path in write_report(tracker, None, journal.folder / "out")[0])


def test_nothing_tracked_is_one_clear_line_and_makes_no_store(tmp_path: Path, store: str) -> None:
    with pytest.raises(BenchError, match=r"no runs in sqlite:.*tracked.db: run `bench run` first"):
        Tracker(store).frame()
    absent = tmp_path / "absent.db"
    with pytest.raises(BenchError, match="no runs in"):
        Tracker(f"sqlite:///{absent}").frame("quick")
    assert not absent.exists()


def test_bad_stores_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database")
    with pytest.raises(BenchError, match="is not an SQLite database"):
        Tracker(f"sqlite:///{tmp_path / 'text.db'}").prepare()
    with pytest.raises(BenchError, match="MLflow at nonsense"):
        Tracker("nonsense://here").prepare()


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    assert Tracker().uri == "sqlite:///elsewhere.db"
    assert Tracker("sqlite:///mine.db").uri == "sqlite:///mine.db"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert Tracker().uri == "sqlite:///mlflow.db"


def test_a_torn_journal_is_projected_as_far_as_it_goes(shop: Any, store: str) -> None:
    journal: Journal = shop.start(shop.cell("mle"))
    with journal.path.open("a") as file:
        file.write('{"event": "done", "scor')
    journal.append(Interrupted())
    Tracker(store).project(read_record(journal.folder), "quick", ENTRY)
    assert list(Tracker(store).frame()["status"]) == ["interrupted"]


def test_a_run_whose_end_was_not_written_is_written_again(
    shop: Any, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = shop.done(shop.cell("mle"), {"a": 2.0})
    Tracker(store).project(shop.done(shop.cell("mle", 1), {"a": 2.0}), "quick", ENTRY)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(MlflowClient, "set_terminated", killed)
        Tracker(store).project(record, "quick", ENTRY)
    Tracker(store).project(record, "quick", ENTRY)
    assert [run.info.status for run in runs_of(store, "cell")] == ["FINISHED"] * 2


def test_a_damaged_artifact_is_named_and_written_again(shop: Any, project_folder: Path) -> None:
    tracker, run_id = only_run(project_folder)
    (path,) = project_folder.rglob("scores.parquet")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BenchError, match=r"mlruns/.*/scores\.parquet is damaged .*: remove it, and `bench sync`"):
        tracker.per_sequence(run_id)
    path.unlink()
    again = Tracker(tracker.uri).project(read_record(shop.folder / shop.cell("mle").id), "quick", ENTRY)
    assert len(tracker.per_sequence(again)) == 200


@pytest.mark.parametrize("address", ["{}?timeout=30", "{}"])
def test_an_address_is_read_as_the_store_reads_it(
    shop: Any, tmp_path: Path, migrated_store: Path, address: str
) -> None:
    (tmp_path / "a b").mkdir()
    shutil.copy(migrated_store, tmp_path / "a b" / "s.db")
    tracker = Tracker(f"sqlite:///{address.format(tmp_path / 'a%20b' / 's.db')}")
    tracker.prepare()
    tracker.project(shop.done(shop.cell("mle"), {"a": 1.0}), "quick", ENTRY)
    assert list(tracker.frame()["value"]) == [1.0] and (tmp_path / "a b" / "mlruns").is_dir()


@pytest.mark.slow
def test_two_processes_make_one_store(tmp_path: Path) -> None:
    code = "import sys; from bench.records.tracker import Tracker; Tracker(sys.argv[1]).prepare()"
    command = [sys.executable, "-c", code, f"sqlite:///{tmp_path / 'new.db'}"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in "ab"]
    assert [(one.wait(), one.communicate()[1]) for one in both] == [(0, b"")] * 2

"""MLflow's SQLite store as a file."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records import sqlite


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///mlflow.db", Path("mlflow.db")),
        ("sqlite:////a/b%20c.db?timeout=3", Path("/a/b c.db")),
        ("http://host:5000", None),
        ("file:///a/mlruns", None),
    ],
)
def test_the_file_of_a_store(uri: str, path: Path | None) -> None:
    assert sqlite.path_of(uri) == path


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    sqlite.check(path, "uri")
    path.touch()
    sqlite.check(path, "uri")
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE a (b)")
    sqlite.check(path, "uri")
    path.write_text("not a database")
    with pytest.raises(BenchError, match=r"mlflow\.db is not an SQLite database: move it away, or set MLFLOW_TRACK"):
        sqlite.check(path, "uri")
    with pytest.raises(BenchError, match="is not an SQLite database"):
        sqlite.check(tmp_path, "uri")


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != tmp_path)
    with pytest.raises(BenchError, match=f"no write permission for {tmp_path}: MLflow's store uri needs it"):
        sqlite.check(tmp_path / "sub" / "mlflow.db", "uri")


def test_one_holds_the_lock_of_a_new_store(tmp_path: Path) -> None:
    path, entered = tmp_path / "mlflow.db", threading.Event()

    def enter() -> None:
        with sqlite.locked(path, "uri"):
            entered.set()

    second = threading.Thread(target=enter)
    with sqlite.locked(path, "uri"):
        second.start()
        assert not entered.is_set()
    second.join()
    assert entered.is_set()


def test_artifacts_lie_beside_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sqlite.place(Path("mlflow.db"), "poems") == tmp_path / "mlruns" / "poems"


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("/a/mlruns/1", Path("/a/mlruns/1")),
        ("file:///a/my%20runs/1", Path("/a/my runs/1")),
        ("mlflow-artifacts:/1/2", None),
        ("s3://bucket/1", None),
    ],
)
def test_the_folder_of_an_address(uri: str, folder: Path | None) -> None:
    assert sqlite.folder_of(uri) == folder


class Store:
    """The two tables of MLflow's schema that hold addresses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as store, store:
            store.execute("CREATE TABLE experiments (experiment_id, artifact_location)")
            store.execute("CREATE TABLE runs (run_uuid, experiment_id, artifact_uri)")

    def add(self, experiment: int, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path)) as store, store:
            store.execute("INSERT INTO experiments VALUES (?, ?)", (experiment, folder.as_uri()))
            store.execute("INSERT INTO runs VALUES ('r', ?, ?)", (experiment, f"{folder.as_uri()}/r/artifacts"))

    @staticmethod
    def addresses(path: Path) -> list[tuple[str, str]]:
        query = "SELECT artifact_location, artifact_uri FROM experiments JOIN runs USING (experiment_id)"
        with closing(sqlite3.connect(path)) as store:
            return list(store.execute(query))


def test_a_moved_store_finds_the_artifacts_beside_it(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "a %20 b"
    Store(there / "mlflow.db").add(1, there / "mlruns" / "poems")
    there.rename(here)
    sqlite.look_beside(here / "mlflow.db")
    home = (here / "mlruns" / "poems").as_uri()
    assert Store.addresses(here / "mlflow.db") == [(home, f"{home}/r/artifacts")]
    sqlite.look_beside(here / "mlflow.db")
    assert Store.addresses(here / "mlflow.db") == [(home, f"{home}/r/artifacts")], "twice is once"


def test_a_database_copied_alone_keeps_its_addresses(tmp_path: Path) -> None:
    there = tmp_path / "there"
    Store(there / "mlflow.db").add(1, there / "mlruns" / "poems")
    before = Store.addresses(there / "mlflow.db")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mlflow.db").write_bytes((there / "mlflow.db").read_bytes())
    sqlite.look_beside(tmp_path / "here" / "mlflow.db")
    assert Store.addresses(tmp_path / "here" / "mlflow.db") == before


def test_artifacts_that_lie_elsewhere_by_choice_stay_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "home" / "mlflow.db")
    store.add(1, tmp_path / "disk" / "artifacts" / "poems")
    (tmp_path / "home" / "mlruns").mkdir()
    before = Store.addresses(store.path)
    sqlite.look_beside(store.path)
    assert Store.addresses(store.path) == before


def test_a_store_that_is_not_there_yet_is_left_alone(tmp_path: Path) -> None:
    sqlite.look_beside(tmp_path / "mlflow.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mlflow.db", "a folder/my%20store.db", "store.db?timeout=5"])
def test_a_relative_store_gets_its_whole_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sqlite.absolute(f"sqlite:///{name}") == f"sqlite:///{tmp_path}/{name}"


@pytest.mark.parametrize("uri", ["sqlite:////data/mlflow.db", "http://127.0.0.1:5000", "file:runs", "databricks"])
def test_any_other_address_stays(uri: str) -> None:
    assert sqlite.absolute(uri) == uri


@pytest.mark.parametrize("name", ["what?", "50%"])
def test_a_folder_that_fits_no_address_keeps_the_relative_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / name).mkdir()
    monkeypatch.chdir(folder)
    assert sqlite.absolute("sqlite:///mlflow.db") == "sqlite:///mlflow.db"

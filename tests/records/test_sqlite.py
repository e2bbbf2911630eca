"""The address of an SQLite store."""

import pytest

from bench.records import sqlite


@pytest.mark.parametrize("name", ["mlflow.db", "a folder/my%20store.db", "store.db?timeout=5"])
def test_a_relative_store_gets_its_whole_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sqlite.absolute(f"sqlite:///{name}") == f"sqlite:///{tmp_path}/{name}"


@pytest.mark.parametrize("uri", ["sqlite:////data/mlflow.db", "http://127.0.0.1:5000", "file:runs", "databricks"])
def test_any_other_address_stays(uri):
    assert sqlite.absolute(uri) == uri


@pytest.mark.parametrize("name", ["what?", "50%"])
def test_a_folder_that_fits_no_address_keeps_the_relative_one(name, tmp_path, monkeypatch):
    (folder := tmp_path / name).mkdir()
    monkeypatch.chdir(folder)
    assert sqlite.absolute("sqlite:///mlflow.db") == "sqlite:///mlflow.db"

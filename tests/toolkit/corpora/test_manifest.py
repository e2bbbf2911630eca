"""The manifest names every published file by pinned url and checksum."""

from __future__ import annotations

import hashlib
import re
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import catalogue, manifest


def test_a_git_blob_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"some bytes\n", bytes(range(256)) * 9):
        path.write_bytes(content)
        named = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True).stdout.strip()
        assert manifest.checksum(content, "git_sha1") == named
        assert manifest.checksum(content) == hashlib.sha256(content).hexdigest()


def test_every_shipped_corpus_has_an_entry() -> None:
    names = {point.name for point in entry_points(group="bench.datasets") if point.module.startswith("bench.datasets")}
    assert set(catalogue.entries()) >= names - {"text", "enumerable", "markov"}  # the user's own, and drawn from a seed


@pytest.mark.parametrize("entry", catalogue.entries().values(), ids=lambda entry: entry.name)
def test_files_are_pinned(entry: manifest.Entry) -> None:
    assert entry.licence and entry.split and entry.files
    for file in entry.files:
        assert file.path.startswith(f"{entry.dataset}/")
        assert re.fullmatch("[0-9a-f]{64}" if file.algorithm == "sha256" else "[0-9a-f]{40}", file.digest)
        assert re.search("/[0-9a-f]{40}/", file.url), "a url that is not pinned to a commit can change"


def test_an_unknown_corpus_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BenchError, match="did you mean 'poems'"):
        catalogue.chosen(("poem",))
    assert [entry.name for entry in catalogue.chosen(("poems", "coco"))] == ["poems", "coco"]

"""Files of the cache folder, found, fetched and compared."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import cache
from bench.toolkit.corpora.cache import State
from bench.toolkit.corpora.download import Unreachable
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.manifest import Entry, File

CONTENT = b"a line\n"
SUM = hashlib.sha256(CONTENT).hexdigest()
FILES = tuple(File(f"toy/{name}", f"http://127.0.0.1/{name}", "sha256", SUM) for name in "ab")
ENTRY = Entry("toy", "toys", {}, "MIT", "none", FILES)


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpora:
    """Return an empty cache; the network has only file a."""

    def download(url: str, size: int | None) -> bytes:
        if url.endswith("b"):
            raise Unreachable("offline")
        return CONTENT

    monkeypatch.setattr("bench.toolkit.corpora.fetch.download", download)
    return Corpora(tmp_path / "cache", "published")


def test_what_can_be_had_is_fetched_and_what_cannot_is_named(corpora: Corpora) -> None:
    (first, second) = cache.fetched(corpora, [ENTRY])
    assert first == State("ready", corpora.root / "toy" / "a") and first.path.read_bytes() == CONTENT
    assert (second.state, second.path) == ("missing", corpora.root / "toy" / "b")
    assert second.problem.startswith("offline; put b in place by hand as ")


def test_a_folder_that_cannot_be_written_is_an_error(corpora: Corpora) -> None:
    corpora.root.mkdir(mode=0o555)
    with pytest.raises(BenchError, match=r"cannot write .*a; set BENCH_DATA"):
        list(cache.fetched(corpora, [ENTRY]))


def test_files_are_sound_damaged_or_absent(corpora: Corpora) -> None:
    list(cache.fetched(corpora, [ENTRY]))
    assert [found.state for found in cache.compared(corpora, [ENTRY])] == ["sound", "absent"]
    (corpora.root / "toy" / "a").write_bytes(b"another\n")
    damaged, _ = cache.compared(corpora, [ENTRY])
    assert damaged.state == "damaged" and hashlib.sha256(b"another\n").hexdigest() in damaged.problem


def test_a_file_for_a_dataset_that_is_none_is_refused(tmp_path: Path) -> None:
    cache.refuse_unread(Corpora(tmp_path, files={"toys": tmp_path}), [ENTRY])
    with pytest.raises(BenchError, match="unknown dataset of --corpus 'toyz'; did you mean 'toys'"):
        cache.refuse_unread(Corpora(tmp_path, files={"toyz": tmp_path}), [ENTRY])

"""Prepared arrays are read as they were made, and made again if anything that they depend on changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.prepared import NotPrepared, prepared

SOURCE = Source("file", "0" * 64, "MIT", "local")
DATA = SequenceData(
    train=np.arange(12).reshape(4, 3),
    valid=np.zeros((1, 3), dtype=np.int64),
    test=np.full((2, 3), 11),
    vocabulary=Vocabulary(("<end>", "“q”", *"abcdefghij"), end=0, unknown=1, joiner=""),
    source=SOURCE,
    notes=("one", "two"),
)


class Maker:
    def __init__(self) -> None:
        self.calls = 0

    def make(self) -> SequenceData:
        self.calls += 1
        return DATA


def test_it_is_made_once_and_comes_back_the_same(tmp_path: Path) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    made, kept = (prepared(corpora, SOURCE, {"seed": 1}, maker.make) for _ in range(2))
    assert maker.calls == 1
    assert made.fingerprint == kept.fingerprint and kept.train.dtype == np.int64
    assert (kept.vocabulary, kept.notes, kept.source) == (DATA.vocabulary, DATA.notes, SOURCE)


def test_another_source_rule_or_code_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    package = tmp_path / "rules_of_mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    calls = [
        lambda: prepared(corpora, SOURCE, {"seed": 1}, maker.make, ("rules_of_mine",)),
        lambda: prepared(corpora, SOURCE, {"seed": 2}, maker.make, ("rules_of_mine",)),
        lambda: prepared(corpora, replace(SOURCE, sha256="1" * 64), {"seed": 1}, maker.make, ("rules_of_mine",)),
    ]
    for call in calls * 2:
        call()
    assert maker.calls == 5, "a newer source takes the place of the older; other rules have a place of their own"
    (package / "__init__.py").write_text("RULE = 2")
    calls[2]()
    assert maker.calls == 6


def files_of(folder: Path) -> list[Path]:
    """Return the files of the only entry in a folder of prepared data."""
    (entry,) = (folder / "prepared").iterdir()
    return sorted(entry.iterdir())


@pytest.mark.parametrize("damage", [b"", b"no array", None])
@pytest.mark.parametrize("number", range(4))
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: bytes | None, number: int) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    prepared(corpora, SOURCE, {}, maker.make)
    file = files_of(tmp_path)[number]
    file.write_bytes(file.read_bytes()[:-8] if damage is None else damage)
    for _ in range(2):
        assert prepared(corpora, SOURCE, {}, maker.make).fingerprint == DATA.fingerprint
    assert maker.calls == 2


@pytest.mark.parametrize("number", range(4))
def test_a_file_that_is_gone_is_made_again(tmp_path: Path, number: int) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    prepared(corpora, SOURCE, {}, maker.make)
    files_of(tmp_path)[number].unlink()
    assert prepared(corpora, SOURCE, {}, maker.make).fingerprint == DATA.fingerprint
    assert maker.calls == 2 and len(files_of(tmp_path)) == 4


def test_a_byte_changed_anywhere_is_found(tmp_path: Path) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    prepared(corpora, SOURCE, {}, maker.make)
    for file in files_of(tmp_path):
        whole = file.read_bytes()
        for place in range(0, len(whole), 7):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
            assert prepared(corpora, SOURCE, {}, maker.make).fingerprint == DATA.fingerprint


def test_what_a_process_writes_into_the_arrays_stays_in_it_and_is_seen(tmp_path: Path) -> None:
    maker, corpora = Maker(), Corpora(tmp_path)
    prepared(corpora, SOURCE, {}, maker.make)
    mine, others = (prepared(corpora, SOURCE, {}, maker.make) for _ in range(2))
    assert mine.fingerprint == others.fingerprint
    mine.train[0, 0] = 5
    assert mine.fingerprint_now() != mine.fingerprint
    for data in (others, prepared(corpora, SOURCE, {}, maker.make)):
        assert data.fingerprint_now() == DATA.fingerprint
    assert maker.calls == 1 and type(mine.train) is np.ndarray


def test_torch_takes_the_arrays_without_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    for _ in range(2):
        data = prepared(Corpora(tmp_path), SOURCE, {}, Maker().make)
        assert torch.from_numpy(data.train).shape == (4, 3)
    assert not recwarn.list


def test_a_read_only_folder_leaves_the_users_cache(tmp_path: Path, user_cache: Path) -> None:
    maker, root = Maker(), tmp_path / "closed"
    root.mkdir(mode=0o555)
    for _ in range(2):
        prepared(Corpora(root), SOURCE, {}, maker.make)
    assert maker.calls == 1 and not list(root.iterdir())
    assert len(list((user_cache / "prepared").iterdir())) == 1


def test_nowhere_to_write_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, closed = Maker(), tmp_path / "closed"
    closed.mkdir(mode=0o555)
    monkeypatch.setenv("XDG_CACHE_HOME", str(closed))
    for _ in range(2):
        assert prepared(Corpora(closed), SOURCE, {}, maker.make).fingerprint == DATA.fingerprint
    assert maker.calls == 2


def test_only_prepared_makes_nothing(tmp_path: Path) -> None:
    maker = Maker()
    with pytest.raises(NotPrepared):
        prepared(Corpora(tmp_path, only_prepared=True), SOURCE, {}, maker.make)
    prepared(Corpora(tmp_path), SOURCE, {}, maker.make)
    assert len(prepared(Corpora(tmp_path, only_prepared=True), SOURCE, {}, maker.make).train) == 4
    assert maker.calls == 1

"""Arrays kept on disk are read whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.typing import NDArray

from bench.toolkit import shelf

KINDS = st.sampled_from([np.int64, np.uint8, np.float64])
ARRAYS = st.dictionaries(
    st.sampled_from(["train", "keys1", "0"]),
    KINDS.flatmap(lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=1, max_dims=2, min_side=0))),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRAYS)
def test_what_is_kept_is_found_as_it_was(tmp_path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    shelf.keep([tmp_path], "one", arrays, {"notes": ["北"]})
    found = shelf.find([tmp_path / "absent", tmp_path], "one")
    assert found is not None and found.description == {"notes": ["北"]} and found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_files_are_mapped_and_never_written(tmp_path: Path) -> None:
    shelf.keep([tmp_path], "one", {"a": np.arange(5)}, None)
    whole = (tmp_path / "one" / "a.npy").read_bytes()
    found = shelf.find([tmp_path], "one")
    assert found is not None and not found.arrays["a"].flags.owndata and found.arrays["a"].flags.writeable
    found.arrays["a"][:] = 7
    again = shelf.find([tmp_path], "one")
    assert again is not None and again.arrays["a"].tolist() == [0, 1, 2, 3, 4]
    assert (tmp_path / "one" / "a.npy").read_bytes() == whole


def test_a_mapped_array_outlives_its_entry(tmp_path: Path) -> None:
    """Another process may make a damaged entry again while this one reads it."""
    shelf.keep([tmp_path], "one", {"a": np.arange(5)}, None)
    found = shelf.find([tmp_path], "one")
    shelf.keep([tmp_path], "one", {"a": np.zeros(3)}, None)
    assert found is not None and found.arrays["a"].tolist() == [0, 1, 2, 3, 4]


def test_the_first_folder_that_can_be_written_keeps(tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed", tmp_path / "opened"
    closed.mkdir(mode=0o555)
    shelf.keep([closed, opened], "one", {"a": np.arange(5)}, None)
    assert not list(closed.iterdir()) and shelf.find([closed, opened], "one") is not None
    shelf.keep([closed], "two", {"a": np.arange(5)}, None)
    assert shelf.find([closed], "two") is None


def test_half_an_entry_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed, or a full disk, leaves nothing under the entry's name."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    shelf.keep([tmp_path], "one", {"a": np.arange(5)}, None)
    assert not list(tmp_path.iterdir()) and shelf.find([tmp_path], "one") is None


MAKE = """
import sys, time
from pathlib import Path
import numpy as np
from bench.toolkit import shelf

folder, log = Path(sys.argv[1]), Path(sys.argv[2])

def make():
    with log.open("a") as file:
        file.write("made\\n")
    while len(log.with_suffix(".began").read_text().split()) < 3:  # all three are at it
        time.sleep(0.01)
    return {"a": np.arange(5)}

with log.with_suffix(".began").open("a") as file:
    file.write("began\\n")
entry = shelf.made((folder,), "one", make)
assert entry.arrays["a"].tolist() == [0, 1, 2, 3, 4] and not entry.arrays["a"].flags.owndata
"""


def test_of_several_processes_one_makes_an_entry(tmp_path: Path) -> None:
    folder, log = tmp_path / "shelf", tmp_path / "log"
    started = [subprocess.Popen([sys.executable, "-c", MAKE, str(folder), str(log)]) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert log.read_text() == "made\n" and [path.name for path in folder.iterdir()] == ["one"]


def test_without_a_folder_that_can_be_written_each_makes_its_own(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for _ in range(2):
        assert shelf.made((closed,), "one", lambda: {"a": np.arange(3)}).arrays["a"].tolist() == [0, 1, 2]
    assert not list(closed.iterdir())


def test_older_entries_of_a_kind_are_swept(tmp_path: Path) -> None:
    for number, (key, kind) in enumerate([("a", "poems"), ("b", "coco"), ("c", "poems"), ("d", ""), ("e", "")]):
        shelf.keep([tmp_path], key, {"x": np.arange(number)}, None, kind)
        os.utime(tmp_path / key / "entry.json", (number, number))
    assert shelf.sweep([tmp_path], "coco") == [] and len(list(tmp_path.iterdir())) == 5
    assert shelf.sweep([tmp_path, tmp_path / "absent"]) == [tmp_path / "a"]
    assert {path.name for path in tmp_path.iterdir()} == {"b", "c", "d", "e"}, "without a kind they stay"


def test_an_entry_that_another_process_sweeps_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, key in enumerate(("a", "b", "c")):
        shelf.keep([tmp_path], key, {"x": np.arange(3)}, None, "poems")
        os.utime(tmp_path / key / "entry.json", (number, number))
    seen = shelf._kind

    def late(entry: Path) -> str:
        kind = seen(entry)
        if entry.name == "b":
            shutil.rmtree(entry)
        return kind

    monkeypatch.setattr(shelf, "_kind", late)
    shelf.sweep([tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == ["c"]

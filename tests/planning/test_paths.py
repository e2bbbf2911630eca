"""Knobs that are paths are found from any folder, and are not part of a cell's identity."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.engine import job
from bench.engine.job import Context
from bench.planning import paths, preset
from bench.planning import plan as planning
from bench.planning.cell import Cell
from bench.planning.dataset_reference import parse
from bench.planning.request import Request, parse_overrides
from bench.records import revive
from bench.records.events import Failed
from bench.records.journal import read_record, write_cell
from bench.records.runs import is_of
from bench.toolkit.corpora.fetch import Corpora

LINES = "".join(f"{a} {b} {c}\n" for a in "abcde" for b in "fghij" for c in "kl")


@dataclass(frozen=True)
class Knobs:
    file: str = knob("", path=True, help="read")
    other: str = knob("", path=True, help="read")
    name: str = knob("plain", help="no path")


@pytest.fixture
def make(trainers: Callable[[str], str], corpora: Corpora) -> Callable[..., list[Cell]]:
    """Plan a trainer on a corpus of text; return the cells, the *real* row first."""

    def make(dataset: str = "text:corpus.txt", name: str = "Tiny", sets: tuple[str, ...] = ()) -> list[Cell]:
        request = Request((trainers(name),), (dataset,), preset.read("smoke"), parse_overrides(sets))
        return list(planning.make(request, corpora).cells)

    return make


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a corpus in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "corpus.txt").write_text(LINES)
    monkeypatch.chdir(folder)
    return folder


def ids(cells: list[Cell]) -> list[str]:
    return [cell.id for cell in cells]


def status(cell: Cell, context: Context) -> str:
    write_cell(cell, context.runs)
    return job.run(cell, context)


def test_a_worker_in_another_folder_finds_the_files(
    make: Callable[..., list[Cell]], home: Path, context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (home / "held.txt").write_text("a f k\nb g l\n")
    cells = make(sets=("text.test_file=held.txt",))
    monkeypatch.chdir(tmp_path)
    assert [status(cell, context) for cell in cells] == ["done", "done"]


def test_the_same_corpus_at_another_path_is_the_same_cell(
    make: Callable[..., list[Cell]], home: Path, tmp_path: Path
) -> None:
    first = make()
    (tmp_path / "elsewhere").mkdir()
    copied = shutil.copy("corpus.txt", tmp_path / "elsewhere" / "corpus.txt")
    assert ids(make(f"text:{copied}")) == ids(first) == ids(make("text:../home/corpus.txt"))
    (home / "corpus.txt").write_text(LINES.replace("a", "z"))
    assert not set(ids(make())) & set(ids(first))


def test_another_column_of_the_same_file_is_another_cell(make: Callable[..., list[Cell]], home: Path) -> None:
    rows = [f"{line},{line}" for line in LINES.splitlines()]  # so that the data is the same
    (home / "table.csv").write_text("\n".join(["one,two", *rows]))
    one, two = (make(f"text:table.csv#{column}") for column in ("one", "two"))
    assert one[0].fingerprint == two[0].fingerprint and one[0].id != two[0].id


def test_a_folder_that_is_moved_as_a_whole_is_read_as_before(
    make: Callable[..., list[Cell]], home: Path, context: Context
) -> None:
    _, cell = make()
    write_cell(cell, home / "runs")
    moved = home.with_name("moved")
    shutil.move(home, moved)
    there = read_record(moved / "runs" / cell.id).cell
    assert there.id == cell.id and dict(there.dataset_settings)["file"] == str(moved / "corpus.txt")
    assert revive.reopen(there, context.corpora).data.fingerprint == cell.fingerprint
    assert is_of(there, parse(f"text:{moved / 'corpus.txt'}"))


def test_a_file_that_lies_elsewhere_is_kept_by_its_whole_path(
    make: Callable[..., list[Cell]], home: Path, context: Context
) -> None:
    _, cell = make()
    write_cell(cell, context.runs)  # beside home
    write_cell(cell, home / "deep" / "runs")
    for runs in (context.runs, home / "deep" / "runs"):
        assert read_record(runs / cell.id).cell == cell
    assert str(home / "corpus.txt") in (home / "deep" / "runs" / cell.id / "cell.json").read_text()


READER = """

@dataclass(frozen=True)
class Weights(Knobs):
    weights: str = knob("", path=True, help="a file that is read")


class Reader(Tiny):
    Settings = Weights

    def __init__(self, data, settings, device, rng):
        super().__init__(data, settings, device, rng)
        assert open(settings.weights).read()
"""


@pytest.fixture
def reader(trainers: Callable[[str], str]) -> None:
    """Return a trainer that reads a file named by a knob."""
    path = Path(trainers("Reader").rpartition(":")[0])
    path.write_text(path.read_text() + READER)


@pytest.mark.usefixtures("reader")
def test_a_trainers_file_is_known_by_its_content(
    make: Callable[..., list[Cell]], home: Path, context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, content in {"one.pt": "1", "same.pt": "1", "two.pt": "2"}.items():
        (home / name).write_text(content)
    one, same, two = (make(name="Reader", sets=(f"Reader.weights={name}.pt",))[1] for name in ("one", "same", "two"))
    assert one.id == same.id != two.id and one.label == "Reader[weights=one.pt]"
    monkeypatch.chdir(tmp_path)
    assert status(one, context) == "done"
    (home / "two.pt").write_text("3")
    assert status(two, context) == "failed"
    assert getattr(read_record(context.runs / two.id).last(Failed), "error", None) == (
        f"Reader[weights=two.pt]: {home / 'two.pt'} changed since it was planned: run again"
    )


@pytest.mark.usefixtures("reader")
def test_a_file_that_is_absent_is_one_line(make: Callable[..., list[Cell]], home: Path) -> None:
    with pytest.raises(BenchError, match=rf"^cannot read {home}/none.pt: No such file or directory$"):
        make(name="Reader", sets=("Reader.weights=none.pt",))


def test_only_knobs_that_are_paths_are_made_absolute(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    given = {"file": "~/a.txt#b", "other": "", "name": "plain"}
    assert paths.absolute(Knobs, given) == given | {"file": f"{home}/a.txt#b"}


def test_a_file_a_part_and_a_folder_have_checksums(home: Path) -> None:
    (home / "a#b").write_text(LINES)
    assert paths.checksum("corpus.txt#column") == paths.checksum("corpus.txt") + "#column"
    assert paths.checksum("a#b") == paths.checksum("corpus.txt")
    (home / "inner" / "deep").mkdir(parents=True)
    (home / "inner" / "deep" / "file").write_text("1")
    before = paths.checksum("inner")
    shutil.copytree("inner", "copy")
    assert paths.checksum("copy") == before
    (home / "inner" / "deep" / "file").write_text("2")
    assert paths.checksum("inner") != before


@given(st.lists(st.sampled_from(["a", "b#c", "runs", "..x", "名"]), min_size=1, max_size=4))
def test_what_is_kept_relative_comes_back(parts: list[str]) -> None:
    path = str(Path("/", *parts))
    for runs in (Path("/a/runs"), Path("/runs"), Path("/b/c/d")):
        kept = paths.relative((("file", path), ("name", path)), {"file"}, runs)
        assert dict(kept)["name"] == path
        assert paths.restored(kept, {"file"}, runs) == (("file", path), ("name", path))

"""A metric of the user's own: its column and its signature say by which code it is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated
from bench.contracts.vocabulary import Vocabulary
from bench.plugins import metrics
from bench.plugins.checksum import checksum

CODE = """
from bench import Scores


class Rows:
    name, better = "rows", "higher"

    def signature(self):
        return "rows|plain"

    def score(self, generated, data):
        return Scores(float(len(generated.sequences)))


class OfData(Rows):
    def __init__(self, data, scale=2):
        self.size = scale * len(data.train)

    def score(self, generated, data):
        return Scores(float(self.size))


class Broken(Rows):
    def score(self, generated, data):
        return 1 / 0


class Unsure(Rows):
    better = "sideways"


class Unbuilt(Rows):
    def __init__(self):
        raise KeyError("gone")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def data() -> SequenceData:
    rows = np.arange(6).reshape(3, 2) % 4
    return SequenceData(rows, rows, rows, Vocabulary(tuple("abcd")), Source("made", "", "MIT", "generated"))


def test_column_and_signature_change_with_the_code(file: Path, data: SequenceData) -> None:
    plugin = metrics.parse(f"{file}:Rows")
    first = plugin.on(data)
    assert first.signature() == f"rows|plain|code:{checksum(f'{file}:Rows')[:16]}"
    assert first.name.startswith("rows ") and len(first.name) == len("rows ") + 8
    assert first.score(Generated(data.train), data).value == 3 and first.better == "higher" and first.only_final
    file.write_text(CODE + "\n# edited\n")
    assert metrics.parse(f"{file}:Rows").on(data).name != first.name


def test_a_class_that_needs_the_data_gets_it(file: Path, data: SequenceData) -> None:
    assert metrics.parse(f"{file}:OfData").on(data).score(Generated(data.train[:1]), data).value == 6


def test_a_metric_of_this_package_has_no_code_in_its_signature(data: SequenceData) -> None:
    plugin = metrics.parse("bench.toolkit.metrics.copying:CopiedRows")
    assert plugin.code == "" and plugin.told == "bench.toolkit.metrics.copying:CopiedRows"
    assert "code:" not in plugin.on(data).signature()


def test_a_journal_is_told_no_folder(file: Path) -> None:
    assert metrics.parse(f"{file}:Rows").told == "rows.py:Rows"


def test_each_fault_is_one_line(file: Path, data: SequenceData) -> None:
    with pytest.raises(BenchError, match=rf"cannot score with {file}:Broken, rows\.py line 25: ZeroDivisionError"):
        metrics.parse(f"{file}:Broken").on(data).score(Generated(data.train), data)
    with pytest.raises(BenchError, match=rf"{file}:Unsure: rows: better is 'sideways'; say 'lower' or 'higher'"):
        metrics.parse(f"{file}:Unsure").on(data)
    with pytest.raises(BenchError, match=rf"cannot build the metric {file}:Unbuilt, rows\.py line 34: KeyError"):
        metrics.parse(f"{file}:Unbuilt").on(data)
    with pytest.raises(BenchError, match="did you mean 'Rows'"):
        metrics.parse(f"{file}:Row")

"""The user's lines from text files and from columns of tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench.corpora.table import read_lines, split_column
from bench.errors import BenchError

CELLS = ["first line", "a, comma", 'a "quote"', "two\nlines", "007", "NA", "déjà"]
EXPECTED = [cell.replace("\n", " ") for cell in CELLS]


def written(tmp_path: Path, kind: str) -> Path:
    frame = pd.DataFrame({"id": range(len(CELLS)), "body": CELLS})
    path = tmp_path / f"table.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "tsv":
            frame.to_csv(path, index=False, sep="\t")
        case "jsonl":
            frame.to_json(path, orient="records", lines=True)
        case "parquet":
            frame.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_cells_of_a_column_are_lines(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind)
    assert read_lines(path.read_bytes(), path, "body") == EXPECTED
    with pytest.raises(BenchError, match="did you mean 'body'"):
        read_lines(path.read_bytes(), path, "bdy")
    with pytest.raises(BenchError, match="say which column"):
        read_lines(path.read_bytes(), path, "")
    with pytest.raises(BenchError, match=r"is not a readable|unknown column"):
        read_lines(b'{"half": "', path, "body")


def test_missing_cells_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"body": ["a", None, "b"]}).to_parquet(path)
    assert read_lines(path.read_bytes(), path, "body") == ["a", "b"]


def test_a_text_file_has_no_columns(tmp_path: Path) -> None:
    assert read_lines(b"a\nb\n", tmp_path / "lines.txt", "") == ["a", "b"]
    with pytest.raises(BenchError, match="have columns"):
        read_lines(b"a\nb\n", tmp_path / "lines.txt", "body")


def test_the_column_stands_after_the_last_hash(tmp_path: Path) -> None:
    assert split_column("table.csv#body") == (Path("table.csv"), "body")
    assert split_column("table.csv") == (Path("table.csv"), "")
    odd = tmp_path / "odd#name.txt"
    odd.write_text("x")
    assert split_column(str(odd)) == (odd, "")


def test_columns_may_have_numbers_for_names(tmp_path: Path) -> None:
    content = b"[1, 2]\n[3, 4]\n"
    assert read_lines(content, Path("rows.jsonl"), "1") == ["2", "4"]

"""One reader reads every format of a user's sequences, packed or not."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.rows import filled, parse, read_rows, split_column

CELLS = ["first line", "a, comma; and | bar", 'a "quote"', "two\nlines", "007", "NA", "déjà", " kept ", "北京"]
EXPECTED = [cell.replace("\n", " ") for cell in CELLS]


def written(kind: str) -> bytes:
    """CELLS beside a column of numbers, as pandas writes them."""
    frame, stream = pd.DataFrame({"id": range(len(CELLS)), "body": CELLS}), io.BytesIO()
    match kind:
        case "csv":
            frame.to_csv(stream, index=False)
        case "tsv":
            frame.to_csv(stream, index=False, sep="\t")
        case "jsonl" | "ndjson":
            frame.to_json(stream, orient="records", lines=True)
        case "json":
            frame.to_json(stream, orient="records")
        case "parquet":
            frame.to_parquet(stream)
    return stream.getvalue()


def read(name: str, content: bytes | str, column: str = "") -> list[Any]:
    return list(parse(content if isinstance(content, bytes) else content.encode(), Path(name), column).cells)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "ndjson", "json", "parquet"])
@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_cells_of_a_column_in_every_format(kind: str, suffix: str, pack: Any) -> None:
    name, content = f"table.{kind}{suffix}", pack(written(kind))
    assert read(name, content, "body") == EXPECTED
    with pytest.raises(BenchError, match="did you mean 'body'"):
        read(name, content, "bdy")
    with pytest.raises(BenchError, match=rf"{name} is a table: say which column, as in {name}#body; it has id, body"):
        read(name, content)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_bytes_that_are_no_table_of_their_kind_are_one_line(kind: str) -> None:
    with pytest.raises(BenchError, match=r"^table\.|^unknown column of table\.") as error:
        read(f"table.{kind}", b'{"half": "', "body")
    assert "\n" not in str(error.value)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), min_size=1)
rows = st.lists(texts.filter(str.strip), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([",", ";", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_csv_comes_back(found: list[str], quoting: int, delimiter: str, end: str, encoding: str) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([("id", "text", "score"), *((index, text, 0.5) for index, text in enumerate(found))])
    assert read("rows.csv", stream.getvalue().encode(encoding), "text") == found


@settings(max_examples=150, deadline=None)
@given(rows.map(lambda found: [text.replace("\t", " ") for text in found]), st.booleans())
def test_tsv_comes_back_with_and_without_quotation_marks(found: list[str], quoted: bool) -> None:
    """Unquoted marks are kept; a writer that quotes all cells, and doubles the marks in them, is understood."""
    stream = io.StringIO()
    if quoted:
        csv.writer(stream, "excel-tab", quoting=csv.QUOTE_ALL).writerows([("id", "text"), *enumerate(found)])
    else:
        stream.write("id\ttext\n" + "".join(f"{index}\t{text}\n" for index, text in enumerate(found)))
    expected = found
    if not quoted and all(text.startswith('"') for text in found):
        return  # every cell of the column might have been quoted by a writer
    assert read("rows.tsv", stream.getvalue(), "text") == expected


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(texts, st.none(), st.lists(st.text("abc", min_size=1), max_size=4)), min_size=1),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_jsonl_comes_back(found: list[Any], ascii: bool, end: str) -> None:
    lines = [json.dumps({"n": 10**30, "text": value, "x": float("nan")}, ensure_ascii=ascii) for value in found]
    content = codecs.BOM_UTF8 + end.join(lines).encode()
    kept = [tuple(value) if isinstance(value, list) else value for value in found if value is not None]
    got = parse(content, Path("rows.jsonl"), "text")
    assert got.cells == kept
    assert got.numbers == [number for number, value in enumerate(found, 1) if value is not None]


def test_nulls_are_counted_and_blank_cells_are_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"body": ["a", None, "", "b", None]})
    frame.to_parquet(tmp_path / "table.parquet")
    found = read_rows(f"{tmp_path / 'table.parquet'}#body")
    assert (found.cells, found.numbers, found.notes) == (["a", "", "b"], [1, 3, 4], ("2 of 5 rows are null, left out",))
    assert filled(found).cells == ["a", "b"] and filled(found).numbers == [1, 4]
    assert filled(found).notes[-1] == "1 blank rows left out"
    lines = parse(b"a\n\nb\n", Path("lines.txt"))
    assert (lines.cells, filled(lines).cells, filled(lines).numbers) == (["a", "", "b"], ["a", "b"], [1, 3])
    assert not filled(lines).notes


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"en": "a", "de": "b"}, "an object (en, de)"),
        (True, "true"),
        (0.5, "the number 0.5"),
        ([["a"]], "item 1 of the list is a list"),
        (["a", None], "item 2 of the list is null"),
        (["a", {"b": 1}], "item 2 of the list is an object (b)"),
        (["a", 1.5], "item 2 of the list is the number 1.5"),
        (["a", "New York"], "item 2 of the list is 'New York', which is empty or holds a blank"),
        ("a\0b", "text with a NUL character"),
        ("a\ud800b", "text with half a character (a lone surrogate)"),
    ],
)
def test_what_is_no_sequence_is_refused_with_its_row(value: Any, message: str) -> None:
    content = "".join(f"{json.dumps({'t': cell})}\n" for cell in ("fine", None, value))
    with pytest.raises(BenchError) as error:
        read("rows.jsonl", content, "t")
    assert str(error.value) == f"rows.jsonl#t, row 3: {message}; a text or a list of tokens is expected"


def test_numbers_are_their_digits() -> None:
    assert read("rows.jsonl", f'{{"t": 7}}\n{{"t": {"9" * 5000}}}\n{{"t": [1, "b", -3]}}', "t") == [
        "7",
        "9" * 5000,
        ("1", "b", "-3"),
    ]


def parquet(array: pa.Array) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"text": array, "a.b": array}), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([b"a b", None, "é".encode()]), ["a b", "é"]),
        (pa.array(["a b", None, "a b"]).dictionary_encode(), ["a b", "a b"]),
        (pa.array([[1, 2], [], None], pa.list_(pa.int16())), [("1", "2"), ()]),
        (pa.array([["a", "b"]], pa.large_list(pa.large_string())), [("a", "b")]),
        (pa.array([[b"a", b"b"]]), [("a", "b")]),
        (pa.array([1, None, 2**63 - 1]), ["1", str(2**63 - 1)]),
    ],
)
def test_parquet_types(array: pa.Array, expected: list[Any]) -> None:
    for column in ("text", "a.b"):
        assert read("table.parquet", parquet(array), column) == expected


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (pa.array([{"en": "a"}]), "row 1: an object"),
        (pa.array([b"a", b"\xff"]), "row 2: bytes that are not UTF-8"),
        (pa.array([1.0, 2.0]), "row 1: the number 1.0"),
        (pa.array([0], pa.timestamp("s")), r"row 1: a \w+ \(1970-01-01"),
    ],
)
def test_parquet_types_that_are_no_text(array: pa.Array, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        read("table.parquet", parquet(array), "text")


def test_json_documents() -> None:
    assert read("a.json", '["a b", "c"]') == ["a b", "c"]
    assert read("a.json", "[[1, 2], [3]]") == [("1", "2"), ("3",)]
    assert read("a.json", '[["x", "a b"], ["y", "c"]]', "2") == ["a b", "c"]
    assert read("a.json", '{"t": ["a b", null, "c"], "n": 1}', "t") == ["a b", "c"]
    assert read("a.json", pd.DataFrame({"t": ["a b", "c"]}).to_json(), "t") == ["a b", "c"]
    assert read("a.json", '{"data": [{"t": "a b"}, {"t": null}], "version": "1"}', "t") == ["a b"]
    assert read("a.json", '[\n {"t": "a b"},\n {"u": 1}\n]', "t") == ["a b"]
    lines = parse(b'{"t": "a b"}\n{"t": "c"}\n', Path("a.json"), "t")
    assert lines.cells == ["a b", "c"] and lines.notes == ("a.json is read as JSON lines",)
    assert read("a.jsonl", '"a b"\n"c"\n') == ["a b", "c"]
    assert read("a.jsonl", "[1, 2]\n[3, 4]\n") == [("1", "2"), ("3", "4")]
    assert read("a.jsonl", "[1, 2]\n[3, 4]\n", "1") == ["1", "3"]


@pytest.mark.parametrize(
    ("name", "content", "column", "message"),
    [
        ("a.json", "[1, 2", "", "a.json: no JSON"),
        ("a.json", '"text"', "", "a.json holds one value"),
        ("a.json", '{"t": {"x": "a"}}', "t", r"a.json#t: an object \(x\)"),
        ("a.json", '{"t": ["a"], "u": ["b"]}', "", "say which column, as in a.json#t; it has t, u"),
        ("a.json", '{"t": "a b"}', "t", "a.json holds one record; an array"),
        ("a.json", '{"t": ["a"]}', "u", "unknown column of a.json 'u'"),
        ("a.json", '{"data": [{"t": "a"}]}', "", "say which column, as in a.json#t; it has t"),
        ("a.json", '["a"]', "t", "it holds texts, which have no columns"),
        ("a.jsonl", '{"t": "a"}\n\n{"t": \n', "t", "a.jsonl, line 3: no JSON"),
        ("a.jsonl", '{"t": "a"}\n"b"\n', "t", 'a.jsonl, row 2: "b" is not an object, as the first row is'),
        ("a.jsonl", "[\n1\n]", "", "a.jsonl, line 1: no JSON .*; name the file .json"),
        ("a.jsonl", "[1]\n[2, 3]\n", "2", "a.jsonl#2, row 1: 1 items; column 2 is absent"),
        ("a.jsonl", "[1]\n", "text", "its records are arrays"),
        ("a.jsonl", "[" * 100_000, "", "a.jsonl, line 1: "),
        ("a.jsonl", "\n\n", "t", "a.jsonl is empty"),
        ("a.csv", "", "t", "a.csv is empty"),
    ],
)
def test_json_that_is_wrong_is_one_line(name: str, content: str, column: str, message: str) -> None:
    with pytest.raises(BenchError, match=message) as error:
        read(name, content, column)
    assert "\n" not in str(error.value)


def test_fasta_records_are_joined() -> None:
    found = parse(b"; comment\n>one\nMKV\nLA A\n\n>two\n>three\r\nGG\n", Path("p.fasta.gz".removesuffix(".gz")))
    assert (found.cells, found.notes) == (["MKVLAA", "", "GG"], ("3 FASTA records, lines of a record joined",))
    with pytest.raises(BenchError, match=r"p.fa, line 1: a line before the first >"):
        read("p.fa", "MKV\n>one\nMK")


def test_molecules_are_the_first_field() -> None:
    found = parse(b"smiles name\nCCO ethanol\nC1CC1\n\nc1ccccc1\tbenzene\n", Path("m.smi"))
    assert found.cells == ["CCO", "C1CC1", "c1ccccc1"]
    assert found.notes == ("the first field of a line is the molecule; 2 of 3 lines have more",)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.xlsx", "save the sheet as CSV"),
        ("a.docx", "save it as plain text"),
        ("a.PDF", "save it as plain text"),
        ("a.zip", "unpack it"),
        ("a.tar.gz", "unpack it"),
        ("a.txt.zst", "pack it with gzip"),
        ("a.npy", "write one sequence a line"),
        ("a.feather", "a column of a Parquet file"),
        ("a.pt", "write one sequence a line"),
        ("a.fastq", "save it as FASTA"),
        ("a.sdf", "write one SMILES a line"),
    ],
)
def test_other_formats_are_refused_by_name(name: str, remedy: str) -> None:
    with pytest.raises(BenchError, match=f"^{name}: .* files are not read; .*{remedy}"):
        read(name, b"\x80\0whatever")


def test_portuguese_is_text() -> None:
    assert read("train.pt", "não é nada\n") == ["não é nada"]


def test_packing_that_is_damaged() -> None:
    for suffix, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        for content in (pack(b"a b c\n" * 99)[:-9], b"plain text"):
            with pytest.raises(BenchError, match=f"a.txt.{suffix} is not a readable .{suffix} file"):
                read(f"a.txt.{suffix}", content)
        assert read(f"a.txt.{suffix}", pack(b"a\nb\n")) == ["a", "b"]
    with pytest.raises(BenchError, match=r"a.txt is a binary file.*gzip: name it .gz"):
        read("a.txt", gzip.compress(b"a b c\n" * 99, mtime=0))


def test_a_text_file_has_no_columns() -> None:
    assert read("lines.txt", b"a\nb\n") == ["a", "b"]
    for name in ("lines.txt", "a.fasta", "a.smi"):
        with pytest.raises(BenchError, match="have columns"):
            read(name, b">a\nb\n", "body")


def test_the_column_stands_after_the_last_hash(tmp_path: Path) -> None:
    assert split_column("table.csv#body") == (Path("table.csv"), "body")
    assert split_column("table.csv") == (Path("table.csv"), "")
    odd = tmp_path / "odd#name.txt"
    odd.write_text("x")
    assert split_column(str(odd)) == (odd, "")

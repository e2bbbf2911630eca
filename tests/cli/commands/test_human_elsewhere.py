"""bench human export: texts made elsewhere are shown as the dataset prints its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.judging.human.sheet import read_key

TEXT = ("-d", "text:tiny.txt")


def texts(out: str, origin: str) -> set[str]:
    return {item.text for item in read_key(Path(out) / "key.json").items if item.origin == origin}


def test_samples_made_elsewhere_join_or_stand_alone(finish, call):
    real, mle = finish("text:tiny.txt", "mle")
    lines = [f"the cat sat on line {index}" for index in range(9)]
    Path("mine.txt").write_bytes("\ufeff".encode() + b"".join(f"  {line} \r\n".encode() for line in lines))
    export = ("human", "export", *TEXT, "--n", 5, "--samples", "mine=mine.txt")
    call(*export, "--out", "alone")
    call(*export, "--models", "mle", "--out", "both")
    assert read_key(Path("alone/key.json")).origins == ("real", "mine")
    both = read_key(Path("both/key.json"))
    assert both.origins == ("real", "mle", "mine")
    assert dict(both.cells) == {"real": real.cell.id, "mle": mle.cell.id}
    assert texts("alone", "mine") <= set(lines) and texts("both", "mine") <= set(lines)


def test_marks_of_poems_tell_nothing(finish, call):
    (real,) = finish("poems", samples=30)
    poems = (real.folder / "samples.txt").read_text(encoding="utf-8").splitlines()[::-1]
    spoilt = [line[:5] + "，" + line[5:10] + "？" + line[10:15] + ", " + line[15:] + "！" for line in poems]
    Path("mine.txt").write_text("\n".join(" ".join(line) for line in spoilt), encoding="utf-8")
    call("human", "export", "-d", "poems", "--data", "sample", "--n", 5, "--samples", "mine=mine.txt", "--out", "out")
    assert texts("out", "mine") <= set(poems)


def test_special_tokens_and_quotation_marks_go_when_asked_and_are_said_when_not(finish, call):
    finish("text:tiny.txt")
    Path("mine.txt").write_text("".join(f'"<s> the cat {n} </s> <pad>"\n' for n in range(9)))
    export = ("human", "export", *TEXT, "--n", 5, "--samples", "mine=mine.txt")
    said = call(*export, "--out", "kept").stderr
    assert "mine: " in said and "--unquote" in said and "--drop-special" in said
    call(*export, "--unquote", "--drop-special", "--out", "clean")
    assert texts("clean", "mine") <= {f"the cat {n}" for n in range(9)}


def test_a_corpus_that_is_absent_stops_a_sheet_of_samples_made_elsewhere(finish, call, monkeypatch):
    from bench.toolkit.corpora import download

    monkeypatch.setattr(download, "_can_connect", lambda url: False)
    finish("poems", samples=30)
    Path("mine.txt").write_text("春" * 20)
    with pytest.raises(BenchError, match=r"Samples made elsewhere are not compared .* --data sample"):
        call("human", "export", "-d", "poems", "--n", 5, "--samples", "mine=mine.txt", "--out", "out")
    assert not Path("out").exists()

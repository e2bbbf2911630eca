"""Use -d NAME=text:FILE and FILE#column in the commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bench.contracts.errors import BenchError
from bench.records.journal import Record

Call = Callable[..., Result]
Finish = Callable[..., list[Record]]


def test_a_named_corpus_is_found_by_every_command(workplace: Path, finish: Finish, call: Call) -> None:
    runs = finish("web=text:tiny.txt", "mle", "random-unigram", samples=40, overrides=("mle.rate=0.05",))
    arm = next(record for record in runs if record.cell.baseline == "mle").cell.label
    line = call("sample", arm, "-d", "web", "--count", "1", "--data", "sample").output
    for dataset in ("web=text:tiny.txt", "text:tiny.txt"):
        assert call("sample", arm, "-d", dataset, "--count", "1", "--data", "sample").output == line
    assert f"{arm} (seeds 0) is nearest" in call("match", arm, arm, "-d", "web=text:tiny.txt").output
    call("human", "export", "-d", "web=text:tiny.txt", "--models", arm, "--n", "2", "--out", "sheet")
    assert json.loads(Path("sheet/key.json").read_text())["dataset"] == "web"
    Path("mine.txt").write_text("the cat sat\n" * 27)
    for dataset in ("web=text:tiny.txt", "text:tiny.txt", "web"):
        words = ("score", "mine.txt", "-d", dataset, "--name", "mine", "--plan", "small", "--json")
        told = json.loads(call(*words).output)
        assert told["dataset"] == "web" and {test["label"] for test in told["tests"]} == {arm, "random-unigram", "real"}


def test_scores_of_another_corpus_of_the_name_do_not_enter_the_plan(
    workplace: Path, finish: Finish, call: Call
) -> None:
    finish("text:tiny.txt", "random-unigram")
    Path("b").mkdir()
    Path("b/tiny.txt").write_text(Path("tiny.txt").read_text().replace("cat", "dog"))
    Path("mine.txt").write_text("the cat sat\n" * 27)
    words = ("score", "mine.txt", "-d", "text:b/tiny.txt", "--name", "mine")
    call(*words)
    with pytest.raises(BenchError, match=r"two corpora are called 'text:tiny'"):
        call(*words, "--plan", "small")
    call("score", "mine.txt", "-d", "b=text:b/tiny.txt", "--name", "mine", "--plan", "small")


def test_samples_in_every_format_score_as_their_lines(workplace: Path, call: Call) -> None:
    lines = [line for line in Path("tiny.txt").read_text().splitlines() if len(line.split()) > 2][::3]
    Path("m.txt").write_text("\n".join(lines))
    Path("m.jsonl").write_text("".join(f"{json.dumps({'n': 10**30, 'text': line})}\n" for line in lines))
    Path("m.csv").write_text("id;text\n" + "".join(f"{n};{line}\n" for n, line in enumerate(lines)))
    Path("m.json").write_text(json.dumps([{"tokens": line.split()} for line in lines]))

    def scores(file: str) -> dict[str, float]:
        told = json.loads(call("score", file, "-d", "text:tiny.txt", "--name", "m", "--json").output)
        return {name: score["value"] for name, score in told["scores"].items()}

    expected = scores("m.txt")
    for file in ("m.jsonl#text", "m.csv#text", "m.json#tokens"):
        assert scores(file) == expected, file
    with pytest.raises(BenchError, match=r"m\.csv is a table: say which column, as in m\.csv#text; it has id, text"):
        scores("m.csv")
    with pytest.raises(BenchError, match=r"no file nowhere\.csv#text"):
        scores("nowhere.csv#text")


def test_people_judge_the_column_of_a_table(workplace: Path, finish: Finish, call: Call) -> None:
    finish("text:tiny.txt", samples=40)
    Path("m.jsonl").write_text("".join(f"{json.dumps({'t': f'a text number {n}'})}\n" for n in range(9)))
    words = ("human", "export", "-d", "text:tiny", "--n", "2", "--out", "sheet", "--samples")
    with pytest.raises(BenchError, match="is a table: say which column"):
        call(*words, "m=m.jsonl")
    call(*words, "m=m.jsonl#t")
    texts = [item["text"] for item in json.loads(Path("sheet/key.json").read_text())["items"] if item["origin"] == "m"]
    assert len(texts) == 2 and all(text.startswith("a text number ") for text in texts)

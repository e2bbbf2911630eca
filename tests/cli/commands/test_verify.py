"""`bench verify` on real runs: every score of every kind of row comes out again, and the exit code tells."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from bench.cli.main import bench


def verify(*words: str) -> tuple[int, list[str]]:
    found = CliRunner().invoke(bench, ["verify", *words, "--data", "sample"])
    return found.exit_code, found.output.splitlines()


def states(lines: list[str]) -> set[str]:
    return {line.split("  ")[0] for line in lines[:-1]}


def test_rows_of_text_with_weights_and_from_elsewhere(finish: Any, call: Any) -> None:
    finish("text:tiny.txt", "mle", "ngram", "random-unigram")
    call("score", "tiny.txt", "-d", "text:tiny.txt", "--name", "mine", "--plan", "small", "--data", "sample")
    code, lines = verify()
    assert code == 0 and lines[-1] == "5 whole" and states(lines) == {"whole"}
    assert verify("runs") == (code, lines) and verify("small")[1][-1] == "5 whole"


def test_rows_of_an_oracle(finish: Any) -> None:
    finish("enumerable", "mle", "random-uniform", overrides=("enumerable.train=200", "enumerable.test=100"))
    code, lines = verify()
    assert code == 0 and states(lines) == {"whole"}


def test_a_flipped_byte_is_exit_code_1(finish: Any) -> None:
    _, mle = finish("text:tiny.txt", "mle")
    path = mle.folder / "scores.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"?" + path.read_bytes()[-8:])
    code, lines = verify("--checksums")
    assert code == 1 and lines[-1] == "1 damaged, 1 whole"
    assert any("scores.parquet was changed after the cell ended" in line for line in lines)
    facts = json.loads((mle.folder / "cell.json").read_text())
    (mle.folder / "cell.json").write_text(json.dumps(facts | {"seed": "x"}))
    code, lines = verify("--checksums")
    assert code == 1 and "cell.json is damaged" in lines[-2]


def test_without_cells_there_is_nothing_to_verify(workplace: Any) -> None:
    (workplace / "runs").mkdir()
    assert verify()[0] == 1  # a BenchError, which `main` turns into one line
    assert verify("nothing")[0] == 1

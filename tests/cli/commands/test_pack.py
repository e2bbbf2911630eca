"""`bench pack` and `bench verify FILE.zip`, on a plan with text, weights and samples made elsewhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.records.journal import Journal


def verify(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(bench, ["verify", *words, "--data", "sample"])
    return found.exit_code, found.output


def test_a_plan_is_packed_and_verified(finish: Any, call: Any) -> None:
    finish("text:tiny.txt", "mle", "random-unigram", seeds=2)
    call("score", "tiny.txt", "-d", "text:tiny.txt", "--name", "mine", "--plan", "small", "--data", "sample")
    assert call("pack", "small").output.startswith("small.zip: ")
    code, output = verify("small.zip")
    assert code == 0 and output.splitlines()[-1] == "6 whole"
    with zipfile.ZipFile("small.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(files["pack.json"])
    assert facts["plan"] == "small" and facts["environment"]["version.bench"]
    (table,) = (content for name, content in files.items() if name.startswith("tables/"))
    assert b"\ntext:tiny,mle" in table and b",p_exact_holm," in table
    with zipfile.ZipFile("other.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content.replace(b"cat", b"mat") if name.endswith("samples.txt") else content)
    code, output = verify("other.zip")
    assert code == 1 and "samples.txt was changed after packing" in output
    Path("tiny.txt").rename("elsewhere.txt")
    code, output = verify("small.zip")
    assert code == 0 and output.splitlines()[-1] == "6 claimed"


def test_what_is_not_whole_is_not_packed(finish: Any) -> None:
    _, mle = finish("text:tiny.txt", "mle")
    runs = CliRunner()
    with pytest.raises(BenchError, match="unknown plan in runs 'smal'; did you mean 'small'"):
        runs.invoke(bench, ["pack", "smal"], catch_exceptions=False)
    journal = Journal(mle.folder)
    whole = journal.path.read_text()
    journal.path.write_text(whole.replace('"hypotheses": 20', '"hypotheses": 21'))
    with pytest.raises(BenchError, match=r"mle seed 0 \(cell \w+\) is damaged \(journal\.jsonl was changed after"):
        runs.invoke(bench, ["pack", "small"], catch_exceptions=False)
    lines = whole.splitlines()[:-1]
    journal.path.write_text("\n".join([*lines[:-1], lines[-1].replace(', "sealed": true', "")]) + "\n")
    with pytest.raises(BenchError, match="was made by a version that kept no checksums: remove its folder, and run"):
        runs.invoke(bench, ["pack", "small"], catch_exceptions=False)
    (mle.folder / "cell.json").unlink()
    with pytest.raises(BenchError, match=r"cell \w+ of plan small has no folder in runs: repeat the `bench run`"):
        runs.invoke(bench, ["pack", "small"], catch_exceptions=False)
    assert not Path("small.zip").exists()

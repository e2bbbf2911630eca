"""bench.evaluate gives the results of `bench score` as objects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bench
from bench.cli.main import bench as command

LINES = [f"{a} {b} {c}" for a in ("the", "one") for b in ("cat", "dog", "mat", "hat") for c in ("sat", "ran", "ate")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus and samples."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    Path("corpus.txt").write_text("".join(f"{line}\n" for line in LINES))
    Path("samples.txt").write_text("the cat sat\none dog ran\nthe hat sat\nthe zebra sat\n")
    return tmp_path


def test_it_says_what_bench_score_says(place: Path) -> None:
    found = bench.evaluate("samples.txt", "text:corpus.txt", name="mine")
    options = ["score", "samples.txt", "-d", "text:corpus.txt", "--name", "mine", "--json"]
    facts = json.loads(CliRunner().invoke(command, options, catch_exceptions=False).stdout)
    for label, scores in {"mine": facts["scores"], "real": facts["anchors"]["real"]["scores"]}.items():
        told = {name: score["value"] for name, score in scores.items() if score["value"] is not None}
        assert found.scores[label].dropna().to_dict() == told
    assert found.scores["signature"].to_dict() == {name: s["signature"] for name, s in facts["scores"].items()}
    assert found.sequences == 4 and found.dataset == "text:corpus" and any("'zebra' 1" in n for n in found.notes)


def test_it_writes_nothing(place: Path) -> None:
    before = {path for path in place.iterdir() if path.name != "cache"}
    bench.evaluate("samples.txt", "text:corpus.txt")
    assert {path for path in place.iterdir() if path.name != "cache"} == before


def test_sequences_at_hand_score_as_their_file_does(place: Path) -> None:
    texts = Path("samples.txt").read_text().splitlines()
    found = bench.evaluate("samples.txt", "text:corpus.txt")
    for form in (texts, [tuple(text.split()) for text in texts], np.array(texts, dtype=object)):
        assert bench.evaluate(form, "text:corpus.txt").scores.equals(found.scores)
    words = bench.load_dataset("text:corpus.txt").vocabulary
    known = texts[:3]
    ids = np.array([words.encode(text.split()) for text in known])
    by_id = bench.evaluate(ids, "text:corpus.txt", format="ids").scores
    assert by_id.equals(bench.evaluate(known, "text:corpus.txt").scores)


def test_it_shows_itself(place: Path) -> None:
    found = bench.evaluate("samples.txt", "text:corpus.txt", name="<mine>")
    html = found._repr_html_()
    assert "&lt;mine&gt; on text:corpus, 4 sequences" in html and "random-unigram" in html and "<td>-</td>" in html
    assert f"{found.scores.loc['bleu-2', '<mine>']:.4f}" in html and "|smooth:method1|" in html
    assert repr(found).startswith("<mine> on text:corpus, 4 sequences\n") and "|smooth:method1|" in repr(found)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ("smples.txt", "no file smples.txt: give the path of a file, or a list of sequences"),
        ([], "samples: there is no sequence"),
        (["the cat", None], "samples: row 2 is missing"),
        (["the cat", 1.5], "samples, row 2: the number 1.5; a text or a list of tokens is expected"),
    ],
)
def test_wrong_samples_are_named(place: Path, samples: object, said: str) -> None:
    with pytest.raises(bench.BenchError, match=said):
        bench.evaluate(samples, "text:corpus.txt")


def test_stored_runs_are_tested_against(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(
        command, ["score", "samples.txt", "-d", "text:corpus.txt", "--name", "theirs", "--plan", "smoke"]
    )
    tests = bench.evaluate("samples.txt", "text:corpus.txt", name="mine").tests.set_index("metric")
    assert set(tests["label"]) == {"theirs"} and tests.loc["bleu-2", "difference"] == 0
    knobs = bench.evaluate("samples.txt", "text:corpus.txt", overrides={"text.tokens": "char", "text.length": 9})
    assert any("cut to 9 tokens" in note for note in knobs.notes)

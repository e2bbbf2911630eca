"""bench rescore: other people's samples give the numbers of bench score, beside real rows and published values."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from bench.contracts.errors import BenchError
from bench.reporting.paper import paper

Call = Callable[..., Result]
TEXT = ("-d", "text:tiny.txt", "--data", "sample")
WORDS = ("the", "cat", "sat", "on", "a", "mat")


def lines(count: int, seed: int) -> list[str]:
    """Return sentences of four to six words in random order."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.permutation(WORDS)[: rng.integers(4, 7)]) for _ in range(count)]


def write(folder: Path, name: str, rows: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def papers(workplace: Path) -> Path:
    """A paper of two models at two temperatures, one of them in quotation marks, and a paper of a longer file."""
    for seed, name in enumerate(("gan_0.5_1", "gan_0.5_2", "gan_1.0_1", "mle_1.0")):
        write(workplace / "papers" / "one", f"{name}.txt", lines(12, seed))
    write(workplace / "papers" / "one", "quoted.txt", [f'"{line}"' for line in lines(12, 9)])
    write(workplace / "papers" / "two", "long.txt", lines(80, 10))
    return workplace / "papers"


def test_every_file_has_the_numbers_of_bench_score(papers: Path, call: Call) -> None:
    printed = call("rescore", papers, *TEXT).stdout
    (written,) = Path("results").glob("rescore-*.csv")
    found = read(written)
    for path in sorted(papers.rglob("*.txt")):
        unquote = ["--unquote"] if path.stem == "quoted" else []
        scored = json.loads(call("score", path, *TEXT, "--name", f"x-{path.stem}", "--json", *unquote).stdout)
        mine = {line["metric"]: line for line in found if line["file"] == path.name}
        assert {name: line["signature"] for name, line in mine.items()} == {
            name: score["signature"] for name, score in scored["scores"].items()
        }
        values = {name: float(line["value"]) if line["value"] else None for name, line in mine.items()}
        assert values == {name: score["value"] for name, score in scored["scores"].items()}
        assert {line["unquoted"] for line in mine.values()} == {"yes" if unquote else "no"}
        if path.parent.name == "one":
            real = {
                line["metric"]: line["value"] for line in found if (line["paper"], line["model"]) == ("one", "real")
            }
            anchor = scored["anchors"]["real"]
            assert anchor["hypotheses"] == 12
            assert real == {
                name: "" if score["value"] is None else str(score["value"]) for name, score in anchor["scores"].items()
            }
    assert printed.count("Quotation marks around lines are taken off in 1 files.") == 1
    assert {path.suffix for path in Path("results").glob("rescore-*")} == {".csv", ".md", ".png", ".pdf", ".svg"}


def test_a_row_is_the_mean_of_its_files(papers: Path, call: Call) -> None:
    printed = call("rescore", papers, *TEXT).stdout
    (written,) = Path("results").glob("rescore-*.csv")
    values = [
        float(line["value"])
        for line in read(written)
        if line["file"].startswith("gan_0.5") and line["metric"] == "bleu-4"
    ]
    row = next(line for line in printed.splitlines() if line.startswith("| gan | 0.5 | 2 | 12 |"))
    assert len(values) == 2 and f"| {np.mean(values):.4f} ± " in row
    assert (
        "| gan | 1 | 1 | 12 |" in printed and "| mle | 1 | 1 | 12 |" in printed and "| quoted | - | 1 | 12 |" in printed
    )


def test_a_real_row_is_as_long_as_the_files(papers: Path, call: Call) -> None:
    """80 are more than are held out: training rows follow, and what takes those for references is undefined."""
    call("rescore", papers / "two", *TEXT)
    (written,) = Path("results").glob("rescore-*.csv")
    real = {line["metric"]: line for line in read(written) if line["model"] == "real"}
    assert {line["sequences"] for line in real.values()} == {"80"}
    assert real["self-bleu-2"]["value"]
    for line in real.values():
        assert "|split:train|" not in line["signature"] or line["value"] == ""


def test_published_values_of_other_samples_are_not_shown(papers: Path, call: Call) -> None:
    assert "published" not in call("rescore", papers, *TEXT).stdout.replace("Published samples", "")


def test_a_folder_without_samples_is_named(workplace: Path, call: Call) -> None:
    with pytest.raises(BenchError, match=r"no folder .*literature"):
        call("rescore", *TEXT)


@pytest.mark.corpus
def test_texygens_samples_stand_beside_their_published_values(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(CORPORA) if CORPORA else Path("absent")
    samples = root / "literature" / "texygen" / "seq.txt"
    if not samples.is_file() or not (root / "coco" / "image_coco.txt").is_file():
        pytest.skip("corpus absent: literature/texygen/seq.txt or coco is not in BENCH_DATA")
    monkeypatch.setenv("BENCH_DATA", str(root))
    write(tmp_path / "texygen", "seq.txt", samples.read_text(encoding="utf-8").splitlines())
    printed = call("rescore", tmp_path / "texygen", "-d", "coco").stdout
    found = {line["metric"]: line for line in read(Path("results", "rescore-coco.csv")) if line["file"] == "seq.txt"}
    published = {name: values["seqgan"] for name, values in paper().tables["coco"].published.items()}
    assert {name: line["published"] for name, line in found.items() if line["published"]} == published
    assert all(abs(float(found[name]["value"]) - float(value)) < 0.00101 for name, value in published.items())
    assert "| SeqGAN | - | 1 | 9984 |" in printed and "The real row holds 9,947 sequences" in printed


CORPORA = os.environ.get("BENCH_DATA")
"""Where the corpora are, before a test has its own folder."""

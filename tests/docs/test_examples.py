"""The examples of the README and of docs/ run as they are."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bench
from bench.contracts.metric import Generated
from bench.engine.conformance.datasets import check_dataset
from bench.engine.conformance.subject import subjects
from bench.engine.conformance.trainers import CHECKS
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora

HOUSE = Path(__file__).parent.parent.parent


def python_of(page: str) -> list[str]:
    """Return the blocks of Python on a page, except those that are whole files."""
    text = (HOUSE / page).read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```", text, flags=re.S | re.M)
    return [block for block in found if not re.match(r"# \w+\.py\n", block)]


def test_the_pages_show_these_files(files: Path) -> None:
    assert {path.name for path in files.glob("*.py")} == {"bigram.py", "counting.py", "distinct.py", "my_model.py"}


@pytest.mark.parametrize("reference", ["bigram.py:Bigram", "my_model.py:MyModel"])
def test_trainers_conform(files: Path, reference: str) -> None:
    cls = plugins.load("bench.baselines", f"{files}/{reference}")
    _, subject = next(iter(subjects(cls, cls.Settings())))
    for check in CHECKS:
        check(subject)


def test_the_dataset_conforms(files: Path) -> None:
    cls = plugins.load("bench.datasets", f"{files}/counting.py:Counting")
    check_dataset(cls(cls.Settings(), Corpora.from_environment("sample")))


def test_the_metric_counts_bigrams(files: Path) -> None:
    cls = plugins.load("bench.datasets", f"{files}/counting.py:Counting")
    dataset = cls(cls.Settings(), Corpora.from_environment("sample"))
    data = dataset.load()
    metric = next(metric for metric in dataset.metrics(data) if metric.name == "distinct-2")
    rows = np.array([[1, 2, 1, 2], [3, 3, 3, 3]])
    assert metric.score(Generated(rows), data).value == pytest.approx(3 / 6)  # 12, 21 and 33, of six


def test_the_python_page_runs_from_top_to_bottom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(folder / "cache"))
    names: dict[str, Any] = {}
    for block in python_of("docs/python.md"):
        exec(compile(block, "docs/python.md", "exec"), names)
    told = re.search(r"print\(score\)  # (.*)", (HOUSE / "docs" / "python.md").read_text(encoding="utf-8"))
    assert told is not None and told[1] == str(names["score"])
    assert set(names["frame"]["baseline"]) == {"real", "mle", "random-unigram"}


def test_the_readme_calls_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """coco is not everywhere: only the arguments of `evaluate` are checked."""
    signature = inspect.signature(bench.evaluate)
    asked = []
    monkeypatch.setattr(bench, "evaluate", lambda *given, **named: asked.append(signature.bind(*given, **named)))
    for block in python_of("README.md"):
        exec(block, {})
    assert asked[0].arguments == {"samples": "samples.txt", "dataset": "coco", "name": "my-model"}

"""The worked examples of CONTRIBUTING.md are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bench.contracts.metric import Generated
from bench.engine.conformance.datasets import check_dataset
from bench.engine.conformance.subject import subjects
from bench.engine.conformance.trainers import CHECKS
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture()
def examples(tmp_path: Path) -> Path:
    """The files of the examples, written into one folder."""
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", TEXT, flags=re.S):
        (tmp_path / name).write_text(code, encoding="utf-8")
    return tmp_path


def test_the_page_has_the_three_examples(examples: Path) -> None:
    assert {path.name for path in examples.glob("*.py")} == {"bigram.py", "counting.py", "distinct.py"}


def test_trainer_example_conforms(examples: Path) -> None:
    cls = plugins.load("bench.baselines", f"{examples}/bigram.py:Bigram")
    _, subject = next(iter(subjects(cls, cls.Settings())))
    for check in CHECKS:
        check(subject)


def test_dataset_example_conforms(examples: Path) -> None:
    cls = plugins.load("bench.datasets", f"{examples}/counting.py:Counting")
    check_dataset(cls(cls.Settings(), Corpora.from_environment("sample")))


def test_metric_example_counts_bigrams(examples: Path) -> None:
    cls = plugins.load("bench.datasets", f"{examples}/counting.py:Counting")
    dataset = cls(cls.Settings(), Corpora.from_environment("sample"))
    data = dataset.load()
    metric = next(m for m in dataset.metrics(data) if m.name == "distinct-2")
    rows = np.array([[1, 2, 1, 2], [3, 3, 3, 3]])
    assert metric.score(Generated(rows), data).value == pytest.approx(3 / 6)  # 12, 21 and 33, of six

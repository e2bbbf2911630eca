"""Every dataset on the shelf keeps the contract, on the samples that the code makes: no corpus is needed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.knobs import build, quick, rules_of
from bench.engine.conformance.datasets import check_dataset
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora

NAMES = plugins.names("bench.datasets")
KINDS = {"text": "local", "enumerable": "generated", "markov": "generated"}
KNOWN_TRUTH = ("oracle", "enumerable", "markov")


@pytest.fixture
def make(tmp_path: Path, corpora: Corpora) -> Any:
    """Return a dataset by name, on a sample; `text` gets a file of its own."""
    lines = [f"the {a} {b} a {c}" for a in ("old", "new") for b in "uvwxyz" for c in ("cat", "dog", "fox")]
    (tmp_path / "lines.txt").write_text("\n".join(lines))

    def make(name: str, **more: str) -> Any:
        cls = plugins.load("bench.datasets", name)
        knobs: dict[str, Any] = dict(more)
        knobs |= {"file": str(tmp_path / "lines.txt")} if name == "text" else {}
        return cls(build(cls.Settings, quick(cls.Settings, knobs, name), name), corpora)

    return make


@pytest.mark.parametrize("name", NAMES)
def test_it_conforms(make: Any, name: str) -> None:
    check_dataset(make(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_each_time_and_says_what_it_is(make: Any, name: str) -> None:
    first, second = make(name).load(), make(name).load()
    assert first.fingerprint == second.fingerprint and np.array_equal(first.train, second.train)
    assert first.source == second.source and first.source.kind == KINDS.get(name, "sample")
    assert first.source.file and first.source.licence and len(first.source.sha256) == 64
    assert len(first.vocabulary) >= 2 and min(map(len, (first.train, first.valid, first.test))) > 0


@pytest.mark.parametrize("name", [name for name in NAMES if name not in KNOWN_TRUTH])
def test_its_knobs_of_bleu_reach_every_signature(make: Any, name: str) -> None:
    dataset = make(name, smoothing="none", average="corpus")
    signatures = [metric.signature() for metric in dataset.metrics(dataset.load()) if "bleu" in metric.name]
    assert signatures and all("|smooth:none|avg:corpus" in signature for signature in signatures)


@pytest.mark.parametrize("name", NAMES)
def test_knobs_have_defaults_that_pass_their_own_bounds_and_a_line_of_help(name: str) -> None:
    cls = plugins.load("bench.datasets", name)
    assert build(cls.Settings, dataclasses.asdict(cls.Settings()), name) == cls.Settings()
    assert all(rules.help for rules in rules_of(cls.Settings).values())

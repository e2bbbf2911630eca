"""Every trainer on the shelf keeps the contract, by the same checks that a third party runs on their own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bench.contracts.knobs import build, quick, rules_of
from bench.engine.conformance.subject import subjects, toy_data
from bench.engine.conformance.trainers import CHECKS
from bench.plugins import loading as plugins

NAMES = plugins.names("bench.baselines")
KINDS = [kind for kind, _ in subjects(object, None)]


def test_the_shelf_is_whole() -> None:
    shipped = {"random-uniform", "random-unigram", "mle", "scheduled-sampling", "pg-bleu", "seqgan"}
    assert shipped | {"constant-reward", "random-reward", "mle-temperature"} <= set(NAMES)


@pytest.mark.parametrize(("name", "kind"), list(itertools.product(NAMES, KINDS)))
def test_it_conforms(name: str, kind: str) -> None:
    cls = plugins.load("bench.baselines", name)
    subject = dict(subjects(cls, build(cls.Settings, quick(cls.Settings, {}, name), name)))[kind]
    for check in CHECKS:
        check(subject)


@pytest.mark.parametrize("name", NAMES)
def test_knobs_have_defaults_that_pass_their_own_bounds_and_a_line_of_help(name: str) -> None:
    import dataclasses

    cls = plugins.load("bench.baselines", name)
    settings: Any = cls.Settings()
    assert build(cls.Settings, dataclasses.asdict(settings), name) == settings
    assert all(rules.help for rules in rules_of(cls.Settings).values())


def test_the_toy_data_is_what_it_says() -> None:
    for end in (None, 0):
        data = toy_data(end)
        rows = [tuple(row) for split in (data.train, data.valid, data.test) for row in split.tolist()]
        assert len(set(rows)) == len(rows) and data.length == 6 and len(data.valid) == len(data.test) == 30
        assert data.fingerprint == toy_data(end).fingerprint

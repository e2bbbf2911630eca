"""Run the conformance checks on a plug-in and report the outcome of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

from bench.contracts.errors import BenchError, named
from bench.contracts.guards.plugin import Group
from bench.contracts.knobs import build, quick
from bench.engine.conformance.datasets import check_dataset
from bench.engine.conformance.subject import subjects
from bench.engine.conformance.trainers import CHECKS
from bench.plugins import loading as plugins
from bench.plugins.reference import parse_plugin
from bench.toolkit.corpora.fetch import Corpora

Kind = Literal["trainer", "dataset"]
GROUPS: Mapping[Kind, Group] = {"trainer": "bench.baselines", "dataset": "bench.datasets"}


class Outcome(NamedTuple):
    """The outcome of a check; `problem` is empty if the plug-in passed it."""

    title: str
    problem: str = ""


def check(reference: str, values: Mapping[str, Any], corpora: Corpora, kind: Kind | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each check of a trainer or a dataset, built with the knobs `values`.

    A knob that `values` does not set has its quick value, if it states one. A dataset reads `corpora`. If `kind` is not
    given, the plug-in's methods tell it. BenchError if the plug-in cannot be loaded or refuses its knobs.
    """
    group = GROUPS[kind] if kind else plugins.kind(reference)
    cls, name = plugins.load(group, reference), parse_plugin(reference).label
    settings = build(cls.Settings, quick(cls.Settings, values, name), name)
    if group == "bench.datasets":
        yield outcome("splits, metrics and real samples", lambda: check_dataset(cls(settings, corpora)))
        return
    for subject_kind, subject in subjects(cls, settings):
        for test in CHECKS:
            yield outcome(f"{test.__name__.replace('_', ' ')} ({subject_kind})", partial(test, subject))


def outcome(title: str, test: Callable[[], None]) -> Outcome:
    """Run one check and return its outcome. A BenchError is raised on: its cause is the input, not the plug-in."""
    try:
        test()
    except BenchError:
        raise
    except (Exception, SystemExit) as error:  # a plug-in that calls exit fails its check
        return Outcome(title, named(error).replace("AssertionError: ", ""))
    return Outcome(title)

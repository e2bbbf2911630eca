"""`bench check`: the conformance tests, on a plug-in of one's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from bench.cli import options
from bench.contracts.errors import BenchError, named


@click.command("check")
@click.argument("reference")
@click.option("--kind", type=click.Choice(["trainer", "dataset"]), help="What it is [default: what its methods say].")
@click.option("--set", "overrides", multiple=True, metavar="KNOB=VALUE", help="Check it at this setting.")
@options.data
@options.corpus
def command(reference: str, kind: str | None, overrides: tuple[str, ...], data: str, corpus: tuple[str, ...]) -> None:
    """Check a trainer or a dataset against its contract.

    REFERENCE is a name, package.module:Object, or file.py:Object.
    """
    from bench.contracts.knobs import build, parse
    from bench.plugins import loading as plugins

    kinds: dict[str | None, plugins.Group] = {"trainer": "bench.baselines", "dataset": "bench.datasets"}
    group = kinds.get(kind) or plugins.kind(reference)
    name = plugins.label(reference)
    values = {key: value for _, key, value in (parse(f"{name}.{text}") for text in overrides)}
    cls = plugins.load(group, reference)
    if group == "bench.datasets":
        passed = _check_dataset(cls, build(cls.Settings, values, name), data, corpus)
    else:
        from bench.engine.conformance import small

        passed = _check_trainer(cls, build(cls.Settings, small(cls, values), name))
    click.echo(f"{reference}: {'conforms' if passed else 'does not conform'}")
    sys.exit(0 if passed else 1)


def _check_trainer(cls: type[Any], settings: object) -> bool:
    from bench.engine.conformance import CHECKS, subjects

    results = [
        _outcome(f"{check.__name__.replace('_', ' ')} ({kind})", partial(check, subject))
        for kind, subject in subjects(cls, settings)
        for check in CHECKS
    ]
    return all(results)


def _check_dataset(cls: type[Any], settings: object, policy: str, files: tuple[str, ...]) -> bool:
    from bench.engine.conformance import check_dataset
    from bench.toolkit.corpora.fetch import Corpora

    corpora = Corpora.from_environment(policy, files)
    return _outcome("splits, metrics and real samples", lambda: check_dataset(cls(settings, corpora)))


def _outcome(title: str, check: Callable[[], None]) -> bool:
    """Run one check and print its line; a BenchError is no fault of the plug-in's, but of what it was given."""
    try:
        check()
    except BenchError:
        raise
    except (Exception, SystemExit) as error:  # to exit is no way to conform
        click.echo(f"FAIL {title}: {named(error)}".replace("AssertionError: ", ""))
        return False
    click.echo(f"ok   {title}")
    return True

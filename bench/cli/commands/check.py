"""`bench check`: run the conformance checks on a user's plug-in."""

from __future__ import annotations

import sys

import click

from bench.cli import options
from bench.contracts.knobs import parse
from bench.contracts.visible import visible
from bench.engine.check import Kind, check
from bench.plugins.reference import parse_plugin
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "check",
    epilog=options.examples(
        "bench check my_gan.py:MyGan",
        "bench check my_gan.py:MyGan --set hidden=16",
        "bench check words.py:Words --kind dataset --data sample",
    ),
)
@click.argument("reference")
@click.option(
    "--kind", type=click.Choice(["trainer", "dataset"]), help="Kind of plug-in [default: told by its methods]."
)
@click.option("--set", "overrides", multiple=True, metavar="KNOB=VALUE", help="Set a knob for the check.")
@options.data
@options.corpus
def command(reference: str, kind: Kind | None, overrides: tuple[str, ...], data: str, corpus: tuple[str, ...]) -> None:
    """Check a trainer or a dataset against its contract.

    REFERENCE is a name, package.module:Object, or file.py:Object.
    """
    name, passed = parse_plugin(reference).label, True
    values = {key: value for _, key, value in (parse(f"{name}.{text}") for text in overrides)}
    for title, problem in check(reference, values, Corpora.from_environment(data, corpus), kind):
        click.echo(visible(f"FAIL {title}: {problem}" if problem else f"ok   {title}"))
        passed = passed and not problem
    click.echo(f"{visible(reference)}: {'conforms' if passed else 'does not conform'}")
    sys.exit(0 if passed else 1)

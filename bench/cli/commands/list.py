"""`bench list`: name what can be run, without importing any of it."""

from __future__ import annotations

import dataclasses

import click

from bench.cli import options
from bench.contracts.knobs import build, choices
from bench.planning import preset
from bench.plugins import loading as plugins
from bench.plugins.reference import parse_plugin


@click.command("list", epilog=options.examples("bench list", "bench list --knobs seqgan"))
@click.option("--knobs", metavar="NAME", help="The knobs of one baseline or dataset: value, bounds, meaning.")
def command(knobs: str | None) -> None:
    """Name the baselines, datasets and presets.

    With --knobs, show the knobs of one.
    """
    if knobs:
        _show_knobs(knobs)
        return
    click.echo(f"baselines: {', '.join(plugins.names('bench.baselines'))}")
    click.echo(f"datasets:  {', '.join(plugins.names('bench.datasets'))}")
    click.echo(f"presets:   {', '.join(preset.shipped())}")


def _show_knobs(name: str) -> None:
    cls = plugins.load(plugins.kind(name), name)
    build(cls.Settings, {}, parse_plugin(name).label)  # raises what a run would raise
    for field in dataclasses.fields(cls.Settings):
        facts = field.metadata
        bounds = " or ".join(map(str, choices(cls.Settings, field.name))) or _bounds(
            facts.get("low"), facts.get("high")
        )
        note = f" ({bounds})" if bounds else ""
        click.echo(f"{parse_plugin(name).label}.{field.name} = {field.default!r}  {facts.get('help', '')}{note}")


def _bounds(low: float | None, high: float | None) -> str:
    parts = ([f"at least {low}"] if low is not None else []) + ([f"at most {high}"] if high is not None else [])
    return ", ".join(parts)

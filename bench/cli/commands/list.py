"""`bench list`: name what can be run, without imports of plug-ins."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import click

from bench.cli import options
from bench.contracts.knobs import Rules, build, choices, rules_of
from bench.planning import preset
from bench.plugins import loading as plugins
from bench.plugins.reference import parse_plugin

NAME = 20  # characters of the column of names


@click.command("list", epilog=options.examples("bench list", "bench list --knobs seqgan", "bench list --preset lean"))
@click.option("--knobs", metavar="NAME", help="Show the knobs of a baseline or dataset: value, bounds, meaning.")
@click.option("--preset", "name", metavar="NAME", help="Show what a preset sets.")
def command(knobs: str | None, name: str | None) -> None:
    """Name baselines, datasets and presets, and say what each is."""
    if knobs:
        _show_knobs(knobs)
    elif name:
        click.echo(preset.text(name), nl=False)
        _show_floor(preset.read(name).run.seeds)
    else:
        _show(
            "baselines", {name: plugins.meaning("bench.baselines", name) for name in plugins.names("bench.baselines")}
        )
        _show("datasets", {name: plugins.meaning("bench.datasets", name) for name in plugins.names("bench.datasets")})
        _show("presets", {name: preset.meaning(name) for name in preset.shipped()})


def _show(title: str, meanings: Mapping[str, str]) -> None:
    click.echo(f"{title}:")
    for name, meaning in meanings.items():
        click.echo(f"  {name:<{NAME}}  {meaning}")


def _show_floor(seeds: int) -> None:
    """Print, as comments of the file, how many seeds the tests need."""
    from bench.cli.floor import floor  # numpy

    click.echo(f"\n# {floor(seeds, 1)}")
    click.echo(f"# with every baseline: {floor(seeds, len(plugins.names('bench.baselines')) - 1)}")


def _show_knobs(name: str) -> None:
    cls = plugins.load(plugins.kind(name), name)
    build(cls.Settings, {}, parse_plugin(name).label)  # raises what a run would raise
    rules = rules_of(cls.Settings)
    for field in dataclasses.fields(cls.Settings):
        bounds = " or ".join(map(str, choices(cls.Settings, field.name))) or _bounds(rules[field.name])
        note = f" ({bounds})" if bounds else ""
        click.echo(f"{parse_plugin(name).label}.{field.name} = {field.default!r}  {rules[field.name].help}{note}")


def _bounds(rules: Rules) -> str:
    least = [f"at least {rules.low}"] if rules.low is not None else []
    most = [f"at most {rules.high}"] if rules.high is not None else []
    return ", ".join(least + most)

"""Presets: named sets of knobs, shipped in bench/planning/presets or in the user's own TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError, folded, unknown
from bench.contracts.knobs import build, knob
from bench.files import read_text
from bench.planning.cell import Evaluation
from bench.planning.toml_lines import lines_of
from bench.plugins.reference import base

Table = Mapping[str, Any]


@dataclass(frozen=True)
class RunSettings:
    """The number of seeds, and of torch threads a cell. The latter is part of the cell: threads change bits."""

    seeds: int = knob(3, low=1, help="seeds 0..n-1 of every baseline")
    threads: int = knob(1, low=1, help="torch threads of one cell")


@dataclass(frozen=True)
class Preset:
    """`defaults` sets a knob of every baseline that has it; `baselines` and `datasets` overrule by name.

    `on` overrules the knobs of baselines on one dataset: [on.DATASET.BASELINE].
    """

    name: str
    run: RunSettings
    evaluation: Evaluation
    defaults: Table = field(default_factory=dict)
    baselines: Mapping[str, Table] = field(default_factory=dict)
    datasets: Mapping[str, Table] = field(default_factory=dict)
    on: Mapping[str, Mapping[str, Table]] = field(default_factory=dict)
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, compare=False)

    def for_dataset(self, label: str) -> Preset:
        """Return the preset with the knobs that baselines have on one dataset; the table of a variant overrules."""
        baselines = dict(self.baselines)
        for owner in dict.fromkeys((base(label), label)):
            for name, table in self.on.get(owner, {}).items():
                baselines[name] = {**baselines.get(name, {}), **table}
        return replace(self, baselines=baselines)

    def knobs(self, cls: type, *owners: str) -> dict[str, Any]:
        """Return the values this preset gives to a baseline's settings class; later names of the baseline overrule.

        BenchError if the class has no such knob.
        """
        known = {f.name for f in fields(cls)}
        tables = {name: self.baselines.get(name, {}) for name in owners}
        for name, table in tables.items():
            self._refuse_unknown(name, table, known)
        own = {key: value for table in tables.values() for key, value in table.items()}
        return {k: v for k, v in self.defaults.items() if k in known} | own

    def dataset_knobs(self, cls: type, names: Iterable[str]) -> dict[str, Any]:
        """Return the values it gives to a dataset that has these names; BenchError if it has no such knob."""
        tables = {name: self.datasets.get(name, {}) for name in names}
        for name, table in tables.items():
            self._refuse_unknown(name, table, {f.name for f in fields(cls)})
        return {key: value for table in tables.values() for key, value in table.items()}

    def _refuse_unknown(self, name: str, table: Table, known: set[str]) -> None:
        for key in table:
            if key not in known:
                line = next((n for path, n in self.lines.items() if path[-2:] == (name, key)), None)
                raise unknown(f"knob of {name} in preset {self.name}{_at(line)}", key, known)


def shipped() -> list[str]:
    """Return the names of the presets in the package."""
    folder = resources.files("bench.planning.presets")
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def meaning(name: str) -> str:
    """Return the first sentence of the comment that a shipped preset begins with."""
    lines = takewhile(lambda line: line.startswith("#"), text(name).splitlines())
    said = " ".join(line.removeprefix("#").strip() for line in lines)
    return f"{said.partition('. ')[0].rstrip('.')}."


def text(name: str) -> str:
    """Return the TOML text of a shipped preset by name, or of a file by path; BenchError if there is none."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise BenchError(f"no preset file {name}: give the path of a TOML file, or one of {', '.join(shipped())}")
        if path.stem in shipped():
            raise BenchError(f"preset {name}: tables would call it {path.stem}, as the shipped one; rename the file")
        return read_text(path, "the preset ")
    if name not in shipped():
        raise unknown("preset", name, shipped())
    return (resources.files("bench.planning.presets") / f"{name}.toml").read_text(encoding="utf-8")


def read(name: str) -> Preset:
    """Return a shipped preset by name, or a TOML file by path; BenchError says which table or key is wrong."""
    content = text(name)
    try:
        tables = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise BenchError(f"preset {name}: {folded(error)}") from None
    return _from_tables(name, tables, lines_of(content))


def _from_tables(name: str, tables: dict[str, Any], lines: Mapping[tuple[str, ...], int]) -> Preset:
    allowed = ("run", "evaluation", "defaults", "baselines", "datasets", "on")
    for key, table in tables.items():
        if key not in allowed:
            raise unknown(f"table of preset {name}{_at(lines.get((key,)))}", key, allowed)
        if not isinstance(table, dict):
            raise BenchError(f"preset {name}: [{key}] must be a table")
        nested = {f"{key}.{owner}": table[owner] for owner in table if key in ("baselines", "datasets", "on")}
        if key == "on":
            nested |= {f"{place}.{owner}": found for place, own in nested.items() for owner, found in _items(own)}
        for place, found in nested.items():
            if not isinstance(found, dict):
                raise BenchError(f"preset {name}: [{place}] must be a table")
    for table, cls in (("run", RunSettings), ("evaluation", Evaluation)):
        known = {f.name for f in fields(cls)}
        for key in tables.get(table, {}):
            if key not in known:
                raise unknown(f"knob of preset {name}{_at(lines.get((table, key)))}, [{table}]", key, known)
    return Preset(
        name=Path(name).stem,
        run=build(RunSettings, tables.get("run", {}), f"preset {name}, [run]"),
        evaluation=build(Evaluation, tables.get("evaluation", {}), f"preset {name}, [evaluation]"),
        defaults=tables.get("defaults", {}),
        baselines=tables.get("baselines", {}),
        datasets=tables.get("datasets", {}),
        on=tables.get("on", {}),
        lines=lines,
    )


def _at(line: int | None) -> str:
    return "" if line is None else f", line {line}"


def _items(table: Any) -> Iterable[tuple[str, Any]]:
    """Return the entries of a table; none if it is no table."""
    return table.items() if isinstance(table, dict) else ()

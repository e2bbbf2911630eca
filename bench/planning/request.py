"""What the user asks for, and its arms: baselines and datasets with all their knobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.errors import BenchError
from bench.contracts.guards.plugin import Group
from bench.contracts.knobs import build, parse, without_unset
from bench.planning import baseline_reference, dataset_reference, paths
from bench.planning.cell import Evaluation, Knobs
from bench.planning.preset import Preset
from bench.planning.variants import expand
from bench.plugins import loading as plugins
from bench.plugins.reference import PREFIX, TEXT, Reference, parse_plugin, plain_baseline, split_knobs

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


class Shard(NamedTuple):
    """Part `number` (from 1) of `parts` of a plan's cells."""

    number: int
    parts: int


WHOLE = Shard(1, 1)


@dataclass(frozen=True)
class Request:
    """What the user asks for. `overrides` are (owner, knob, value) from --set, not yet checked.

    The seeds are `first_seed` to `seeds` - 1. With a `shard`, only its part of the cells is asked for.
    """

    baselines: tuple[str, ...]
    datasets: tuple[str, ...]
    preset: Preset
    overrides: tuple[tuple[str, str, Any], ...] = ()
    seeds: int | None = None
    device: str = "cpu"
    name: str | None = None
    first_seed: int = 0
    shard: Shard = WHOLE

    @property
    def plugins(self) -> list[tuple[Group, str]]:
        """Return the group and the plain reference of each baseline and dataset, without its knobs."""
        named: list[tuple[Group, str]] = [("bench.baselines", plain_baseline(text)) for text in self.baselines]
        return named + [("bench.datasets", split_knobs(text)[0]) for text in self.datasets if PREFIX not in text]

    @property
    def plan(self) -> str:
        """Name that groups the runs: --plan, else the preset's."""
        return self.preset.name if self.name is None else self.name


@dataclass(frozen=True)
class Arm:
    """A baseline or dataset with all its knobs; the label names the overrides that change a value."""

    label: str
    reference: Reference
    settings: Knobs

    def files(self, group: Group) -> Knobs:
        """Return (knob, checksum of the content) of each knob that is a path."""
        return paths.checksums(plugins.load(group, self.reference.absolute).Settings, dict(self.settings))


def parse_overrides(texts: Iterable[str]) -> tuple[tuple[str, str, Any], ...]:
    """Parse --set options, such as "seqgan.rollouts=8"."""
    return tuple(parse(text) for text in texts)


def preset_of(request: Request) -> Preset:
    """Return the request's preset, changed by --set evaluation.KNOB, run.KNOB and defaults.KNOB."""
    preset = request.preset
    for owner, key, value in request.overrides:
        if owner == "evaluation":
            preset = dataclasses.replace(
                preset, evaluation=build(Evaluation, {**asdict(preset.evaluation), key: value}, "evaluation")
            )
        elif owner == "run":
            run = build(type(preset.run), {**asdict(preset.run), key: value}, "run")
            preset = dataclasses.replace(preset, run=run)
        elif owner == "defaults":
            preset = dataclasses.replace(preset, defaults={**preset.defaults, key: value})
    return preset


def baseline_arms(request: Request, dataset: str = "") -> list[Arm]:
    """Return the request's baselines with the knobs that they have on the dataset of that label."""
    return list(dict.fromkeys(baseline_arm(text, request, dataset) for text in expand(request.baselines)))


def baseline_arm(text: str, request: Request, dataset: str = "") -> Arm:
    """Return a baseline with the knobs of its preset, of --set and of its reference: seqgan[k=1], big=seqgan@lean.

    Its preset is the run's, unless the reference names one. A name that the user gives is the whole label.
    """
    asked = baseline_reference.parse(text)
    chosen = baseline_reference.preset_of(asked, request.preset).for_dataset(dataset)
    changed = preset_of(dataclasses.replace(request, preset=chosen))
    reference = parse_plugin(asked.absolute)
    cls = plugins.load("bench.baselines", asked.absolute).Settings
    owners = dict.fromkeys((reference.name, *([asked.label] if asked.named else [])))
    own = {key: value for owner in owners for who, key, value in request.overrides if who == owner} | dict(asked.knobs)
    before = dict(_resolve_preset(cls, chosen, chosen.knobs(cls, *owners), reference.name))
    settings = _resolve(cls, changed.knobs(cls, *owners) | own, reference.name)
    shown = {key: Path(value).name for key, value in settings if key in paths.names(cls)}
    told = ",".join(f"{key}={shown.get(key, own.get(key, value))}" for key, value in settings if value != before[key])
    label = asked.label + (f"[{told}]" if told and not asked.named else "")
    return Arm(label, reference, _of_cell(cls, settings))


def dataset_arm(text: str, preset: Preset, request: Request, corpora: Corpora) -> Arm:
    """Return a dataset with the knobs of the preset, of --set and of its reference (text:FILE, markov[order=1])."""
    asked = dataset_reference.parse(text)
    cls = plugins.load("bench.datasets", asked.absolute)
    owner, file = asked.owners[0], asked.argument
    values = preset.dataset_knobs(cls.Settings, asked.owners)
    _resolve_preset(cls.Settings, preset, values, owner)
    own = {key: value for name in asked.owners for who, key, value in request.overrides if who == name}
    if file and "file" in own:
        raise BenchError(f"-d {text} and --set text.file={own['file']}: name the file once")
    if asked.absolute == TEXT and not file and "file" not in values | own:
        file = str(corpora.files.get(TEXT, ""))
    values |= own | dict(asked.knobs) | ({"file": str(Path(file))} if file else {})
    plugin = parse_plugin(asked.absolute)  # without the file, which is a knob
    return Arm(asked.label, plugin, _of_cell(cls.Settings, _resolve(cls.Settings, values, owner)))


def _resolve_preset(cls: type, preset: Preset, values: dict[str, Any], where: str) -> Knobs:
    """Return the preset's values without --set; an error about a value names the preset.

    [defaults] reaches knobs of the user's own plug-ins too.
    """
    build(cls, {}, where)
    try:
        return _resolve(cls, values, where)
    except BenchError as error:
        raise BenchError(f"preset {preset.name}: {error}") from None


def _of_cell(cls: type, knobs: Knobs) -> Knobs:
    return tuple(without_unset(cls, dict(knobs)).items())


def _resolve(cls: type, values: dict[str, Any], where: str) -> Knobs:
    """Return all knobs of a settings class, defaults too, so that a changed default makes another cell.

    Paths are absolute, because a cluster's workers start in other folders.
    """
    return tuple(sorted(paths.absolute(cls, asdict(build(cls, values, where))).items()))

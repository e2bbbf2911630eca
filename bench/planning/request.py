"""What the user asks for, and its arms: baselines and datasets with all their knobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.errors import BenchError
from bench.contracts.knobs import build, parse, without_unset
from bench.planning import baseline_reference, dataset_reference, paths
from bench.planning.cell import Evaluation, Knobs
from bench.planning.preset import Preset
from bench.planning.variants import expand
from bench.plugins import loading as plugins
from bench.plugins.look import Look, Named, here
from bench.plugins.reference import (
    PREFIX,
    TEXT,
    Reference,
    parse_plugin,
    plain_baseline,
    refuse_half_characters,
    shown,
    split_knobs,
)

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
    def plan(self) -> str:
        """Name that groups the runs: --plan, else the preset's."""
        return self.preset.name if self.name is None else self.name


@dataclass(frozen=True)
class Arm:
    """A baseline or dataset with all its knobs; the label names the overrides that change a value.

    `paths` are the knobs that are paths.
    """

    label: str
    reference: Reference
    settings: Knobs
    paths: frozenset[str] = frozenset()

    @property
    def files(self) -> Knobs:
        """Return (knob, checksum of the content) of each knob that is a path; BenchError if one cannot be read."""
        return paths.checksums(self.paths, dict(self.settings))


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


def baseline_arms(request: Request, datasets: Iterable[str] = (), look: Look = here) -> dict[str, list[Arm]]:
    """Return the request's baselines with the knobs that they have on each dataset, by its label.

    Those by the label "" have the knobs of no dataset.
    """
    labels = list(dict.fromkeys(("", *datasets)))
    found: dict[str, dict[Arm, None]] = {label: {} for label in labels}
    for text in expand(request.baselines):
        arms = look([("bench.baselines", plain_baseline(text))], _arms_of, text, request, labels)
        for label, arm in zip(labels, arms, strict=True):
            found[label][arm] = None
    return {label: list(arms) for label, arms in found.items()}


def dataset_arms(request: Request, corpora: Corpora, look: Look = here) -> list[Arm]:
    """Return the request's datasets with their knobs."""
    preset, arms = preset_of(request), list[Arm]()
    for text in expand(request.datasets):
        named: Named = ("bench.datasets", TEXT if PREFIX in text else split_knobs(text)[0])
        arms.append(look([named], dataset_arm, text, preset, request, corpora))
    return list(dict.fromkeys(arms))


def _arms_of(text: str, request: Request, datasets: Iterable[str]) -> list[Arm]:
    """Return a baseline with the knobs that it has on each dataset."""
    return [baseline_arm(text, request, dataset) for dataset in datasets]


def baseline_arm(text: str, request: Request, dataset: str = "") -> Arm:
    """Return a baseline with the knobs of its preset, of --set and of its reference: seqgan[k=1], big=seqgan@lean.

    Its preset is the run's, unless the reference names one. A name that the user gives is the whole label.
    """
    asked = baseline_reference.parse(text)
    chosen = baseline_reference.preset_of(asked, request.preset).for_dataset(dataset)
    changed = preset_of(dataclasses.replace(request, preset=chosen))
    reference = parse_plugin(asked.absolute)
    cls = plugins.load("bench.baselines", asked.absolute).Settings
    owners = (reference.name, asked.label) if asked.named else (reference.name,)
    own = {key: value for owner in owners for who, key, value in request.overrides if who == owner} | dict(asked.knobs)
    before = dict(_resolve_preset(cls, chosen, chosen.knobs(cls, *owners), reference.name))
    settings = _resolve(cls, changed.knobs(cls, *owners) | own, reference.name)
    files = frozenset(paths.names(cls))
    names = {key: Path(value).name for key, value in settings if key in files}
    texts = {key: names.get(key, own.get(key, value)) for key, value in settings if value != before[key]}
    told = ",".join(f"{key}={shown(str(value))}" for key, value in texts.items())
    label = asked.label + (f"[{told}]" if told and not asked.named else "")
    return Arm(label, reference, _of_cell(cls, settings), files)


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
    settings = _of_cell(cls.Settings, _resolve(cls.Settings, values, owner))
    return Arm(asked.label, plugin, settings, frozenset(paths.names(cls.Settings)))


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
    for value in values.values():
        if isinstance(value, str):
            refuse_half_characters(value)
    return tuple(sorted(paths.absolute(cls, asdict(build(cls, values, where))).items()))

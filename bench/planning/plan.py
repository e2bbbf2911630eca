"""A plan: preset and options turned into cells. All that the user can get wrong is found here, before a cell starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError, unknown
from bench.contracts.knobs import build, parse
from bench.planning import dataset_reference, paths
from bench.planning.cell import REAL, Cell, Evaluation, Knobs
from bench.planning.dataset_reference import TEXT
from bench.planning.plan_name import check_name
from bench.planning.preset import Preset
from bench.plugins import checksum as code
from bench.plugins import loading as plugins
from bench.plugins.open_dataset import open_dataset

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


@dataclass(frozen=True)
class Request:
    """What the user asked for. `overrides` are (owner, knob, value) from --set, checked here."""

    baselines: tuple[str, ...]
    datasets: tuple[str, ...]
    preset: Preset
    overrides: tuple[tuple[str, str, Any], ...] = ()
    seeds: int | None = None
    device: str = "cpu"
    name: str | None = None

    @property
    def plan(self) -> str:
        """The name that groups the runs: --plan, else the preset's."""
        return self.preset.name if self.name is None else self.name


@dataclass(frozen=True)
class Arm:
    """A baseline or dataset with its settings resolved; the label tells the overrides that change something."""

    label: str
    reference: str
    settings: Knobs

    def files(self, group: plugins.Group) -> Knobs:
        """The knobs that are paths, with the checksums of what they lead to."""
        return paths.checksums(plugins.load(group, self.reference).Settings, dict(self.settings))


@dataclass(frozen=True)
class Plan:
    """The cells of one command, in the order they are run."""

    name: str
    preset: str
    cells: tuple[Cell, ...]
    datasets: dict[str, Opened] = dataclasses.field(default_factory=dict, compare=False)


def overrides(texts: Iterable[str]) -> tuple[tuple[str, str, Any], ...]:
    """--set options, parsed."""
    return tuple(parse(text) for text in texts)


def make(request: Request, corpora: Corpora) -> Plan:
    """Resolve names, settings and data; every combination becomes a cell, with a *real* row per dataset."""
    preset = _with_general_overrides(request)
    arms = list(dict.fromkeys(_baseline(reference, preset, request) for reference in request.baselines))
    datasets = list(dict.fromkeys(_dataset(reference, preset, request, corpora) for reference in request.datasets))
    check_name(request.plan)
    _refuse_unclear_names(arms, datasets)
    _refuse_unused_overrides(request, arms, datasets)
    _refuse_unknown_owners(preset, arms, datasets)
    _refuse_unused_corpora(corpora, datasets)
    seeds = request.seeds if request.seeds is not None else preset.run.seeds
    cells: list[Cell] = []
    opened: dict[str, Opened] = {}
    for dataset in datasets:
        found = open_dataset(dataset.reference, dict(dataset.settings), dataset.label, corpora)
        opened[dataset.label] = found
        real = Arm(REAL, REAL, ())
        sums = {arm.label: code.checksum(arm.reference, dataset.reference) for arm in (real, *arms)}
        rows = [(real, 0)] + [(arm, seed) for seed in range(seeds) for arm in arms]
        made = [
            _cell(arm, dataset, found.data.fingerprint, sums[arm.label], seed, preset, request.device)
            for arm, seed in rows
        ]
        own, theirs = {arm.label: arm.files("bench.baselines") for arm in arms}, dataset.files("bench.datasets")
        cells += [replace(cell, files=own.get(cell.label, ()), dataset_files=theirs) for cell in made]
    return Plan(request.plan, preset.name, tuple(cells), opened)


def _with_general_overrides(request: Request) -> Preset:
    """--set evaluation.samples=..., run.threads=... and defaults.mle_epochs=... change the preset itself."""
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


def _baseline(reference: str, preset: Preset, request: Request) -> Arm:
    cls = plugins.load("bench.baselines", reference)
    name = plugins.label(reference)
    own = {key: value for owner, key, value in request.overrides if owner == name}
    plain = dict(_resolve_preset(cls.Settings, request.preset, request.preset.knobs(cls.Settings, name), name))
    settings = _resolve(cls.Settings, preset.knobs(cls.Settings, name) | own, name)
    shown = {key: Path(value).name for key, value in settings if key in paths.names(cls.Settings)}
    told = ",".join(f"{key}={shown.get(key, own.get(key, value))}" for key, value in settings if value != plain[key])
    return Arm(name + (f"[{told}]" if told else ""), plugins.absolute(reference), settings)


def _dataset(reference: str, preset: Preset, request: Request, corpora: Corpora) -> Arm:
    asked = dataset_reference.parse(reference)
    cls = plugins.load("bench.datasets", asked.plugin)
    owner, file = asked.owners[0], asked.file
    values = {key: value for name in asked.owners for key, value in preset.datasets.get(name, {}).items()}
    _resolve_preset(cls.Settings, preset, values, owner)
    own = {key: value for name in asked.owners for who, key, value in request.overrides if who == name}
    if file and "file" in own:
        raise BenchError(f"-d {reference} and --set text.file={own['file']}: name the file once")
    if asked.plugin == TEXT and not file and "file" not in values | own:
        file = str(corpora.files.get(TEXT, ""))
    values |= own | ({"file": str(Path(file))} if file else {})
    return Arm(asked.label, plugins.absolute(asked.plugin), _resolve(cls.Settings, values, owner))


def _resolve_preset(cls: type, preset: Preset, values: dict[str, Any], where: str) -> Knobs:
    """As a preset alone has it, which is named where a value is refused: [defaults] reaches knobs of hers too."""
    build(cls, {}, where)
    try:
        return _resolve(cls, values, where)
    except BenchError as error:
        raise BenchError(f"preset {preset.name}: {error}") from None


def _resolve(cls: type, values: dict[str, Any], where: str) -> Knobs:
    """All knobs of a settings class with their values, defaults too: a changed default is another cell.

    Paths are absolute: a cluster's workers are started in other folders.
    """
    return tuple(sorted(paths.absolute(cls, asdict(build(cls, values, where))).items()))


def _refuse_unclear_names(arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    """A row of a table is known by its label alone."""
    groups: tuple[tuple[plugins.Group, Sequence[Arm]], ...] = (("bench.baselines", arms), ("bench.datasets", datasets))
    for group, found in groups:
        kind, labels = group.removeprefix("bench."), [arm.label for arm in found]
        twin = next((label for label in labels if labels.count(label) > 1 or label == REAL), None)
        if twin is not None:
            remedy = "name one, as in -d NAME=text:FILE" if twin.startswith(TEXT) else "rename one"
            raise BenchError(f"two {kind} are called {twin!r}: the tables could not tell them apart; {remedy}")
        for arm in found:
            if (name := plugins.label(arm.reference)) in plugins.names(group) and arm.reference != name:
                raise BenchError(f"{arm.reference}: the tables know one of the {kind} as {name!r}; rename the class")


def _refuse_unused_overrides(request: Request, arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    owners = {"evaluation", "run", "defaults"}
    owners |= {plugins.label(arm.reference) for arm in (*arms, *datasets)} | {arm.label for arm in datasets}
    for owner, key, _ in request.overrides:
        if owner not in owners:
            raise unknown(f"owner of --set {owner}.{key}: this run has no", owner, owners)
        if owner == "defaults" and not any(key in dict(arm.settings) for arm in arms):
            raise unknown("knob of defaults", key, {name for arm in arms for name, _ in arm.settings})


def _refuse_unused_corpora(corpora: Corpora, datasets: Sequence[Arm]) -> None:
    labels = {dataset.label for dataset in datasets}
    for name in corpora.files:
        if name not in labels:
            raise unknown(f"dataset of --corpus {name}=...: this run has no", name, labels)


def _refuse_unknown_owners(preset: Preset, arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    """A preset may speak of more than this run has, her own plug-ins too, but of nothing that looks misspelt."""
    groups: tuple[tuple[plugins.Group, Iterable[str], Sequence[Arm]], ...] = (
        ("bench.baselines", preset.baselines, arms),
        ("bench.datasets", preset.datasets, datasets),
    )
    for group, owners, found in groups:
        allowed = {name for arm in found for name in (arm.label, plugins.label(arm.reference))}
        allowed |= set(plugins.names(group))
        for owner in owners:
            if owner not in allowed and _looks_misspelt(owner, allowed):
                table = f"{group.removeprefix('bench.')}.{owner}"
                raise unknown(f"owner [{table}] in preset {preset.name}:", owner, allowed)
    used = {name for arm in arms for name, _ in arm.settings}
    if set(preset.defaults) - used:
        classes = [plugins.load("bench.baselines", name).Settings for name in plugins.names("bench.baselines")]
        used |= {field.name for cls in classes for field in dataclasses.fields(cls)}
    for key in preset.defaults:
        if key not in used:
            raise unknown(f"knob of [defaults] in preset {preset.name}", key, used)


def _looks_misspelt(owner: str, allowed: Iterable[str]) -> bool:
    """Whether it is all but one of the names, or one with its letters exchanged, as `mel` is `mle`."""
    return any(sorted(owner) == sorted(name) for name in allowed) or bool(get_close_matches(owner, allowed, 1, 0.7))


def _cell(arm: Arm, dataset: Arm, fingerprint: str, code: str, seed: int, preset: Preset, device: str) -> Cell:
    return Cell(
        label=arm.label,
        reference=arm.reference,
        baseline=REAL if arm.reference == REAL else plugins.label(arm.reference),
        settings=arm.settings,
        dataset_label=dataset.label,
        dataset=dataset.reference,
        dataset_settings=dataset.settings,
        fingerprint=fingerprint,
        seed=seed,
        evaluation=preset.evaluation,
        threads=preset.run.threads,
        device="cpu" if arm.reference == REAL else device,
        code=code,
    )

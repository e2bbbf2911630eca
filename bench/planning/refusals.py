"""Refuse bad requests before any work."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError, unknown
from bench.contracts.guards.plugin import Group
from bench.planning import baseline_reference
from bench.planning.cell import REAL, Cell
from bench.planning.preset import Preset
from bench.planning.request import Arm, Request
from bench.plugins import loading as plugins
from bench.plugins.reference import TEXT, base

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


def check(request: Request, preset: Preset, arms: Sequence[Arm], datasets: Sequence[Arm], corpora: Corpora) -> None:
    """BenchError if a name of the plan, an arm, an override, a preset or a corpus cannot be used in this run."""
    check_name(request.plan)
    refuse_unclear_names(arms, datasets)
    refuse_unused_overrides(request, arms, datasets)
    references = [baseline_reference.parse(text) for text in request.baselines]
    for one in (preset, *(baseline_reference.preset_of(found, preset) for found in references if found.preset)):
        refuse_unknown_owners(one, arms, datasets)
    refuse_unused_corpora(corpora, datasets)


def check_name(plan: str) -> None:
    """BenchError if a plan's name cannot be the name of a file."""
    if not re.fullmatch(r"\w[\w. -]*", plan):
        raise BenchError(f"plan {plan!r:.80}: name it with letters, digits, spaces and . _ - only")
    if len(plan.encode()) > 100:  # a file's name may take 255 bytes, a letter of most alphabets takes two or three
        raise BenchError(f"plan {plan[:20]}...: its name takes {len(plan.encode())} bytes; give one of 100 at most")


def refuse_unclear_names(arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    """BenchError if two arms have the same label: a table tells rows apart by label only."""
    groups: tuple[tuple[Group, Sequence[Arm]], ...] = (("bench.baselines", arms), ("bench.datasets", datasets))
    for group, found in groups:
        kind, labels = group.removeprefix("bench."), [arm.label for arm in found]
        twin = next((label for label in labels if labels.count(label) > 1 or label == REAL), None)
        if twin is not None:
            named = "-d NAME=text:FILE" if twin.startswith(TEXT) else "-b NAME=BASELINE" if kind == "baselines" else ""
            remedy = f"name one, as in {named}" if named else "rename one"
            raise BenchError(f"two {kind} are called {twin!r}: the tables could not tell them apart; {remedy}")
        for arm in found:
            if (name := arm.reference.name) in plugins.names(group) and arm.reference.absolute != name:
                raise BenchError(
                    f"{arm.reference.absolute}: the tables know one of the {kind} as {name!r}; rename the class"
                )


def refuse_unused_overrides(request: Request, arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    """BenchError if an override changes nothing in this run."""
    owners = {"evaluation", "run", "defaults"}
    owners |= {arm.reference.name for arm in (*arms, *datasets)} | {arm.label for arm in datasets}
    owners |= {base(arm.label) for arm in arms}  # the names that the user gives
    for owner, key, _ in request.overrides:
        if owner not in owners:
            raise unknown(f"owner of --set {owner}.{key}: this run has no", owner, owners)
        if owner == "defaults" and not any(key in dict(arm.settings) for arm in arms):
            raise unknown("knob of defaults", key, {name for arm in arms for name, _ in arm.settings})


def refuse_one_arm_twice(cells: Iterable[Cell]) -> None:
    """BenchError if two rows of a dataset are one arm with the same knobs: a plan has one row for a cell."""
    labels: dict[str, str] = {}
    for cell in cells:
        if (twin := labels.setdefault(cell.id, cell.label)) != cell.label:
            raise BenchError(
                f"{twin} and {cell.label} are one arm on {cell.dataset_label}: the same trainer with the same knobs; "
                "leave one out"
            )


def refuse_unused_corpora(corpora: Corpora, datasets: Sequence[Arm]) -> None:
    """BenchError if no dataset of this run reads a file of --corpus."""
    labels = {dataset.label for dataset in datasets}
    for name in corpora.files:
        if name not in labels:
            raise unknown(f"dataset of --corpus {name}=...: this run has no", name, labels)


def refuse_unknown_owners(preset: Preset, arms: Sequence[Arm], datasets: Sequence[Arm]) -> None:
    """BenchError if the preset holds a name that looks misspelt, or a default that no trainer has.

    A preset may hold names that this run lacks, such as the user's own plug-ins.
    """
    groups: list[tuple[Group, str, Iterable[str], Sequence[Arm]]] = [
        ("bench.baselines", "baselines", preset.baselines, arms),
        ("bench.datasets", "datasets", preset.datasets, datasets),
        ("bench.datasets", "on", preset.on, datasets),
        *(("bench.baselines", f"on.{dataset}", table, arms) for dataset, table in preset.on.items()),
    ]
    for group, place, owners, found in groups:
        kind_is_baselines = group == "bench.baselines"
        labels = {base(arm.label) if kind_is_baselines else arm.label for arm in found}
        allowed = labels | {arm.reference.name for arm in found}
        allowed |= set(plugins.names(group))
        for owner in owners:
            unread = kind_is_baselines and base(owner) != owner  # a variant's knobs are those of its base's section
            if owner not in allowed and (unread or _looks_misspelt(owner, allowed)):
                raise unknown(f"owner [{place}.{owner}] in preset {preset.name}:", owner, allowed)
    used = {name for arm in arms for name, _ in arm.settings}
    if set(preset.defaults) - used:
        classes = [plugins.load("bench.baselines", name).Settings for name in plugins.names("bench.baselines")]
        used |= {field.name for cls in classes for field in dataclasses.fields(cls)}
    for key in preset.defaults:
        if key not in used:
            raise unknown(f"knob of [defaults] in preset {preset.name}", key, used)


def _looks_misspelt(owner: str, allowed: Iterable[str]) -> bool:
    """Return whether the name is close to one of the names, or has the same letters, as `mel` and `mle`."""
    plain = {name: _letters(name) for name in allowed}
    asked = _letters(owner)
    return any(sorted(asked) == sorted(name) for name in plain.values()) or bool(
        get_close_matches(asked, plain.values(), 1, 0.7)
    )


def _letters(name: str) -> str:
    """Return the letters and digits of a name in lower case: `MyGan` and `my-gan` are alike."""
    return "".join(char for char in name.lower() if char.isalnum())

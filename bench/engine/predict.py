"""Predict how long each preset takes on the oracle, from the stage times of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.contracts.cost import Sizes
from bench.contracts.knobs import build
from bench.engine.estimate import LENGTH, TRAIN, VOCABULARY, Part, parts, together
from bench.planning import preset
from bench.plugins import loading as plugins
from bench.plugins.reference import parse_plugin


def hours(seconds: Mapping[str, float], references: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return preset -> trainer -> hours of one seed on the oracle, from the seconds of each stage.

    The hours are None if the trainer states no cost. BenchError if a trainer cannot be loaded or its cost is wrong.
    """
    return {
        name: {
            label: None if parts is None else sum((part.seconds for part in parts), 0.0) / 3600
            for label, parts in _trainings(name, references, seconds).items()
        }
        for name in preset.shipped()
    }


def hours_together(seconds: Mapping[str, float], references: Sequence[str]) -> dict[str, float]:
    """Return preset -> hours of one seed of all these trainers that state a cost; a start that they share counts once.

    Errors as in `hours`.
    """
    every = {name: _trainings(name, references, seconds).values() for name in preset.shipped()}
    return {name: together(parts for parts in found if parts is not None) / 3600 for name, found in every.items()}


def _trainings(name: str, references: Sequence[str], seconds: Mapping[str, float]) -> dict[str, list[Part] | None]:
    """Return trainer -> the parts of its training at a preset."""
    return {parse_plugin(reference).label: _parts(name, reference, seconds) for reference in references}


def _parts(name: str, reference: str, seconds: Mapping[str, float]) -> list[Part] | None:
    chosen, label = preset.read(name).for_dataset("oracle"), parse_plugin(reference).label
    cls = plugins.load("bench.baselines", reference).Settings
    settings = build(cls, chosen.knobs(cls, label), label)
    train = int(chosen.datasets.get("oracle", {}).get("train", TRAIN))
    return parts(settings, seconds, Sizes(train, LENGTH, VOCABULARY), reference)

"""Predict how long each preset takes on the oracle, from the stage times of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.contracts.cost import Sizes
from bench.contracts.knobs import build
from bench.engine.estimate import LENGTH, TRAIN, VOCABULARY, training_seconds
from bench.planning import preset
from bench.plugins import loading as plugins
from bench.plugins.reference import parse_plugin


def hours(seconds: Mapping[str, float], references: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return preset -> trainer -> hours of one seed on the oracle, from the seconds of each stage.

    The hours are None if the trainer states no cost. BenchError if a trainer cannot be loaded or its cost is wrong.
    """
    return {
        name: {parse_plugin(reference).label: _hours(name, reference, seconds) for reference in references}
        for name in preset.shipped()
    }


def _hours(name: str, reference: str, seconds: Mapping[str, float]) -> float | None:
    chosen, label = preset.read(name).for_dataset("oracle"), parse_plugin(reference).label
    cls = plugins.load("bench.baselines", reference).Settings
    settings = build(cls, chosen.knobs(cls, label), label)
    train = int(chosen.datasets.get("oracle", {}).get("train", TRAIN))
    spent = training_seconds(settings, seconds, Sizes(train, LENGTH, VOCABULARY), reference)
    return None if spent is None else spent / 3600

"""Predict how long each preset takes on the oracle, from the stage times of this machine."""

from __future__ import annotations

from collections.abc import Mapping

from bench.contracts.knobs import build
from bench.engine import estimate
from bench.planning import preset
from bench.plugins import loading as plugins

ARMS = ("mle", "seqgan")


def hours(seconds: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return preset -> arm -> hours of one seed on the oracle, from the seconds of each stage."""
    return {name: {arm: _hours(name, arm, seconds) for arm in ARMS} for name in preset.shipped()}


def _hours(name: str, arm: str, seconds: Mapping[str, float]) -> float:
    chosen = preset.read(name)
    train = int(chosen.datasets.get("oracle", {}).get("train", estimate.TRAIN))
    settings = plugins.load("bench.baselines", arm).Settings
    knobs = vars(build(settings, chosen.knobs(settings, arm), arm))
    tokens = train * estimate.LENGTH * estimate.VOCABULARY
    return estimate.training_seconds(knobs, seconds, train=train, tokens=tokens) / 3600

"""How long a trainer will take, from the stage times that `bench speed` measured and the trainer's own knobs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OFFICIAL_TOKENS = 9_984 * 20 * 5_000  # positions x vocabulary of one official MLE epoch


def path() -> Path:
    """Where `bench speed` leaves its stage times: the user's cache folder."""
    import pooch

    return Path(pooch.os_cache("seqbench")) / "speed.json"


def save(facts: Mapping[str, Any]) -> None:
    """Keep the result of `bench speed`, atomically."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    partial.replace(target)


def measured(device: str) -> dict[str, float] | None:
    """Stage -> seconds on one thread (or on the GPU), if `bench speed` has run for that device."""
    try:
        facts = json.loads(path().read_text(encoding="utf-8"))
        if facts["device"] != device:
            return None
        # Two one-thread processes do a little more than one of two threads: scaling by the threads errs on that side.
        return {key: stage["seconds"] * facts["threads"] for key, stage in facts["stages"].items()}
    except (OSError, ValueError, KeyError):
        return None


def training_seconds(knobs: Mapping[str, Any], stages: Mapping[str, float], *, train: int, tokens: int) -> float:
    """Seconds of one seed; `tokens` = `train` sequences x T x vocabulary. Knobs that a trainer lacks cost nothing."""
    scale = tokens / OFFICIAL_TOKENS
    mle = knobs.get("mle_epochs", 0) * stages["b"] * scale
    rounds = knobs.get("adversarial_steps", 0)
    policy = rounds * stages["f"]
    if "rollouts" in knobs and "k" in knobs:  # rewards come from a discriminator
        policy += rounds * knobs.get("g_steps", 1) * stages["e"] * knobs["rollouts"] / 16
        meetings = knobs.get("discriminator_epochs", 0) + rounds * knobs["d_steps"]
        shown = 2 * train * knobs["k"]
        if knobs.get("discriminator_updates"):
            shown = min(shown, knobs["discriminator_updates"] * knobs["batch"])
        negatives = shown / 2 / knobs["k"]
        policy += meetings * (shown / 20_000 * stages["d"] * knobs["filters"] + negatives / 10_000 * stages["a"])
    return float(mle + policy)

"""Write and read scores as JSON, for journals and for `bench score --json`.

A score is {"value", "better", "signature"}. "bound" is added if the value is a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from bench.contracts.metric import Better, Bound, Score
from bench.records import typed


def to_json(scores: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    """Return metric -> the score as a JSON object."""
    return {name: _to_object(score) for name, score in scores.items()}


def from_json(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Score]:
    """Return metric -> score; KeyError, TypeError, AttributeError or ValueError if the JSON value holds no scores.

    Fields that this version does not know are ignored.
    """
    return {_text(name): _from_object(score) for name, score in found.items()}


def _to_object(score: Score) -> dict[str, Any]:
    named = asdict(score)
    if score.bound is None:
        del named["bound"]
    return named


def _from_object(found: Mapping[str, Any]) -> Score:
    score = Score(value=found["value"], better=found["better"], signature=found["signature"], bound=found.get("bound"))
    if (
        not (score.value is None or typed.is_finite(score.value))
        or score.better not in get_args(Better)
        or not typed.is_text(score.signature)
        or score.bound not in (None, *get_args(Bound))
    ):
        raise ValueError(f"not a score: {found!r:.80}")
    return score


def _text(name: str) -> str:
    if not typed.is_text(name):
        raise ValueError(f"no name: {name!r:.80}")
    return name

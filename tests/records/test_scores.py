"""Scores come back from JSON as they were, and anything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.contracts.metric import Score
from bench.records.scores import from_json, to_json

SCORES = {
    "nll": Score(value=8.7300000000000004, better="lower", signature="nll|v:1"),
    "kl": Score(value=None, better="lower", signature="kl|v:1", bound="upper"),
    "bleu-4": Score(value=0.25, better="higher", signature="bleu-4|v:1", bound="lower"),
}


def test_every_score_comes_back() -> None:
    plain = json.loads(json.dumps(to_json(SCORES)))
    assert from_json(plain) == SCORES and list(plain) == list(SCORES)
    assert plain["nll"] == {"value": 8.73, "better": "lower", "signature": "nll|v:1"}, "an exact value has no bound"


def test_fields_of_later_versions_are_ignored() -> None:
    plain: dict[str, Any] = to_json(SCORES)
    plain["nll"]["half_width"] = 0.1
    assert from_json(plain) == SCORES


@pytest.mark.parametrize(
    "change",
    [
        {"value": "8.7"},
        {"value": True},
        {"value": float("nan")},
        {"value": float("inf")},
        {"better": "up"},
        {"signature": None},
        {"signature": "\ud800"},
        {"bound": "middle"},
    ],
)
def test_what_is_no_score_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a score"):
        from_json({"nll": to_json(SCORES)["nll"] | change})


def test_a_score_without_a_field_and_a_name_that_is_none_are_refused() -> None:
    with pytest.raises(KeyError, match="signature"):
        from_json({"nll": {"value": 1.0, "better": "lower"}})
    with pytest.raises(ValueError, match="no name"):
        from_json({"\udc00": to_json(SCORES)["nll"]})

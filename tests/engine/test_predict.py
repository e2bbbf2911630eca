"""Hours predicted from stage times."""

from __future__ import annotations

import pytest

from bench.engine import predict
from bench.planning import preset

ARMS = ("mle", "seqgan")


def test_hours_are_predicted_for_every_preset_and_scale_with_the_stages() -> None:
    seconds = dict.fromkeys("abcdef", 1.0)
    found = predict.hours(seconds, ARMS)
    assert set(found) == set(preset.shipped())
    for arms in found.values():
        assert set(arms) == set(ARMS) and 0 < (arms["mle"] or 0) < (arms["seqgan"] or 0)
    twice = predict.hours(dict.fromkeys("abcdef", 2.0), ARMS)
    assert twice["paper"]["seqgan"] == pytest.approx(2 * (found["paper"]["seqgan"] or 0))
    assert (found["smoke"]["mle"] or 0) < (found["paper"]["mle"] or 0)


def test_together_a_shared_start_counts_once() -> None:
    """mle is nothing but the start that seqgan begins with; the n-gram model states no cost of its own start."""
    seconds = dict.fromkeys("abcdef", 1.0)
    one, both = predict.hours(seconds, ARMS), predict.hours_together(seconds, ARMS)
    assert all(both[name] == pytest.approx(one[name]["seqgan"]) for name in ("lean", "official", "quick"))
    alone = predict.hours(seconds, ("scheduled-sampling", "mle"))["lean"]
    apart = predict.hours_together(seconds, ("scheduled-sampling", "mle"))["lean"]
    assert apart == pytest.approx(sum(hours or 0 for hours in alone.values()))

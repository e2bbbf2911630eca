"""Hours that stage times predict."""

from __future__ import annotations

import pytest

from bench.engine import predict
from bench.planning import preset


def test_hours_are_predicted_for_every_preset_and_scale_with_the_stages() -> None:
    seconds = dict.fromkeys("abcdef", 1.0)
    found = predict.hours(seconds)
    assert set(found) == set(preset.shipped())
    assert all(set(arms) == set(predict.ARMS) and 0 < arms["mle"] < arms["seqgan"] for arms in found.values())
    twice = predict.hours(dict.fromkeys("abcdef", 2.0))
    assert twice["paper"]["seqgan"] == pytest.approx(2 * found["paper"]["seqgan"])
    assert found["smoke"]["mle"] < found["paper"]["mle"]

"""What a metric returns and says of itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from bench.contracts.metric import Scores, bound_of, only_final, unknown_words


def test_the_value_is_the_mean_of_the_scores() -> None:
    found = Scores.mean_of(np.array([1.0, 2.0, 6.0]))
    assert found.value == 3.0 and found.per_sequence is not None and found.per_sequence.tolist() == [1.0, 2.0, 6.0]
    assert Scores.mean_of(np.zeros(0)) == Scores(None)


def test_what_a_metric_does_not_say_is_safe() -> None:
    silent: Any = SimpleNamespace()
    assert (unknown_words(silent), bound_of(silent), only_final(silent)) == ("undefined", None, False)
    clear: Any = SimpleNamespace(unknown_words="miss", bound="upper", only_final=1)
    assert (unknown_words(clear), bound_of(clear), only_final(clear)) == ("miss", "upper", True)

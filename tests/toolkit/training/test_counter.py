"""A count goes through a checkpoint."""

import json

from bench.toolkit.training.counter import Counter


def test_it_goes_back_to_the_saved_count() -> None:
    counter, other = Counter(), Counter()
    counter.value += 3
    other.load_state_dict(json.loads(json.dumps(counter.state_dict())))
    counter.value += 1
    assert (counter.value, other.value, Counter().value) == (4, 3, 0)

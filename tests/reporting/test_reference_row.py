"""The row that the others are compared with."""

from __future__ import annotations

import pytest

from bench.contracts.errors import BenchError
from bench.reporting.paper import paper
from bench.reporting.reference_row import reference_row, refuse_unknown
from bench.reporting.table import Row


def chosen(*labels: str, wanted: str | None = None, unfinished: str = "") -> str | None:
    rows = [Row(label, label.upper(), int(label != unfinished), 0, 0, {}) for label in labels]
    found = reference_row(rows, paper(), wanted)
    return found.label if found else None


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("real", "mle", "seqgan", "MyGan"), "MyGan"),
        (("real", "mle", "seqgan", "MyGan[rate=1]"), "MyGan[rate=1]"),
        (("real", "mle", "seqgan", "MyGan", "YourGan"), "seqgan"),
        (("real", "mle", "seqgan[k=2]"), "seqgan[k=2]"),
        (("real", "mle", "seqgan[k=2]", "seqgan[k=3]"), "mle"),
        (("real", "mle", "seqgan[k=2]", "seqgan"), "seqgan"),
        (("real", "random-unigram", "ngram"), "random-unigram"),
        (("real", "MyGan", "YourGan"), "MyGan"),
        (("real",), None),
    ],
)
def test_the_default_is_the_users_own_row_else_the_papers(labels: tuple[str, ...], expected: str | None) -> None:
    assert chosen(*labels) == expected


def test_a_row_that_is_asked_for_comes_first_if_it_has_finished() -> None:
    assert chosen("real", "mle", "seqgan", "MyGan", wanted="mle") == "mle"
    assert chosen("real", "mle", "seqgan", wanted="mle", unfinished="mle") == "seqgan"
    assert chosen("real", "mle", "MyGan", unfinished="MyGan") == "mle"


def test_a_row_of_no_table_is_refused_with_the_nearest_name() -> None:
    refuse_unknown(None, {"mle"})
    refuse_unknown("mle", {"mle"})
    with pytest.raises(BenchError, match="unknown row 'segan'; did you mean 'seqgan'"):
        refuse_unknown("segan", {"mle", "seqgan"})
    with pytest.raises(BenchError, match="unknown row 'real'"):
        refuse_unknown("real", {"real", "mle"})

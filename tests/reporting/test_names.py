"""Names that tables could not tell apart are refused."""

from __future__ import annotations

import re

import pytest

from bench.contracts.errors import BenchError
from bench.reporting.names import refuse_taken, refuse_twins


@pytest.mark.parametrize("label", ["SeqGAN", "SeqGAN[rate=0.2]", "MLE", "random (unigram)"])
def test_a_row_that_prints_as_one_of_the_paper_is_refused(label: str) -> None:
    with pytest.raises(BenchError, match=f"the tables print .* as .*, and .* too: rename {re.escape(label)}$"):
        refuse_twins(["real", label])


def test_the_papers_own_rows_and_their_variants_are_let_through() -> None:
    refuse_twins(["real", "seqgan", "seqgan[rollouts=7]", "mle", "Tiny"])


@pytest.mark.parametrize("name", ["mle", "MLE", "real", "seqgan[rollouts=8]", "  mle "])
def test_a_file_never_takes_the_name_of_an_arm(name: str) -> None:
    with pytest.raises(BenchError, match="that is the name of other runs"):
        refuse_taken("--name", name, [])


def test_a_file_takes_a_published_row_by_its_own_name_only() -> None:
    refuse_taken("--name", "leakgan", [])
    with pytest.raises(BenchError, match="take leakgan to stand in that row"):
        refuse_taken("--name", "LeakGAN", [])

"""Refused names of plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.planning.refusals import check_name
from bench.records import plans as kept_plans


@pytest.mark.parametrize("letter", ["a", "\N{CJK UNIFIED IDEOGRAPH-8A69}"])
def test_the_longest_name_fits_a_file_system(letter: str, tmp_path: Path) -> None:
    longest = letter * (100 // len(letter.encode()))
    check_name(longest)
    kept_plans.write(longest, {}, tmp_path)
    assert list(kept_plans.read_all(tmp_path)) == [longest]
    with pytest.raises(BenchError, match=r"its name takes 10\d bytes; give one of 100 at most"):
        check_name(longest + letter * 2)


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "-a", " a", "a\n", "a:b"])
def test_a_name_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(BenchError, match="name it with letters, digits, spaces"):
        check_name(name)

"""Refused names of plans and of sections of presets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.planning.cell import Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.planning.refusals import check_name, refuse_unknown_owners
from bench.planning.request import Arm
from bench.plugins.reference import parse_plugin
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


def arm(reference: str) -> Arm:
    return Arm(parse_plugin(reference).label, parse_plugin(reference), ())


def preset(**tables: Any) -> Preset:
    return Preset("mine", RunSettings(), Evaluation(), **tables)


@pytest.mark.parametrize("owner", ["mygan", "my-gan", "my_gan", "MYGAN", "MyGna"])
def test_a_misspelt_section_of_the_users_plugin_is_named(owner: str) -> None:
    with pytest.raises(BenchError, match=rf"unknown owner \[baselines.{owner}\] in preset mine: '{owner}'"):
        refuse_unknown_owners(preset(baselines={owner: {"k": 1}}), [arm("my_gan.py:MyGan")], [])


def test_a_section_of_another_plugin_is_no_fault() -> None:
    refuse_unknown_owners(preset(baselines={"trigram": {"k": 1}}), [arm("my_gan.py:MyGan")], [])

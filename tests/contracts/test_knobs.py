"""Knobs: what is out of bounds, misspelt or of another type is refused in one line that names it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.contracts.knobs import build, choices, knob, parse, quick


@dataclass(frozen=True)
class Knobs:
    rollouts: int = knob(16, low=1, high=64, help="")
    rate: float = knob(0.5, low=0.0, help="")
    kind: Literal["mean", "corpus"] = knob("mean", help="")
    fresh: bool = knob(False, help="")
    file: str = knob("", help="")
    limit: int | None = knob(None, low=2, help="")


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(BenchError) as caught:
        build(Knobs, values, "seqgan")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_and_values() -> None:
    assert build(Knobs, {}, "seqgan") == Knobs()
    wanted = Knobs(rollouts=64, rate=0.0, kind="corpus", fresh=True, file="a.txt", limit=2)
    assert (
        build(Knobs, {"rollouts": 64, "rate": 0, "kind": "corpus", "fresh": True, "file": "a.txt", "limit": 2}, "")
        == wanted
    )
    assert type(build(Knobs, {"rate": 1}, "").rate) is float


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rolouts": 8}, "unknown knob of seqgan 'rolouts'; did you mean 'rollouts'?"),
        ({"zzz": 8}, "unknown knob of seqgan 'zzz'; known: file, fresh, kind, limit, rate, rollouts"),
        ({"rollouts": 0}, "seqgan.rollouts = 0: the least allowed is 1"),
        ({"rollouts": 65}, "seqgan.rollouts = 65: the most allowed is 64"),
        ({"rate": -0.1}, "seqgan.rate = -0.1: the least allowed is 0.0"),
        ({"limit": 1}, "seqgan.limit = 1: the least allowed is 2"),
        ({"kind": "median"}, "seqgan.kind = 'median': choose one of mean, corpus"),
        ({"rate": math.nan}, "seqgan.rate = nan: a finite number is needed"),
        ({"rate": math.inf}, "seqgan.rate = inf: a finite number is needed"),
        ({"rollouts": 8.0}, "rollouts: 8.0 is not a whole number"),
        ({"rollouts": True}, "rollouts: True is not a whole number"),
        ({"rollouts": "eight"}, "rollouts: 'eight' is not a whole number"),
        ({"rate": "fast"}, "rate: 'fast' is not a number"),
        ({"fresh": 1}, "fresh: 1 is not true or false"),
        ({"file": 3}, "file: 3 is not text"),
        ({"rollouts": [8]}, "rollouts: [8] is not a whole number"),
        ({"rollouts": 10**400}, "seqgan.rollouts: a whole number is below 2^63, which has 19 digits"),
        ({"rate": -(10**5000)}, "seqgan.rate: a whole number is below 2^63, which has 19 digits"),
        ({"limit": 2**63}, "seqgan.limit: a whole number is below 2^63, which has 19 digits"),
        ({"kind": ["mean"]}, "seqgan.kind = ['mean']: choose one of mean, corpus"),
    ],
)
def test_refusals_name_the_knob(values: dict[str, Any], words: str) -> None:
    assert words in refusal(values)


def test_a_knob_without_default_is_refused() -> None:
    @dataclass(frozen=True)
    class Needs:
        file: str

    for values in ({}, {"file": "a.txt"}):
        with pytest.raises(BenchError, match=r"settings of text: file has no default; every knob needs one"):
            build(Needs, values, "text")


def test_a_knob_is_what_a_cell_can_keep() -> None:
    @dataclass(frozen=True)
    class Odd:
        file: Path | None = None
        sizes: tuple[int, ...] = (8, 8)
        table: dict[str, int] | None = None
        widths: list[int] | None = None

    assert build(Odd, {"sizes": [4, 4]}, "odd").sizes == (4, 4)
    for values in ({"file": "a.txt"}, {"table": {"a": 1}}, {"widths": [8]}):
        (name,) = values
        with pytest.raises(
            BenchError, match=rf"settings of odd: {name} is a (PosixPath|dict|list); a knob is a number"
        ):
            build(Odd, values, "odd")

    @dataclass(frozen=True)
    class Beginning(Odd):
        file: Path | None = Path("a.txt")

    with pytest.raises(BenchError, match="settings of odd: file is a PosixPath; a knob is a number, true or false, te"):
        build(Beginning, {}, "odd")


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_many_digits_is_one_line(digits: int) -> None:
    with pytest.raises(BenchError, match=r"^seqgan\.rollouts: a whole number is below 2\^63, which has 19 digits$"):
        _, key, value = parse(f"seqgan.rollouts=1{'0' * digits}")
        build(Knobs, {key: value}, "seqgan")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("seqgan.rollouts=8", ("seqgan", "rollouts", 8)),
        (" seqgan.rate = 1e-3", ("seqgan", "rate", 1e-3)),
        ("poems.references=test", ("poems", "references", "test")),
        ('poems.references="test"', ("poems", "references", "test")),
        ("oracle.fresh=true", ("oracle", "fresh", True)),
        ("my.gan.k=1", ("my.gan", "k", 1)),
        ("text.file=a=b.txt", ("text", "file", "a=b.txt")),
    ],
)
def test_parse(text: str, parsed: tuple[str, str, Any]) -> None:
    assert parse(text) == parsed


@pytest.mark.parametrize("text", ["", "rollouts=8", "seqgan.rollouts", ".k=1", "seqgan.=1", "="])
def test_parse_says_how_to_write_it(text: str) -> None:
    with pytest.raises(BenchError, match=r"write it as NAME\.KNOB=VALUE"):
        parse(text)


@given(st.text(max_size=30))
def test_parse_and_build_never_fail_but_in_one_line(text: str) -> None:
    try:
        _, key, value = parse(f"seqgan.{text}")
        build(Knobs, {key: value}, "seqgan")
    except BenchError as error:
        assert str(error)


@dataclass(frozen=True)
class Wrong:
    rate: float = knob(None, help="")


@dataclass(frozen=True)
class Low:
    rate: float = knob(0.01, low=0.1, help="")


@dataclass(frozen=True)
class Other:
    kind: Literal["a", "b"] = knob("z", help="")


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Wrong, "settings of mine: rate: None is not a number"),
        (Low, r"mine\.rate = 0\.01: the least allowed is 0\.1"),
        (Other, r"mine\.kind = 'z': choose one of a, b"),
    ],
)
def test_defaults_are_held_to_their_own_bounds(cls: Any, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        build(cls, {}, "mine")


@dataclass(frozen=True)
class Chosen:
    one: Literal["a", "b"] = knob("a", help="")
    perhaps: Literal["a", 2] | None = knob(None, help="")
    free: str | None = knob("c", help="")
    plain: int = 3


def test_choices_are_those_of_the_annotation() -> None:
    found = {name: choices(Chosen, name) for name in ("one", "perhaps", "free", "plain", "absent")}
    assert found == {"one": ("a", "b"), "perhaps": ("a", 2, None), "free": (), "plain": (), "absent": ()}
    assert build(Chosen, {"perhaps": 2}, "x").perhaps == 2 and build(Chosen, {}, "x").perhaps is None
    with pytest.raises(BenchError, match=r"^x\.perhaps = 'b': choose one of a, 2, None$"):
        build(Chosen, {"perhaps": "b"}, "x")


def test_an_annotation_of_an_unknown_name_is_one_line() -> None:
    @dataclass(frozen=True)
    class Broken:
        size: Nowhere = knob(3, help="")  # type: ignore[name-defined] # noqa: F821

    assert choices(Broken, "size") == ()
    with pytest.raises(BenchError, match=r"^settings of x: name 'Nowhere' is not defined$"):
        build(Broken, {}, "x")


@dataclass(frozen=True)
class Heads:
    width: int = knob(512, low=1, quick=8, help="")
    heads: int = knob(64, low=1, quick=4, help="")
    epochs: int = knob(100, low=0, quick=0, help="")
    rate: float = knob(0.1, help="")

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError("width is a multiple of heads")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"width": 8, "heads": 4, "epochs": 0}),
        ({"rate": 1.0}, {"rate": 1.0, "width": 8, "heads": 4, "epochs": 0}),
        ({"heads": 2, "epochs": 5}, {"width": 8, "heads": 2, "epochs": 5}),
        ({"heads": 16}, {"heads": 16, "epochs": 0}),
        ({"width": 6}, {"width": 6}),
        ({"wide": 6}, {"wide": 6}),
    ],
)
def test_quick_values_stand_where_none_is_given_and_the_class_takes_them(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The class may accept them together but not one alone: a width of 8 does not fit 64 heads."""
    assert quick(Heads, given, "x") == expected

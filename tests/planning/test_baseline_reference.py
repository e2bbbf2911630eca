"""A baseline under a name of the user's, and with the knobs of another preset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request, parse_overrides
from bench.toolkit.corpora.fetch import Corpora

Make = Callable[..., dict[str, Cell]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """make("seqgan@lean", ...) -> label -> its cell on a tiny dataset at the smoke preset; `sets` are --set options."""

    def make(*baselines: str, sets: tuple[str, ...] = (), own: str = "smoke") -> dict[str, Cell]:
        request = Request(baselines, ("enumerable[words=4]",), preset.read(own), parse_overrides(sets), seeds=1)
        return {cell.label: cell for cell in planning.make(request, Corpora(tmp_path / "cache", "sample")).cells}

    return make


def test_a_name_is_a_label_and_changes_no_cell(make: Make, trainers: Callable[[str], str]) -> None:
    tiny = trainers("Tiny")
    plain, named = make(tiny, "mle", "mle[hidden=9]"), make(f"mine={tiny}", "base line=mle", "big=mle[hidden=9]")
    assert list(plain) == ["real", "Tiny", "mle", "mle[hidden=9]"] and list(named) == [
        "real",
        "mine",
        "base line",
        "big",
    ]
    assert [cell.id for cell in plain.values()] == [cell.id for cell in named.values()]


def test_set_and_preset_reach_a_row_by_its_name(make: Make, tmp_path: Path) -> None:
    found = make("mle", "big=mle", sets=("big.hidden=9", "mle.rate=0.5"))
    assert {
        label: (dict(cell.settings)["hidden"], dict(cell.settings)["rate"])
        for label, cell in found.items()
        if label != "real"
    } == {
        "mle[rate=0.5]": (16, 0.5),
        "big": (9, 0.5),
    }
    (tmp_path / "own.toml").write_text("[baselines.mle]\nhidden = 5\nrate = 0.5\n[baselines.big]\nhidden = 7\n")
    found = make("mle", "big=mle", own=str(tmp_path / "own.toml"))
    assert dict(found["mle"].settings)["hidden"] == 5
    assert (dict(found["big"].settings)["hidden"], dict(found["big"].settings)["rate"]) == (7, 0.5)


def test_one_run_holds_a_baseline_at_several_presets(make: Make) -> None:
    found = make("seqgan", "seqgan@lean", "seqgan@lean[rollouts=2]", "seqgan@official")
    assert list(found) == ["real", "seqgan", "seqgan@lean", "seqgan@lean[rollouts=2]", "seqgan@official"]
    lean, official = (make("seqgan", own=name)["seqgan"].settings for name in ("lean", "official"))
    assert found["seqgan@lean"].settings == lean, "with what the preset says of this dataset"
    assert found["seqgan@official"].settings == official
    assert dict(found["seqgan@lean[rollouts=2]"].settings) == {**dict(lean), "rollouts": 2}
    assert len({(cell.evaluation, cell.fingerprint, cell.threads) for cell in found.values()}) == 1, "one table"
    assert found["seqgan"].id == make("seqgan")["seqgan"].id


def test_a_variant_of_a_file_of_the_users_own(make: Make, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[baselines.mle]\nhidden = 5\n")
    found = make("mle", f"mle@{tmp_path}/own.toml", f"five=mle@{tmp_path}/own.toml[rate=0.5]")
    assert list(found) == ["real", "mle", "mle@own", "five"]
    assert dict(found["mle@own"].settings)["hidden"] == dict(found["five"].settings)["hidden"] == 5


def test_a_default_of_the_command_reaches_a_variant(make: Make) -> None:
    found = make("mle", "mle@lean", sets=("defaults.hidden=9",))
    assert list(found) == ["real", "mle[hidden=9]", "mle@lean[hidden=9]"]
    assert {dict(cell.settings)["hidden"] for label, cell in found.items() if label != "real"} == {9}


@pytest.mark.parametrize(
    ("baselines", "message"),
    [
        (("seqgan@lan",), "-b seqgan@lan: unknown preset 'lan'; did you mean 'lean'"),
        (("seqgan@none",), "unknown preset 'none'; known: lean, official, paper, quick, smoke"),
        (("mle=seqgan",), "mle is a baseline of its own; choose another name"),
        (("real=seqgan",), "two baselines are called 'real'"),
        (("big=seqgan", "big=mle"), "two baselines are called 'big': .* name one, as in -b NAME=BASELINE"),
        (("big=mle[hidden=8|9]",), "two baselines are called 'big'"),
        (("big=mle", "mle"), "big and mle are one arm on enumerable.*: the same trainer with the same knobs"),
        (("mle", "mle@smoke"), "mle and mle@smoke are one arm"),
        (("big=mle[hiden=8]",), "unknown knob of mle 'hiden'"),
    ],
)
def test_mistakes_are_named(make: Make, baselines: tuple[str, ...], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        make(*baselines)


def test_a_misspelt_section_of_the_variants_preset_is_named(make: Make, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[baselines.seqgna]\nk = 5\n")
    with pytest.raises(BenchError, match=r"unknown owner \[baselines.seqgna\] in preset own"):
        make(f"seqgan@{tmp_path}/own.toml")


def test_a_section_of_a_variant_with_knobs_is_refused_and_not_passed_over(make: Make, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[baselines."mle[hidden=5]"]\nrate = 0.5\n')
    with pytest.raises(BenchError, match="unknown owner"):
        make("mle[hidden=5]", own=str(tmp_path / "own.toml"))

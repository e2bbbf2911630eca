"""Each shipped preset is sound, and a mistake in the user's own TOML is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.contracts.knobs import build, parse
from bench.planning import preset
from bench.planning.cell import Evaluation
from bench.plugins import loading as plugins


@pytest.mark.parametrize("name", preset.shipped())
def test_every_shipped_preset_fits_the_shipped_plug_ins(name: str) -> None:
    found = preset.read(name)
    assert found.name == name and found.run.seeds >= 1 and found.evaluation.samples >= 2
    trainers = {b: plugins.load("bench.baselines", b).Settings for b in plugins.names("bench.baselines")}
    for label, settings in trainers.items():
        build(settings, found.knobs(settings, label), label)
    assert set(found.baselines) <= set(trainers)
    assert set(found.datasets) <= set(plugins.names("bench.datasets"))


def test_the_owner_overrules_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[run]\nseeds = 7\n[defaults]\nepochs = 3\nother = 1\n[baselines.mle]\nepochs = 5\n")

    @dataclass(frozen=True)
    class Knobs:
        epochs: int = 1

    found = preset.read(str(path))
    assert found.name == "mine" and found.run.seeds == 7 and found.evaluation == Evaluation()
    assert found.knobs(Knobs, "mle") == {"epochs": 5} and found.knobs(Knobs, "seqgan") == {"epochs": 3}


def test_a_baseline_may_have_other_knobs_on_one_dataset(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[baselines.mle]\nmle_epochs = 5\nbatch = 32\n[on.enumerable.mle]\nmle_epochs = 2\n")
    found = preset.read(str(path))
    knobs = plugins.load("bench.baselines", "mle").Settings
    assert found.for_dataset("poems").knobs(knobs, "mle") == {"mle_epochs": 5, "batch": 32}
    assert found.for_dataset("enumerable").knobs(knobs, "mle") == {"mle_epochs": 2, "batch": 32}


@pytest.mark.parametrize("name", preset.shipped())
def test_what_a_shipped_preset_says_of_one_dataset_fits_the_plug_ins(name: str) -> None:
    found = preset.read(name)
    for dataset, table in found.on.items():
        assert dataset in plugins.names("bench.datasets")
        for baseline in table:
            settings = plugins.load("bench.baselines", baseline).Settings
            build(settings, found.for_dataset(dataset).knobs(settings, baseline), baseline)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "# of mine\n[evaluaton]\nsamples = 3",
            "unknown table of preset .*, line 2 'evaluaton'; did you mean 'evaluation'",
        ),
        (
            "[evaluation]\nsample = 3",
            r"unknown knob of preset .*, line 2, \[evaluation\] 'sample'; did you mean 'samples'",
        ),
        ("[evaluation]\nrule = 'best'", "choose one of last, best-valid, best-oracle"),
        ("[run]\nseeds = 0", "the least allowed is 1"),
        ("[run]\nseeds = 'two'", "seeds: 'two' is not a whole number"),
        ("defaults = 3", r"\[defaults\] must be a table"),
        ("[baselines]\nseqgan = 3", r"\[baselines.seqgan\] must be a table"),
        ("[datasets]\npoems = 3", r"\[datasets.poems\] must be a table"),
        ("[on]\npoems = 3", r"\[on.poems\] must be a table"),
        ("[on.poems]\nmle = 3", r"\[on.poems.mle\] must be a table"),
        ("[run\n", "preset .*: .*line 1"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BenchError, match=words):
        preset.read(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no preset file .*absent\.toml"):
        preset.read(str(tmp_path / "absent.toml"))
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(BenchError, match=r"latin\.toml.*UTF-8"):
        preset.read(str(tmp_path / "latin.toml"))
    with pytest.raises(BenchError, match="unknown preset 'quik'; did you mean 'quick'"):
        preset.read("quik")


def test_no_file_passes_for_a_shipped_preset(tmp_path: Path) -> None:
    (tmp_path / "official.toml").write_text("[run]\nseeds = 1\n")
    with pytest.raises(BenchError, match=r"tables would call it official, as the shipped one; rename the file"):
        preset.read(str(tmp_path / "official.toml"))


def test_a_byte_order_mark_and_deep_nesting(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("\ufeff[run]\nseeds = 2\n", encoding="utf-8")
    assert preset.read(str(tmp_path / "mine.toml")).run.seeds == 2
    deep = tmp_path / "deep.toml"
    deep.write_text(f"[run]\nseeds = {'[' * 100_000}", encoding="utf-8")
    with pytest.raises(BenchError, match=r"^preset .*deep\.toml: .*recursion depth"):
        preset.read(str(deep))
    with pytest.raises(BenchError, match=r"^--set mle\.rate: the value is nested too deeply$"):
        parse(f"mle.rate={'[' * 100_000}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# mine\n[baselines.seqgan]\nbatch = 8\nrolouts = 3", 4),
        ("[baselines]\nseqgan.rolouts = 3", 2),
        ("[on.oracle.'seqgan']\n\n\"rolouts\" = 3", 3),
    ],
)
def test_an_unknown_knob_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    settings = plugins.load("bench.baselines", "seqgan").Settings
    told = f"^unknown knob of seqgan in preset mine, line {line} 'rolouts'; did you mean 'rollouts'"
    with pytest.raises(BenchError, match=told):
        preset.read(str(path)).for_dataset("oracle").knobs(settings, "seqgan")

"""Plans turn a request into cells. A cell's identity is exactly what its numbers depend on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request, parse_overrides
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora

Make = Callable[..., planning.Plan]


@pytest.fixture
def make(words: str, trainers: Callable[[str], str], corpora: Corpora) -> Make:
    """Plan tiny trainers by class name; `sets` are --set options, keywords are fields of the request."""

    def make(*names: str, sets: tuple[str, ...] = (), **fields: Any) -> planning.Plan:
        request = Request(
            baselines=tuple(name if name.islower() else trainers(name) for name in names or ("Tiny",)),
            datasets=(words,),
            preset=preset.read("smoke"),
            overrides=parse_overrides(sets),
        )
        return planning.make(replace(request, **fields), corpora)

    return make


def named(plan: planning.Plan) -> dict[tuple[str, int], Cell]:
    return {(cell.label, cell.seed): cell for cell in plan.cells}


def ids(plan: planning.Plan) -> dict[tuple[str, int], str]:
    return {key: cell.id for key, cell in named(plan).items()}


def test_every_combination_and_a_real_row(make: Make) -> None:
    plan = make("Tiny", "Slow", seeds=2)
    assert plan.name == plan.preset == "smoke" and make(name="mine").name == "mine"
    assert set(ids(plan)) == {("real", 0), ("Tiny", 0), ("Tiny", 1), ("Slow", 0), ("Slow", 1)}
    assert len(set(ids(plan).values())) == 5
    assert {cell.dataset_label for cell in plan.cells} == {"Words"} and set(plan.datasets) == {"Words"}
    assert {cell.fingerprint for cell in plan.cells} == {plan.datasets["Words"].data.fingerprint}
    assert ids(make("Tiny", "Tiny")) == ids(make("Tiny"))


def test_adding_a_baseline_changes_no_other_cell(make: Make) -> None:
    alone, beside = ids(make("Tiny", seeds=2)), ids(make("Slow", "Tiny", "random-uniform", seeds=3))
    assert alone.items() <= beside.items()


def test_cells_are_independent_in_chance(make: Make) -> None:
    cells = make("Tiny", "Slow", seeds=2).cells
    assert len({cell.seed_for("train") for cell in cells}) == len(cells)
    assert (
        cells[1].seed_for("train")
        != cells[1].seed_for("evaluate", "final")
        != cells[1].seed_for("evaluate", "curve", 0)
    )


def test_what_numbers_depend_on_changes_the_id(make: Make) -> None:
    key = "Tiny", 0
    plain = ids(make())[key]
    for sets in ("evaluation.samples=50", "evaluation.rule=best-valid", "run.threads=2", "Words.rows=140"):
        assert ids(make(sets=(sets,)))[key] != plain, sets
    assert ids(make(sets=("Tiny.rate=0.2",)))["Tiny[rate=0.2]", 0] != plain
    assert ids(make(device="cuda"))[key] != plain
    assert ids(make(name="other"))[key] == plain


def test_labels_tell_every_override(make: Make) -> None:
    plan = make("Tiny", "Slow", sets=("Tiny.rate=0.2", "Tiny.epochs=1"))
    assert {cell.label for cell in plan.cells} == {"real", "Tiny[epochs=1,rate=0.2]", "Slow"}
    (tiny,) = (cell for cell in plan.cells if cell.baseline == "Tiny")
    assert dict(tiny.settings) == {"epochs": 1, "rate": 0.2}
    plan = make("Tiny", sets=("defaults.epochs=7",))
    assert dict(named(plan)["Tiny[epochs=7]", 0].settings) == {"epochs": 7, "rate": 2.0}


def test_labels_tell_no_override_that_changes_nothing(make: Make) -> None:
    for sets in (("Tiny.epochs=3",), ("Tiny.epochs=3", "Tiny.rate=2.0"), ("Tiny.rate=2",)):
        plan = make(sets=sets)
        assert ids(plan) == ids(make()), sets
    assert set(named(make(sets=("Tiny.epochs=7", "Tiny.rate=2")))) == {("real", 0), ("Tiny[epochs=7]", 0)}
    same = "Tiny.epochs=7", "defaults.epochs=7"
    assert ids(make(sets=same)) == ids(make(sets=same[1:])) == ids(make(sets=same[:1]))


def test_editing_a_plug_in_changes_its_cells_and_no_others(make: Make, words: str, trainers: Any) -> None:
    before = ids(make("Tiny", "random-uniform"))
    trainer = Path(trainers("Tiny").partition(":")[0])
    trainer.write_text(trainer.read_text() + "\n# edited\n")
    after = ids(make("Tiny", "random-uniform"))
    assert {key for key in before if before[key] != after[key]} == {("Tiny", 0)}
    dataset = Path(words.partition(":")[0])
    dataset.write_text(dataset.read_text().replace("== 1).mean", "== 2).mean"))  # another metric on the same data
    edited = ids(make("Tiny", "random-uniform"))
    assert all(after[key] != edited[key] for key in after)


def test_the_fingerprint_is_of_the_data(make: Make) -> None:
    data = make().datasets["Words"].data
    assert data.fingerprint == replace(data).fingerprint and len(data.fingerprint) == 16
    swapped = replace(data, valid=data.test, test=data.valid)
    fewer = make(sets=("Words.rows=140",)).datasets["Words"].data
    assert len({data.fingerprint, swapped.fingerprint, fewer.fingerprint}) == 3


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ("Tiny.epoch=3", "unknown knob of Tiny 'epoch'; did you mean 'epochs'"),
        ("Tiny.epochs=-1", "Tiny.epochs = -1: the least allowed is 0"),
        ("Tinny.epochs=3", "this run has no 'Tinny'; did you mean 'Tiny'"),
        ("seqgan.rollouts=3", "this run has no 'seqgan'"),
        ("Words.row=40", "unknown knob of Words 'row'; did you mean 'rows'"),
        ("Words.rows=3", "the least allowed is 30"),
        ("evaluation.sample=3", "unknown knob of evaluation 'sample'; did you mean 'samples'"),
        ("evaluation.rule=best", "choose one of last, best-valid, best-oracle"),
        ("run.seed=3", "unknown knob of run 'seed'; did you mean 'seeds'"),
        ("defaults.epoch=3", "unknown knob of defaults 'epoch'; did you mean 'epochs'"),
    ],
)
def test_overrides_that_reach_nothing_are_refused(make: Make, sets: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        make(sets=(sets,))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[baselines.seqgna]\nrollouts = 3", "preset mine: 'seqgna'; did you mean 'seqgan'"),
        ("[baselines.mel]\nrate = 1.0", "preset mine: 'mel'; did you mean 'mle'"),
        ("[datasets.peoms]\nseed = 3", "preset mine: 'peoms'; did you mean 'poems'"),
        ("[defaults]\nepoch = 3", r"\[defaults\] in preset mine 'epoch'; did you mean 'epochs'"),
        ("[baselines.Tiny]\nepoch = 3", "unknown knob of Tiny in preset mine, line 2 'epoch'; did you mean 'epochs'"),
    ],
)
def test_presets_that_reach_nothing_are_refused(make: Make, tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(table)
    with pytest.raises(BenchError, match=message):
        make(preset=preset.read(str(tmp_path / "mine.toml")))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[defaults]\nrate = -1", "^preset mine: Tiny.rate = -1: the least allowed is 0.0"),
        ('[defaults]\nrate = "fast"', "^preset mine: settings of Tiny: rate: 'fast' is not a number"),
        ("[baselines.Tiny]\nrate = -1", "^preset mine: Tiny.rate = -1"),
        ("[datasets.Words]\nrows = 3", "^preset mine: Words.rows = 3"),
    ],
)
def test_a_value_of_a_preset_that_is_refused_names_the_preset(
    make: Make, tmp_path: Path, table: str, message: str
) -> None:
    (tmp_path / "mine.toml").write_text(table)
    with pytest.raises(BenchError, match=message):
        make(preset=preset.read(str(tmp_path / "mine.toml")))


def test_settings_that_are_wrong_by_themselves_do_not_name_the_preset(make: Make, trainers: Any) -> None:
    path = Path(trainers("Tiny").partition(":")[0])
    text = path.read_text().replace("    epochs: int", "    where: Path = Path()\n    epochs: int")
    path.write_text(f"from pathlib import Path\n{text}")
    with pytest.raises(BenchError, match=r"^settings of Tiny: where is a PosixPath; a knob is a number"):
        make(preset=preset.read("official"))


def test_a_preset_may_speak_of_what_this_run_has_not(make: Make) -> None:
    assert make(preset=preset.read("official")).preset == "official"


def test_rows_that_tables_could_not_tell_apart_are_refused(make: Make, trainers: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(Path(trainers("Tiny").partition(":")[0]).read_text())
    with pytest.raises(BenchError, match="two baselines are called 'Tiny'"):
        make(baselines=(trainers("Tiny"), f"{other}:Tiny"))
    other.write_text(other.read_text().replace("class Tiny", "class real").replace("(Tiny)", "(real)"))
    with pytest.raises(BenchError, match="'real'"):
        make(baselines=(f"{other}:real",))


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "it's"])
def test_a_plan_is_a_files_name(make: Make, name: str) -> None:
    with pytest.raises(BenchError, match="name it with letters"):
        make(name=name)


def test_a_plans_name_fits_a_file_system(make: Make) -> None:
    with pytest.raises(BenchError, match=r"its name takes 300 bytes; give one of 100 at most"):
        make(name="a" * 300)


def test_a_class_may_not_pass_for_a_shipped_row_or_table(make: Make, trainers: Any, words: str, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(
        Path(trainers("Tiny").partition(":")[0]).read_text().replace("class Slow(Tiny)", "class mle(Tiny)")
    )
    with pytest.raises(
        BenchError, match=r"other\.py:mle: the tables know one of the baselines as 'mle'; rename the cl"
    ):
        make(baselines=(f"{other}:mle",), sets=("mle.epochs=1",))
    other.write_text(Path(words.partition(":")[0]).read_text().replace("class Words", "class poems"))
    with pytest.raises(BenchError, match=r"other\.py:poems: the tables know one of the datasets as 'poems'; rename th"):
        make(datasets=(f"{other}:poems",))


def test_siblings_of_one_name_do_not_meet_in_a_cell(make: Make, trainers: Any, words: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    arm, dataset = tmp_path / "elsewhere" / "arm.py", Path(words.partition(":")[0])
    for path, code in ((arm, Path(trainers("Tiny").partition(":")[0]).read_text()), (dataset, dataset.read_text())):
        path.write_text(f"from .helpers import VALUE\n{code}")
        path.with_name("helpers.py").write_text(f"VALUE = {path.parent.name!r}\n")
    cells = make(baselines=(f"{arm}:Tiny",)).cells
    assert len({cell.code for cell in cells}) == 2 and all(cell.code for cell in cells)
    loaded = plugins.load("bench.baselines", f"{arm}:Tiny"), plugins.load("bench.datasets", words)
    values = [vars(sys.modules[cls.__module__])["VALUE"] for cls in loaded]
    assert values == ["elsewhere", tmp_path.name]


def test_unknown_names(make: Make) -> None:
    with pytest.raises(BenchError, match="unknown baseline 'seqgna'; did you mean 'seqgan'"):
        make("seqgna")
    with pytest.raises(BenchError, match="unknown dataset 'peoms'; did you mean 'poems'"):
        make(datasets=("peoms",))


def test_a_corpus_for_a_dataset_that_is_not_run_is_refused(corpora: Corpora, tmp_path: Path) -> None:
    given = replace(corpora, files={"poms": tmp_path / "x.txt"})
    request = Request(("random-uniform",), ("poems",), preset.read("smoke"))
    with pytest.raises(BenchError, match="'poms'; did you mean 'poems'"):
        planning.make(request, given)


def test_a_preset_may_speak_of_plug_ins_that_this_run_has_not(make: Make) -> None:
    theirs = {"MyLM": {"layers": 3}, "relgan": {"beta": 100}}
    own = replace(preset.read("smoke"), baselines=theirs, datasets={"letters": {"length": 9}})
    assert ids(make(preset=own)) == ids(make())


def test_an_empty_name_is_no_plan(make: Make) -> None:
    with pytest.raises(BenchError, match="plan '': name it with letters"):
        make(name="")


def test_one_plug_in_in_two_spellings_is_one_row(
    make: Make, trainers: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(words).parent)
    short, again = Path(words).name, f"./{Path(words).name}"
    tiny = trainers("Tiny")
    both = make(
        baselines=(tiny, f"{Path(tiny).parent}/../{Path(tiny).parent.name}/{Path(tiny).name}"), datasets=(short, again)
    )
    assert ids(both) == ids(make())


def test_one_text_in_two_spellings_is_one_table(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.txt").write_text("".join(f"line {number} of many\n" for number in range(60)))
    both = make("random-uniform", datasets=("text:my.txt", "text:.//my.txt"))
    assert ids(both) == ids(make("random-uniform", datasets=("text:my.txt",)))
    with pytest.raises(BenchError, match=r"-d text:my\.txt and --set text\.file=other\.txt: name the file once"):
        make("random-uniform", datasets=("text:my.txt",), sets=("text.file=other.txt",))

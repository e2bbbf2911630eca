import csv
import json
import re

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.judging.human.sheet import read_key
from bench.planning.cell import Cell, Evaluation
from bench.records import plans as kept_plans
from bench.records.events import Done, Failed
from bench.records.human import load
from bench.records.journal import Journal, write_cell
from bench.records.tracker import Tracker


def finish(runs, label, baseline=None, seed=0, fingerprint="f", status="done", samples=None, **changes):
    """Write a cell as `bench run` leaves it, and return its id."""
    baseline = baseline or label.partition("[")[0]
    cell = Cell(
        label=label,
        reference=baseline,
        baseline=baseline,
        settings=(("label", label),),
        dataset="poems",
        dataset_label=changes.get("dataset", "poems"),
        dataset_settings=(),
        fingerprint=fingerprint,
        seed=seed,
        evaluation=Evaluation(samples=changes.get("count", 100)),
    )
    folder = write_cell(cell, runs)
    lines = samples or [f"{label} {seed} sentence {index}" for index in range(30)]
    (folder / "samples.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = Done(scores={}, hypotheses=len(lines), seconds=0.0)
    Journal(folder).append(done if status == "done" else Failed(error="it broke"))
    return cell.id


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for label in ("real", "seqgan", "mle", "seqgan[d_steps=1,g_steps=5]"):
        finish(tmp_path / "runs", label)
    return tmp_path / "runs"


def call(*arguments):
    """Return the output of a `bench human` command; a BenchError is raised on."""
    result = CliRunner().invoke(bench, ["human", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def export(runs, *more, out="out"):
    return call("export", "-d", "poems", "--n", "5", "--runs", runs, "--out", runs.parent / out, *more)


def origins(runs, out="out"):
    return read_key(runs.parent / out / "key.json").origins


def judge(sheet_csv, path, rater, rule):
    """Fill in sheet.csv by a rule of (place, item id) and save it under another name."""
    rows = list(csv.DictReader(sheet_csv.open(encoding="utf-8-sig", newline="")))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "answer": rule(place, row["item"]), "rater": rater} for place, row in enumerate(rows))
    return path


def test_a_sheet_is_made_of_finished_runs(runs):
    output = export(runs)
    sheet = read_key(runs.parent / "out" / "key.json")
    assert sheet.origins == ("real", "seqgan", "mle") and len(sheet.items) == 15 and sheet.dataset == "poems"
    assert all(item.text.startswith(f"{item.origin} 0 sentence") for item in sheet.items)
    assert f"seal {sheet.seal}" in output and "15 texts, 5 of each" in output


def test_models_seeds_and_labels_with_commas_are_chosen(runs):
    finish(runs, "mle", seed=1)
    finish(runs, "seqgan[d_steps=1,g_steps=5]", seed=1)
    export(runs, "--models", "mle, seqgan[d_steps=1,g_steps=5]", "--run-seed", "1")
    sheet = read_key(runs.parent / "out" / "key.json")
    assert sheet.origins == ("real", "mle", "seqgan[d_steps=1,g_steps=5]")
    assert all(item.text.startswith(f"{item.origin} {int(item.origin != 'real')}") for item in sheet.items)


def test_a_plan_tells_two_presets_apart(runs):
    second = finish(runs, "mle", count=50, samples=[f"other {index}" for index in range(9)])
    with pytest.raises(BenchError, match=r"mle was run with several knobs.*say which with --plan"):
        export(runs)
    (runs / "plans").mkdir()
    records = {folder.name: {"asked": "1"} for folder in runs.iterdir() if (folder / "cell.json").exists()}
    first = next(name for name in records if name != second and '"mle"' in (runs / name / "cell.json").read_text())
    (runs / "plans" / "other.json").write_text(json.dumps({k: v for k, v in records.items() if k != first}))
    export(runs, "--plan", "other")
    assert any(item.text.startswith("other") for item in read_key(runs.parent / "out" / "key.json").items)
    with pytest.raises(BenchError, match=r"unknown plan .*did you mean 'other'"):
        export(runs, "--plan", "othr", out="none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--models", "seqgna"], "unknown finished run in .* 'seqgna'; did you mean 'seqgan'"),
        (["--run-seed", "4"], "no finished run of seqgan with seed 4"),
        (["--models", "mle,mle"], "mle is given twice"),
        (["--samples", "mine"], "write it as NAME=FILE"),
        (["--samples", "mine=absent.txt"], "--samples mine=absent.txt: no file absent.txt"),
        (["--models", "mle", "--samples", f"seqgan={__file__}"], "--samples seqgan: that is the name of other runs"),
        (["--n", "31"], "real: 30 different texts where 31 are needed"),
        (["--n", "1"], "at least 2"),
        (["-d", "coco"], "no finished run of coco in"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(runs, options, message):
    with pytest.raises(BenchError, match=message):
        export(runs, *options)
    assert [path.name for path in runs.parent.iterdir()] == ["runs"]


def test_runs_that_do_not_belong_are_refused(runs, tmp_path):
    with pytest.raises(BenchError, match="no finished run of poems in"):
        export(tmp_path / "empty" / "runs")
    finish(runs, "failed", status="failed")
    with pytest.raises(BenchError, match=r"unknown finished run in .* 'failed'"):
        export(runs, "--models", "failed")
    finish(runs, "stranger", fingerprint="another corpus")
    with pytest.raises(BenchError, match=r"stranger .* learned from other data"):
        export(runs, "--models", "stranger")


def test_answers_become_the_scores_of_the_table(runs):
    export(runs)
    out = runs.parent / "out"
    truth = {item.id: item.origin for item in read_key(out / "key.json").items}
    kinds = {"real": "real", "seqgan": "real", "mle": "machine"}
    files = [
        judge(out / "sheet.csv", runs.parent / "1.csv", "ann", lambda _, item: kinds[truth[item]]),
        judge(out / "sheet.csv", runs.parent / "2.csv", "", lambda place, _: "real" if place % 2 else "machine"),
    ]
    output = call("import", *files, "--key", out / "key.json", "--runs", runs)
    (collected,) = load(runs)
    scores = collected.scores
    places = {o: [place for place, origin in enumerate(truth.values()) if origin == o] for o in kinds}
    for origin, kind in kinds.items():
        expected = (5 * (kind == "real") + sum(place % 2 for place in places[origin])) / 10
        assert scores[origin].value == pytest.approx(expected)
        assert re.search(rf"{origin} +{expected:.4f}", output)
    assert {o: json.loads((runs / s.cell / "cell.json").read_text())["label"] for o, s in scores.items()} == {
        origin: origin for origin in kinds
    }
    assert Tracker().human() == {"poems": collected}
    assert scores["seqgan"].p is None and 0 < scores["mle"].p <= 1
    assert "raters 2, items 15, Fleiss' kappa" in output and "human/poems.json" in output
    assert "leakgan is not on this sheet" in call(
        "import", *files, "--key", out / "key.json", "--runs", runs, "--reference", "leakgan"
    )


def test_bad_answers_leave_earlier_scores_alone(runs):
    export(runs)
    out = runs.parent / "out"
    good = judge(out / "sheet.csv", runs.parent / "1.csv", "ann", lambda *_: "real")
    call("import", good, "--key", out / "key.json", "--runs", runs)
    kept = (runs / "human" / "poems.json").read_bytes()
    bad = judge(out / "sheet.csv", runs.parent / "2.csv", "bob", lambda place, _: "real" if place else "maybe")
    with pytest.raises(BenchError, match="'maybe'"):
        call("import", good, bad, "--key", out / "key.json", "--runs", runs)
    assert (runs / "human" / "poems.json").read_bytes() == kept


def test_sync_brings_the_scores_into_another_store(runs):
    kept_plans.write("quick", {}, runs)
    export(runs)
    out = runs.parent / "out"
    good = judge(out / "sheet.csv", runs.parent / "1.csv", "ann", lambda place, _: "real" if place % 2 else "machine")
    call("import", good, "--key", out / "key.json", "--runs", runs)
    other = f"sqlite:///{runs.parent / 'other.db'}"
    result = CliRunner().invoke(bench, ["sync", "--runs", str(runs), "--tracking-uri", other])
    assert result.exit_code == 0, result.output
    assert Tracker(other).human() == {"poems": load(runs)[0]}

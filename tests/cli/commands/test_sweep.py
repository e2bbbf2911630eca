"""bench sweep: finished generators at temperatures, without training; the numbers against independent draws."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from bench.cli.main import bench
from bench.contracts.data import Source
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.judging import sweep as sweeping
from bench.judging.evaluator import Evaluator
from bench.judging.planes import ORACLE
from bench.records import revive
from bench.records.journal import Record
from bench.reporting import swept
from bench.reporting.paper import paper
from bench.toolkit.corpora.fetch import Corpora

Call = Callable[..., Result]
ORACLE_KNOBS = (
    "oracle.parameters=fresh",
    "oracle.length=5",
    "oracle.train=256",
    "oracle.valid=100",
    "oracle.test=64",
    "mle.rate=0.05",
)
ARGUMENTS = ("sweep", "-d", "oracle", "--data", "sample", "--temperatures", "0.6,1,1.4")


def read(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path("results", name).read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def runs(finish: Callable[..., list[Record]]) -> list[Record]:
    return finish("oracle", "mle", "random-unigram", seeds=2, samples=60, overrides=ORACLE_KNOBS)


def of(runs: list[Record], baseline: str) -> list[Record]:
    return [record for record in runs if record.cell.baseline == baseline]


def test_temperature_one_gives_the_scores_of_the_run_again(runs: list[Record], call: Call) -> None:
    call(*ARGUMENTS)
    lines = read("sweep-oracle.csv")
    assert list(lines[0]) == ["row", "seed", "temperature", "metric", "value", "signature"]
    assert len(lines) == 5 * 3 * 2  # runs, temperatures, metrics
    for record in runs:
        for name in ("nll_oracle", "nll_test"):
            found = {
                line["temperature"]: line
                for line in lines
                if (line["row"], line["seed"], line["metric"]) == (record.cell.label, str(record.cell.seed), name)
            }
            score = record.scores[name]
            assert (float(found["1.0"]["value"]), found["1.0"]["signature"]) == (score.value, score.signature)
            assert found["0.6"]["signature"] == score.signature.replace("|temp:1|", "|temp:0.6|")


def test_another_temperature_is_what_the_generator_draws_there(runs: list[Record], call: Call) -> None:
    call(*ARGUMENTS, "-b", of(runs, "mle")[0].cell.label)
    record = of(runs, "mle")[1]
    opened = revive.reopen(record.cell, Corpora.from_environment("sample"))
    model = revive.generator(record, opened).eval()
    with torch.no_grad():
        drawn = model.sample(60, rng=torch_rng(record.cell.seed_for("evaluate", "final")), temperature=0.6)
        wanted_test = -model.log_prob(torch.from_numpy(opened.data.test), temperature=0.6).double().mean().item()
        oracle = opened.dataset.real(opened.data)
        wanted_oracle = -oracle.log_prob(drawn).double().mean().item()
    lines = [line for line in read("sweep-oracle.csv") if (line["seed"], line["temperature"]) == ("1", "0.6")]
    found = {line["metric"]: float(line["value"]) for line in lines}
    assert found == {"nll_oracle": pytest.approx(wanted_oracle), "nll_test": pytest.approx(wanted_test)}


def test_nothing_is_trained_and_figure_and_comparisons_are_written(runs: list[Record], call: Call) -> None:
    before = {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()}
    printed = call(*ARGUMENTS, "--plan", "small").stdout
    assert before == {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()}
    assert {path.name for path in Path("results", "small").iterdir()} == {
        "sweep-oracle.csv",
        "sweep-oracle-equal.csv",
        "sweep-oracle.pdf",
        "sweep-oracle.png",
        "sweep-oracle.svg",
    }
    equal = read("small/sweep-oracle-equal.csv")
    mle = of(runs, "mle")[0].cell.label
    assert {(line["reference"], line["row"]) for line in equal} == {(mle, "random-unigram")}
    assert [line["reference_temperature"] for line in equal] == ["0.6", "1.0", "1.4"]
    assert "NLL_oracle at equal NLL_test" in printed and "60 sequences a run" in printed
    assert "Left out" not in printed and "published" not in printed.lower()


def test_a_row_without_weights_is_named_and_left_out(runs: list[Record], call: Call) -> None:
    unfit = of(runs, "mle")[1]
    for path in unfit.folder.glob("generator.*"):
        path.unlink()
    printed = call(*ARGUMENTS).stdout
    assert f"Left out, {unfit.cell.label}: seed {unfit.cell.seed} (cell {unfit.cell.id}) is damaged (gener" in printed
    others = [record for record in of(runs, "mle") if record.cell.seed != unfit.cell.seed]
    left = {(line["row"], line["seed"]) for line in read("sweep-oracle.csv")}
    assert (unfit.cell.label, str(unfit.cell.seed)) not in left
    assert {(record.cell.label, str(record.cell.seed)) for record in others} <= left


def test_a_generator_without_temperature_is_named_and_left_out(
    runs: list[Record], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fixed:
        def sample(self, count: int, *, rng: torch.Generator) -> torch.Tensor:
            return torch.zeros((count, 5), dtype=torch.int64)

    revived = revive.generator
    monkeypatch.setattr(
        revive, "generator", lambda r, opened: Fixed() if r.cell.baseline == "mle" else revived(r, opened)
    )
    printed = call(*ARGUMENTS).stdout
    assert f"Left out, {of(runs, 'mle')[0].cell.label}: it takes no temperature." in printed
    monkeypatch.setattr(revive, "generator", lambda r, opened: Fixed())
    with pytest.raises(BenchError, match="no row is left to sweep"):
        call(*ARGUMENTS)


def test_text_is_swept_on_every_order_of_bleu(finish: Callable[..., list[Record]], call: Call) -> None:
    finish("text:tiny.txt", "mle", samples=20)
    printed = call(
        "sweep", "-d", "text:tiny.txt", "--data", "sample", "--temperatures", "0.5,1", "--samples", 10
    ).stdout
    assert "Left out, real: it takes no temperature." in printed
    (written,) = (path for path in Path("results").glob("sweep-*.csv") if not path.stem.endswith("-equal"))
    lines = read(written.name)
    assert {line["metric"] for line in lines} == {f"{kind}-{n}" for kind in ("bleu", "self-bleu") for n in (2, 3, 4, 5)}
    assert all("|hyps:10|temp:" in line["signature"] for line in lines)


def test_bad_requests_are_refused(runs: list[Record], call: Call) -> None:
    with pytest.raises(BenchError, match="unknown row 'nope'"):
        call(*ARGUMENTS, "--reference", "nope")
    with pytest.raises(BenchError, match="no plan in runs has a finished run of poems"):
        call("sweep", "-d", "poems")


@pytest.mark.parametrize("text", ["1,x", "0", "1,nan", "1,inf", "", "1e9"])
def test_temperatures_are_numbers_in_bounds(workplace: Path, text: str) -> None:
    ended = CliRunner().invoke(bench, ["sweep", "-d", "oracle", "--temperatures", text])
    assert ended.exit_code == 2 and "temperature" in ended.output


def test_the_default_temperatures_are_eleven_from_a_half_to_one_and_a_half() -> None:
    assert sweeping.TEMPERATURES == (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


@pytest.mark.parametrize(("kind", "length", "count"), [("published", 20, 4), ("published", 5, 0), ("generated", 20, 0)])
def test_published_points_are_drawn_on_the_authors_oracle_alone(
    runs: list[Record], kind: str, length: int, count: int
) -> None:
    cell = runs[0].cell
    opened = revive.reopen(cell, Corpora.from_environment("sample"))
    source = Source("target_params_py3.pkl", "0" * 64, "none stated", kind)  # type: ignore[arg-type]
    settings = dict(cell.dataset_settings) | {"length": length, "parameters": "published"}
    arms, _ = sweeping.revived({"real": runs[:1]}, opened)
    found = sweeping.sweep(arms, Evaluator.of(opened, "last"), [1.0], 10)
    told = Opened(opened.dataset, replace(opened.data, source=source))
    origin = swept.Origin(told, replace(cell, dataset_settings=tuple(settings.items())), {})
    (panel,) = swept.panels(found, origin, paper())
    assert panel.plane == ORACLE and len(panel.marks) == count
    if count:
        points = {mark.name: mark.point for mark in panel.marks}
        assert points["MLE (published)"] == (7.610, 9.400) and points["best GAN (published)"] == (8.062, 8.754)
        assert points["CoT (published)"] == (7.570, 9.504)
        assert points["SeqGAN, authors' code (published)"] == (9.215, 9.617)
    assert bool(swept.published_note(told, origin.cell, found, paper())) == bool(count)

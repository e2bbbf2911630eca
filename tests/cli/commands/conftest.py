"""Finished cells of small datasets, made by the engine in this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli.main import bench
from bench.engine.job import Context, run
from bench.planning import plan as planning
from bench.planning.cell import Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.planning.request import Request, parse_overrides
from bench.records import plans as kept_plans
from bench.records.journal import Record, read_record, write_cell
from bench.records.plans import Entry
from bench.toolkit.corpora.fetch import Corpora

SMALL = {"mle_epochs": 3, "embedding": 8, "hidden": 8}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: an empty cache of corpora, and tiny.txt, 278 different lines of two to six words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    words = ("the", "cat", "sat", "on", "a", "mat")
    lines = [" ".join(words[i] for i in order) for n in (2, 4, 6) for order in itertools.permutations(range(6), n)]
    (tmp_path / "tiny.txt").write_text("".join(f"{line}\n" for line in lines[::4]), encoding="utf-8")
    return tmp_path


@pytest.fixture
def finish(workplace: Path) -> Callable[..., list[Record]]:
    """finish(dataset, baselines, ...) -> the finished records of a plan, *real* first, kept under runs/."""

    def finish(
        dataset: str,
        *baselines: str,
        seeds: int = 1,
        samples: int = 20,
        overrides: tuple[str, ...] = (),
        plan: str = "small",
    ) -> list[Record]:
        preset = Preset(plan, RunSettings(), Evaluation(samples=samples, curve_samples=4), defaults=SMALL)
        corpora = Corpora.from_environment("sample")
        request = Request(baselines, (dataset,), preset, parse_overrides(overrides), seeds=seeds)
        made, runs = planning.make(request, corpora), workplace / "runs"
        for cell in made.cells:
            write_cell(cell, runs)
            assert run(cell, Context(runs, corpora, runs / ".stop")) == "done", (
                runs / cell.id / "error.log"
            ).read_text()
        kept_plans.write(plan, {cell.id: Entry() for cell in made.cells}, runs)
        return [read_record(runs / cell.id) for cell in made.cells]

    return finish


@pytest.fixture
def call(workplace: Path) -> Callable[..., Result]:
    """Call a command that must succeed; a BenchError is raised on."""

    def call(*arguments: object) -> Result:
        result = CliRunner().invoke(bench, [str(argument) for argument in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return call

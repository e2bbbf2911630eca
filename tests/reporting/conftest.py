"""Journals made by hand, and the frames that the tables are built from, with and without MLflow."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.contracts.metric import Better, Bound, Score
from bench.engine.job import Context, run
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell, Evaluation
from bench.planning.request import Request, parse_overrides
from bench.records import plans as kept_plans
from bench.records.encoding import Tracked, frame, project
from bench.records.events import Curve, Done, Epoch, Failed, PhaseStart, SharedStart, Start
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.records.plans import Entry
from bench.records.runs import RunsFolder
from bench.reporting.pack import pack
from bench.toolkit.corpora.fetch import Corpora

SHELF = Path(__file__).parent.parent / "shelf"

SOURCE = {"file": "target_params_py3.pkl", "sha256": "ab" * 32, "licence": "none stated", "kind": "published"}


class Shop:
    """Makes records in a folder; the scores per sequence are drawn from the cell's id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cell(self, label: str, seed: int = 0, dataset: str = "oracle", **changes: Any) -> Cell:
        baseline, _, told = label.partition("[")
        facts: dict[str, Any] = {
            "label": label,
            "reference": label,
            "baseline": baseline,
            "settings": (("batch", 64), *((("told", told),) if told else ())),
            "dataset": dataset,
            "dataset_label": dataset,
            "dataset_settings": (("length", 20),),
            "fingerprint": f"data-{dataset}",
            "seed": seed,
            "evaluation": Evaluation(),
        }
        return Cell(**(facts | changes))

    def start(self, cell: Cell, source: dict[str, str] = SOURCE, notes: Iterable[str] = ()) -> Journal:
        journal = Journal(write_cell(cell, self.folder))
        journal.append(Start(source=source, notes=list(notes)))
        return journal

    def done(
        self,
        cell: Cell,
        scores: dict[str, float | None],
        better: Better = "lower",
        signature: str = "",
        source: dict[str, str] = SOURCE,
        notes: Iterable[str] = (),
        curve: bool = True,
        copied: float | None = None,
        bound: Bound | None = None,
        profiles: dict[str, list[float | None]] | None = None,
        start: str = "",
        problems: list[str] | None = None,
    ) -> Record:
        journal = self.start(cell, source, notes)
        if start:
            journal.append(SharedStart(key=start, found=False, seconds=1.0))
        if curve:
            self._train(journal, scores)
        rng = np.random.default_rng(int(cell.id, 16))
        columns = {name: rng.normal(value, 0.5, 200) for name, value in scores.items() if value is not None}
        pd.DataFrame(columns).to_parquet(journal.folder / "scores.parquet")
        (journal.folder / "samples.txt").write_text("1 2 3\n")
        made = f"hyps:200|ckpt:last|data:x{signature}|v:0"
        signed = {
            name: Score(value=value, better=better, signature=f"{name}|{made}", bound=bound)
            for name, value in scores.items()
        }
        told = {"copied": copied, "profiles": profiles, "problems": problems}
        journal.append(Done(scores=signed, hypotheses=200, seconds=1.5, **told))
        return read_record(journal.folder)

    def failed(self, cell: Cell, error: str) -> Record:
        journal = self.start(cell)
        journal.append(Failed(error=error))
        return read_record(journal.folder)

    def _train(self, journal: Journal, scores: dict[str, float | None]) -> None:
        journal.append(PhaseStart(name="mle", begins=0, ends=20, trains_generator=True))
        for x in (0, 10, 20):
            journal.append(Epoch(phase="mle", epoch=x, epochs=20, values={"loss": 9 - x / 20}))
            shifted = {name: value and value + (20 - x) / 10 for name, value in scores.items()}
            journal.append(Curve(x=x, phase="mle", scores=shifted))
        journal.append(PhaseStart(name="adversarial", begins=20, ends=40, trains_generator=True))
        journal.append(Curve(x=40, phase="adversarial", scores=scores))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "runs")


@pytest.fixture(scope="session")
def shared_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """For records that several tests only read."""
    return Shop(tmp_path_factory.mktemp("shared"))


def framed(records: Iterable[Record], plan: str = "quick") -> pd.DataFrame:
    """Return the frame that Tracker.frame would give, in order of projection, with the record's folder as run id."""
    tracked = []
    for index, record in enumerate(records):
        made = project(record, plan, Entry(tags={"preset": "quick"}))
        finals = {point.key: point.value for point in made.points if "/" not in point.key}
        tracked.append(Tracked(str(record.folder), made.tags | {"projected": str(index)}, finals))
    return frame(tracked)


@pytest.fixture(name="framed", scope="session")
def _framed() -> Callable[..., pd.DataFrame]:
    return framed


@pytest.fixture(scope="session")
def per_sequence() -> Callable[[str], pd.DataFrame]:
    return lambda run_id: pd.read_parquet(Path(run_id, "scores.parquet"))


@pytest.fixture
def store(tmp_path: Path, migrated_store: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URI of an empty MLflow store in a folder that is not the current one."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(migrated_store, tmp_path / "tracked.db")
    return f"sqlite:///{tmp_path / 'tracked.db'}"


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """The oracle task: eight arms, three seeds, one arm that fails for one seed and one that always fails."""
    shop = Shop(tmp_path_factory.mktemp("matrix"))
    means = {
        "real": (5.75, 5.75),
        "random-uniform": (11.43, None),
        "random-unigram": (10.29, 10.3),
        "mle": (9.03, 8.9),
        "scheduled-sampling": (8.99, 8.95),
        "seqgan": (8.74, 9.2),
        "constant-reward": (8.6, 9.4),
        "zz_new[k=1]": (9.5, 9.5),
    }
    records = []
    for label, (oracle, test) in means.items():
        for seed in range(1 if label == "real" else 3):
            shift = int(hashlib.sha256(f"{label}{seed}".encode()).hexdigest()[:4], 16) / 65536 / 10
            scores = {"nll_oracle": oracle + shift, "nll_test": test and test + shift}
            trains = label not in ("real", "random-uniform", "random-unigram")
            cell = shop.cell(label, seed)
            if label == "scheduled-sampling" and seed == 2:
                records.append(shop.failed(cell, "scheduled-sampling: training diverged: loss is nan"))
            else:
                records.append(shop.done(cell, scores, curve=trains))
    return [*records, *(shop.failed(shop.cell("my_gan.py", seed), "my_gan.py: 100% broken_{it}") for seed in range(3))]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two plug-ins, a runs folder of two arms with two seeds, and its pack."""
    place = tmp_path_factory.mktemp("lab")
    for name in ("words.py", "trainers.py"):
        shutil.copy(SHELF / name, place)
    corpora = Corpora(place / "cache", "sample")
    arms = (f"{place}/trainers.py:Tiny", f"{place}/trainers.py:Spoils")
    sets = parse_overrides(("evaluation.samples=30", "evaluation.curve_every=3"))
    request = Request(arms, (f"{place}/words.py:Words",), preset.read("smoke"), sets, seeds=2, name="mine")
    made, runs = planning.make(request, corpora), place / "runs"
    entries = {}
    for cell in made.cells:
        write_cell(cell, runs)
        assert run(cell, Context(runs, corpora, place / "stop")) == "done"
        entries[cell.id] = Entry(tags={"preset": "smoke"}, label=cell.label, dataset="Words", seed=cell.seed)
    kept_plans.write("mine", entries, runs)
    (place / "mine.zip").write_bytes(pack(RunsFolder(runs), "mine"))
    return place

"""MLflow: the journals projected into it by one writer, and read back. The only module that names mlflow."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.errors import BenchError, unknown
from bench.human.collected import Collected
from bench.journal import Record
from bench.projection import Projection, Tracked, curve_key, frame, json_list, project

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

SQLITE = "sqlite:///"
DEFAULT_URI = f"{SQLITE}mlflow.db"
ARTIFACTS = ("samples.txt", "scores.parquet", "cell.json", "generator.safetensors", "error.log")
PICTURES = ("*.png", "*.mid")
STATUS = {"done": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "running": "RUNNING", "pending": "SCHEDULED"}


class _Known(NamedTuple):
    """What the store holds of a cell, "" where nothing."""

    run_id: str = ""
    digest: str = ""
    projected: int = 0


class Tracker:
    """An MLflow store: `uri`, else MLFLOW_TRACKING_URI, else mlflow's own default in the current folder.

    An experiment per dataset holds a parent run per plan, and under it one run per (baseline, seed).
    """

    def __init__(self, uri: str | None = None) -> None:
        self.uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
        self._plans: dict[str, dict[str, _Known]] = {}

    def prepare(self) -> None:
        """First contact, which migrates the schema (about 3 s once a store): do it before workers start."""
        with self._clear_errors():
            self._client.search_experiments(max_results=1)

    def project(self, record: Record, plan: str, facts: Mapping[str, str]) -> str:
        """Write the record as a run of the plan and return its id.

        A cell already there is left as it is; if its journal has changed since, a new run takes its place. The fact
        "asked" (ns since the epoch) says which of several runs is the newest, and which plan; an asking that is known
        already changes nothing.
        """
        wanted = project(record, plan, facts)
        with self._clear_errors():
            runs = self._known(plan)
            known = runs.get(record.cell.id, _Known())
            asked = max(int(facts["asked"]), known.projected)
            if known.digest != wanted.digest:
                if known.run_id:
                    self._client.delete_run(known.run_id)
                known = known._replace(run_id=self._write(record, plan, wanted, asked))
            elif asked > known.projected:
                self._client.set_tag(known.run_id, "projected", str(asked))
        runs[record.cell.id] = _Known(known.run_id, wanted.digest, asked)
        return known.run_id

    def frame(self, plan: str | None = None) -> pd.DataFrame:
        """One row per run and metric (columns: bench.projection.COLUMNS); default: the plan written last.

        Values are floats, or None where undefined. BenchError where nothing is tracked.
        """
        with self._clear_errors():
            return frame(_tracked(run) for run in self._runs(plan))

    def curves(self, plan: str | None, metric: str) -> pd.DataFrame:
        """Learning curves: run_id, dataset, label, seed, x (generator epochs), value."""
        import pandas as pd

        key, rows = curve_key(metric), []
        with self._clear_errors():
            for run in self._runs(plan):
                if key in run.data.metrics:
                    tags = run.data.tags
                    who = (run.info.run_id, tags["dataset"], tags["label"], int(tags["seed"]))
                    history = self._client.get_metric_history(run.info.run_id, key)
                    rows += [(*who, point.step, point.value) for point in history]
        return pd.DataFrame(rows, columns=["run_id", "dataset", "label", "seed", "x", "value"])

    def per_sequence(self, run_id: str) -> pd.DataFrame:
        """The run's scores.parquet: a column a metric, a row a sequence; empty where the run has none."""
        import pandas as pd

        with self._clear_errors(), tempfile.TemporaryDirectory() as folder:
            kept = json.loads(self._client.get_run(run_id).data.tags.get("artifacts", "[]"))
            if "scores.parquet" not in kept:
                return pd.DataFrame()
            return pd.read_parquet(self._client.download_artifacts(run_id, "scores.parquet", folder))

    def record_human(self, collected: Collected) -> None:
        """Keep imported human scores with the dataset's experiment, in place of earlier ones."""
        with self._clear_errors():
            self._client.set_experiment_tag(self._experiment(collected.dataset), "human", collected.to_json())

    def human(self) -> dict[str, Collected]:
        """Human scores that were imported, by dataset."""
        with self._clear_errors():
            found = {e.name: e.tags["human"] for e in self._client.search_experiments() if "human" in e.tags}
        return {name: Collected.from_json(text, f"{self.uri}, {name}") for name, text in found.items()}

    @cached_property
    def _client(self) -> MlflowClient:
        self._check_sqlite()
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # its default waits for minutes
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):  # mlflow sets its own level when it is imported
            logging.getLogger(name).setLevel(logging.ERROR)
        return MlflowClient(self.uri)

    def _check_sqlite(self) -> None:
        """MLflow retries a damaged or unwritable file for minutes; say it at once."""
        path = _sqlite_path(self.uri)
        if path is None:
            return
        existing = next(p for p in (path, *path.absolute().parents) if p.exists())
        if not os.access(existing, os.W_OK):
            raise BenchError(f"no write permission for {existing}: MLflow's store {self.uri} needs it")
        if path.is_dir() or (path.exists() and path.stat().st_size and path.open("rb").read(15) != b"SQLite format 3"):
            raise BenchError(f"{path} is not an SQLite database: move it away, or set MLFLOW_TRACKING_URI")

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (BenchError, KeyboardInterrupt):
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("mlflow", "sqlalchemy", "requests", "urllib3")):
                raise
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise BenchError(f"MLflow at {self.uri}: {first}") from error

    def _runs(self, plan: str | None) -> list[Run]:
        """The runs of the plan's cells, or of the plan written last; BenchError where there are none."""
        path = _sqlite_path(self.uri)
        latest = self._search("tags.digest LIKE '%'", most=1) if path is None or path.exists() else []
        if not latest:
            raise BenchError(f"no runs in {self.uri}: run `bench run` first")
        plan = plan or latest[0].data.tags["plan"]
        runs = self._search(f"tags.plan = '{_quoted(plan)}' AND tags.digest LIKE '%'")
        if not runs:
            raise unknown("plan", plan, {run.data.tags["plan"] for run in self._search("tags.digest LIKE '%'")})
        return runs

    def _search(self, condition: str, most: int | None = None) -> list[Run]:
        """Runs of all experiments, the one projected last first; all of them, page by page, or at most so many."""
        experiments = [found.experiment_id for found in self._client.search_experiments()]
        runs: list[Run] = []
        token = None
        while True:
            order = ["tags.projected DESC"]
            page = self._client.search_runs(experiments, condition, 1, most or 1000, order, token)
            runs += page
            token = page.token
            if not token or most:
                return runs

    def _known(self, plan: str) -> dict[str, _Known]:
        """The plan's runs by cell (its parent runs by experiment). One search a plan."""
        if plan not in self._plans:
            found = self._search(f"tags.plan = '{_quoted(plan)}'")
            self._plans[plan] = {
                run.data.tags.get("cell", run.info.experiment_id): _Known(
                    run.info.run_id,
                    run.data.tags.get("digest", ""),
                    int(run.data.tags.get("projected", 0)),
                )
                for run in found
            }
        return self._plans[plan]

    def _write(self, record: Record, plan: str, wanted: Projection, asked: int) -> str:
        """A new run. Its digest comes last: a run without one was cut short, is not read, and is written again."""
        from mlflow.entities import Metric, Param

        experiment, artifacts = self._experiment(record.cell.dataset_label), _artifacts(record.folder)
        tags = {"mlflow.parentRunId": self._parent(experiment, plan), "projected": str(asked)}
        tags |= {"artifacts": json_list(path.name for path in artifacts)}
        began, ended = (int(1000 * event["time"]) for event in _ends(record))
        name = f"{wanted.tags['label']} seed {record.cell.seed}"
        run = self._client.create_run(experiment, start_time=began, tags=wanted.tags | tags, run_name=name)
        run_id = str(run.info.run_id)
        metrics = [Metric(point.key, point.value, int(1000 * point.time), point.step) for point in wanted.points]
        self._client.log_batch(run_id, metrics, [Param(key, value) for key, value in wanted.params.items()])
        for path in artifacts:
            self._client.log_artifact(run_id, str(path))
        self._client.set_tag(run_id, "digest", wanted.digest)
        self._client.set_terminated(run_id, STATUS[record.status], ended)
        return run_id

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            path = _sqlite_path(self.uri)
            folder = re.sub(r"[^\w.-]", "_", name)
            # as an address, in which what a folder's name holds of % and # stays as it is
            place = (path.absolute().parent / "mlruns" / folder).as_uri() if path else None
            return self._client.create_experiment(name, place)
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _parent(self, experiment: str, plan: str) -> str:
        known = self._known(plan)
        if experiment not in known:
            run = self._client.create_run(experiment, tags={"plan": plan}, run_name=plan)
            self._client.set_terminated(run.info.run_id)
            known[experiment] = _Known(run.info.run_id)
        return known[experiment].run_id


def _artifacts(folder: Path) -> list[Path]:
    """What of the cell's folder is kept with the run."""
    files = [folder / name for name in ARTIFACTS]
    return [path for path in files if path.is_file()] + sorted(p for kind in PICTURES for p in folder.glob(kind))


def _tracked(run: Run) -> Tracked:
    return Tracked(run.info.run_id, (run.info.start_time or 0) / 1000, run.data.tags, run.data.metrics)


def _ends(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first and the last event, or the present where there is none."""
    now = {"time": time.time()}
    return (record.last("start") or now, record.events[-1] if record.events else now)


def _sqlite_path(uri: str) -> Path | None:
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


def _quoted(text: str) -> str:
    if "'" in text:
        raise BenchError(f"plan {text!r}: a name without quotes, please")
    return text

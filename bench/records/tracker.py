"""Write journals to MLflow, with one writer, and read them back. This is the only module that names mlflow."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.errors import BenchError, message_lines, unknown
from bench.files import file_checksum, read_scores, safe_name
from bench.records import one_name, sqlite
from bench.records.encoding import (
    SUM,
    Projection,
    Tracked,
    curve_key,
    frame,
    json_list,
    profile_key,
    project,
    trained_key,
)
from bench.records.events import Start
from bench.records.human import Collected
from bench.records.journal import Record
from bench.records.one_name import NamedCorpus
from bench.records.plans import Entry

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

DEFAULT_URI = f"{sqlite.SQLITE}mlflow.db"
SAMPLES = "samples.txt"
ARTIFACTS = (SAMPLES, "scores.parquet", "cell.json", "generator.safetensors", "generator.pt", "error.log")
PICTURES = ("*.png", "*.mid")
STATUS = {"done": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
LOGGERS = ("mlflow", "alembic")
THEIRS = ("mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3")  # packages whose errors come from the store


class _Known(NamedTuple):
    """What the store holds of a cell: "" if it holds nothing; `lost` if its artifacts are gone."""

    run_id: str = ""
    digest: str = ""
    projected: int = 0
    lost: bool = False
    corpus: NamedCorpus | None = None


class Tracker:
    """An MLflow store. Its address is `uri`, else MLFLOW_TRACKING_URI, else mlflow.db in the current folder.

    Each dataset is an experiment. It holds a parent run for each plan, and under it a run for each cell.
    """

    def __init__(self, uri: str | None = None) -> None:
        self.uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
        self._plans: dict[str, dict[str, _Known]] = {}

    def prepare(self) -> None:
        """Connect to the store and make its schema if it is new (about 3 s). Call it before workers start."""
        path = sqlite.path_of(self.uri)
        with self._clear_errors(), sqlite.locked(path, self.uri) if path else nullcontext():
            self._client.search_experiments(max_results=1)

    def project(self, record: Record, plan: str, entry: Entry) -> str:
        """Write the record as a run of the plan and return the run's id. `entry` is the cell's entry in the plan.

        A cell that the store has already stays as it is. If its journal has changed since or its artifacts are lost, a
        new run replaces it. The time of asking tells which run, and which plan, is the newest; it is only ever raised.
        """
        wanted = project(record, plan, entry)
        try:
            with self._clear_errors():
                known = self._bring(record, plan, wanted, entry.asked)
        except BaseException:
            self._plans.pop(plan, None)  # half of the run may be written: search the store again
            raise
        self._plans[plan][record.cell.id] = known
        return known.run_id

    def corpora(self, plan: str) -> list[NamedCorpus]:
        """Return the corpora of the plan's runs in the store."""
        with self._clear_errors():
            return [known.corpus for known in self._known(plan).values() if known.corpus is not None]

    def frame(self, plan: str | None = None) -> pd.DataFrame:
        """Return one row per run and metric of a plan (columns: bench.records.encoding.COLUMNS).

        The default is the plan written last. Values are floats, or None if undefined. BenchError if nothing is tracked.
        """
        with self._clear_errors():
            return frame(_tracked(run) for run in self._runs(plan))

    def curves(self, plan: str | None, metrics: Iterable[str]) -> dict[str, pd.DataFrame]:
        """Return each metric's learning curves. Columns: run_id, dataset, label, seed, x (generator epochs), value."""
        return self._histories(plan, {name: curve_key(name) for name in metrics})

    def profiles(self, plan: str | None, names: Iterable[str]) -> dict[str, pd.DataFrame]:
        """Return the profiles of finished runs. Columns as in `curves`; x is the position or group, from 1."""
        return self._histories(plan, {name: profile_key(name) for name in names})

    def trained(self, plan: str | None, values: Mapping[str, tuple[str, str]]) -> dict[str, pd.DataFrame]:
        """Return values that trainers reported: name -> (value, phase). Columns as in `curves`; x is the epoch."""
        return self._histories(plan, {name: trained_key(*where) for name, where in values.items()})

    def tags(self, plan: str | None) -> dict[str, dict[str, str]]:
        """Return run id -> the tags of each run of a plan, with `began` and `ended` in seconds since the epoch."""
        with self._clear_errors():
            return {
                run.info.run_id: {
                    **{key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")},
                    "began": str((run.info.start_time or 0) / 1000),
                    "ended": str((run.info.end_time or 0) / 1000),
                }
                for run in self._runs(plan)
            }

    def samples(self, run_id: str, most: int) -> list[str]:
        """Return the first lines of the run's samples.txt, at most `most`; empty if it has none or the file is lost."""
        with self._clear_errors(), tempfile.TemporaryDirectory() as folder:
            run = self._client.get_run(run_id)
            if SAMPLES not in _kept(run) or self._has_lost(run):
                return []
            copy = self._client.download_artifacts(run_id, SAMPLES, folder)
            with Path(copy).open(encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n") for line in islice(file, most)]

    def _histories(self, plan: str | None, keys: Mapping[str, str]) -> dict[str, pd.DataFrame]:
        """Return every value that the plan's runs have under each key."""
        import pandas as pd

        columns = ["run_id", "dataset", "label", "seed", "x", "value"]
        with self._clear_errors():
            runs = self._runs(plan)
            rows = {name: [row for run in runs for row in self._curve(run, key)] for name, key in keys.items()}
        return {name: pd.DataFrame(found, columns=columns) for name, found in rows.items()}

    def per_sequence(self, run_id: str) -> pd.DataFrame:
        """Return the run's scores.parquet: a column per metric, a row per sequence; empty if the run never had one.

        BenchError if the file is lost.
        """
        import pandas as pd

        with self._clear_errors(), tempfile.TemporaryDirectory() as folder:
            run = self._client.get_run(run_id)
            if "scores.parquet" not in _kept(run):
                return pd.DataFrame()
            if self._has_lost(run):
                raise BenchError(
                    f"{run.info.artifact_uri} lacks files that {self.uri} names: `bench sync` writes them again"
                )
            copy = Path(self._client.download_artifacts(run_id, "scores.parquet", folder))
            place = f"{run.info.artifact_uri}/scores.parquet"
            again = "remove it, and `bench sync` writes it again"
            if run.data.tags.get(f"{SUM}{copy.name}", digest := file_checksum(copy)) != digest:
                raise BenchError(f"{place} is damaged (it was changed after the run): {again}")
            return read_scores(copy, place, again)

    def record_human(self, collected: Collected) -> None:
        """Write imported human scores to the dataset's experiment, in place of earlier ones."""
        with self._clear_errors():
            self._client.set_experiment_tag(self._experiment(collected.dataset), "human", collected.to_json())

    def human(self) -> dict[str, Collected]:
        """Return the imported human scores, by dataset."""
        with self._clear_errors():
            found = {e.name: e.tags["human"] for e in self._client.search_experiments() if "human" in e.tags}
        return {name: Collected.from_json(text, f"{self.uri}, {name}") for name, text in found.items()}

    @cached_property
    def _client(self) -> MlflowClient:
        path = sqlite.path_of(self.uri)
        if path is not None:
            sqlite.check(path, self.uri)
            sqlite.look_beside(path)
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default waits for minutes
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        from mlflow import MlflowClient

        for name in LOGGERS:  # mlflow sets its own level when it is imported
            logging.getLogger(name).setLevel(logging.CRITICAL)  # errors of mlflow are shown as one line of ours
        return MlflowClient(sqlite.absolute(self.uri))

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (BenchError, KeyboardInterrupt):
            raise
        except Exception as error:
            if not type(error).__module__.startswith(THEIRS):
                raise
            told = (line for line in message_lines(error) if not line.startswith("(raised as a"))
            raise BenchError(f"MLflow at {self.uri}: {next(told, type(error).__name__)}") from error

    def _runs(self, plan: str | None) -> list[Run]:
        """Return the runs of the plan's cells, or of the plan written last; BenchError if there are none."""
        path = sqlite.path_of(self.uri)
        latest = self._search("tags.digest LIKE '%'", most=1) if path is None or path.exists() else []
        if not latest:
            raise BenchError(f"no runs in {self.uri}: run `bench run` first")
        plan = plan or latest[0].data.tags["plan"]
        runs = self._search(f"tags.plan = '{_quoted(plan)}' AND tags.digest LIKE '%'")
        if not runs:
            raise unknown("plan", plan, {run.data.tags["plan"] for run in self._search("tags.digest LIKE '%'")})
        return runs

    def _search(self, condition: str, most: int | None = None) -> list[Run]:
        """Return the runs of all experiments that match, the one asked for last first; at most `most` of them."""
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
        """Return the plan's runs by cell, and its parent runs by experiment. The store is searched once per plan."""
        if plan not in self._plans:
            found = self._search(f"tags.plan = '{_quoted(plan)}'")
            self._plans[plan] = {
                run.data.tags.get("cell", run.info.experiment_id): _Known(
                    run.info.run_id,
                    run.data.tags.get("digest", ""),
                    int(run.data.tags.get("projected", 0)),
                    self._has_lost(run),
                    one_name.of_tags(run.data.tags),
                )
                for run in found
            }
        return self._plans[plan]

    def _has_lost(self, run: Run) -> bool:
        """Return whether a file that the run kept is gone. Files of a server are not checked."""
        folder = sqlite.folder_of(str(run.info.artifact_uri)) if sqlite.path_of(self.uri) else None
        return folder is not None and not all((folder / name).exists() for name in _kept(run))

    def _curve(self, run: Run, key: str) -> list[tuple[Any, ...]]:
        if key not in run.data.metrics:
            return []
        tags = run.data.tags
        who = (run.info.run_id, tags["dataset"], tags["label"], int(tags["seed"]))
        return [(*who, point.step, point.value) for point in self._client.get_metric_history(run.info.run_id, key)]

    def _bring(self, record: Record, plan: str, wanted: Projection, asked: int) -> _Known:
        """Write the cell if the store lacks it or has an older state; return what the store then holds of it."""
        known = self._known(plan).get(record.cell.id, _Known())
        asked = max(asked, known.projected)
        if known.digest == wanted.digest and not known.lost:
            if asked > known.projected:
                self._client.set_tag(known.run_id, "projected", str(asked))
            return known._replace(projected=asked)
        if known.run_id:
            self._client.delete_run(known.run_id)
        return _Known(self._write(record, plan, wanted, asked), wanted.digest, asked)

    def _write(self, record: Record, plan: str, wanted: Projection, asked: int) -> str:
        """Write a new run and return its id. The digest comes last: a run without it is incomplete and is redone."""
        from mlflow.entities import Metric, Param

        experiment, artifacts = self._experiment(record.cell.dataset_label), _artifacts(record.folder)
        tags = {"mlflow.parentRunId": self._parent(experiment, plan), "projected": str(asked)}
        tags |= {"artifacts": json_list(path.name for path in artifacts)}
        began, ended = (int(1000 * moment) for moment in _ends(record))
        name = f"{wanted.tags['label']} seed {record.cell.seed}"
        run = self._client.create_run(experiment, start_time=began, tags=wanted.tags | tags, run_name=name)
        run_id = str(run.info.run_id)
        metrics = [Metric(point.key, point.value, int(1000 * point.time), point.step) for point in wanted.points]
        self._client.log_batch(run_id, metrics, [Param(key, value) for key, value in wanted.params.items()])
        for path in artifacts:
            self._client.log_artifact(run_id, str(path))
        self._client.set_terminated(run_id, STATUS[record.status], ended)
        self._client.set_tag(run_id, "digest", wanted.digest)
        return run_id

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            path = sqlite.path_of(self.uri)
            place = sqlite.place(path, safe_name(name)) if path else None
            # as_uri() encodes "%" and "#" in a folder's name
            return self._client.create_experiment(name, place.as_uri() if place else None)
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
    """Return the files of the cell's folder that are uploaded with the run."""
    files = [folder / name for name in ARTIFACTS]
    return [path for path in files if path.is_file()] + sorted(p for kind in PICTURES for p in folder.glob(kind))


def _tracked(run: Run) -> Tracked:
    return Tracked(run.info.run_id, run.data.tags, run.data.metrics)


def _kept(run: Run) -> list[str]:
    """Return the names of the run's artifacts."""
    return list(json.loads(run.data.tags.get("artifacts", "[]")))


def _ends(record: Record) -> tuple[float, float]:
    """Return the times of the latest start and of the last event; the present if there is none."""
    now, start = time.time(), record.last(Start)
    return start.time if start else now, record.events[-1].time if record.events else now


def _quoted(text: str) -> str:
    if "'" in text:
        raise BenchError(f"plan {text!r}: a name without quotes, please")
    return text

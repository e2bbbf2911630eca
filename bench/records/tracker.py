"""Write journals to MLflow, with one writer, and read them back. This is the only module that names mlflow."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from bench.contracts.errors import BenchError, unknown
from bench.files import file_checksum, read_scores, safe_name
from bench.records import one_name, sqlite
from bench.records.encoding import (
    SUM,
    Point,
    Projection,
    Tracked,
    frame,
    json_list,
    project,
)
from bench.records.events import Start
from bench.records.histories import COLUMNS, Histories
from bench.records.human import Collected
from bench.records.journal import FAILURES, Record, ends
from bench.records.one_name import NamedCorpus
from bench.records.plans import Entry
from bench.records.store import clear_errors, wait_seconds_only

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Metric, Run

DEFAULT_URI = f"{sqlite.SQLITE}mlflow.db"
SAMPLES = "samples.txt"
ARTIFACTS = (SAMPLES, "scores.parquet", "cell.json", "generator.safetensors", "generator.pt", "error.log")
PICTURES = ("*.png", "*.mid")
STATUS = {"done": "FINISHED", "interrupted": "KILLED", **dict.fromkeys(FAILURES, "FAILED")}
DESCRIPTION = 5_000  # most characters of an experiment's tag in MLflow's stores
BATCH = 100  # most tags that a store takes at once
TOGETHER = 500  # runs whose points a database gives at once
MOST_POINTS = 2**31 - 1  # no limit
LOGGERS = ("mlflow", "alembic")


class _Known(NamedTuple):
    """What the store holds of a cell: "" if it holds nothing; `lost` if its artifacts are gone."""

    run_id: str = ""
    digest: str = ""
    projected: int = 0
    lost: bool = False
    corpus: NamedCorpus | None = None
    spare: tuple[str, ...] = ()


class _Live(NamedTuple):
    """A run of a cell that is running, and the points that it has."""

    run_id: str
    points: set[Point]


class Tracker(Histories):
    """An MLflow store. Its address is `uri`, else MLFLOW_TRACKING_URI, else mlflow.db in the current folder.

    Each dataset is an experiment, whose name begins with BENCH_EXPERIMENT_PREFIX. It holds a run for each cell of each
    plan; the tag "plan" tells them apart. Runs are not nested: charts of MLflow leave nested runs out until they are
    unfolded. Other experiments of the store are left alone.
    """

    def __init__(self, uri: str | None = None) -> None:
        self.uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
        self.prefix = os.environ.get("BENCH_EXPERIMENT_PREFIX", "")
        self._plans: dict[str, dict[str, _Known]] = {}
        self._live: dict[tuple[str, str], _Live] = {}

    def prepare(self) -> None:
        """Connect to the store and make its schema if it is new (about 3 s). Call it before workers start."""
        path = sqlite.path_of(self.uri)
        with self._clear_errors(), sqlite.locked(path, self.uri) if path else nullcontext():
            if path and sqlite.is_new(path):
                sqlite.make(path, self.uri, lambda uri: _connect(uri).search_experiments(max_results=1))
            self._client.search_experiments(max_results=1)

    def project(self, record: Record, plan: str, entry: Entry) -> str:
        """Write the record as a run of the plan and return the run's id. `entry` is the cell's entry in the plan.

        A cell that the store has already stays as it is. If its journal has changed since or its artifacts are lost, a
        new run replaces it. The time of asking tells which run, and which plan, is the newest; it is only ever raised.
        """
        wanted = project(record, plan, entry)
        try:
            with self._writing():
                known = self._bring(record, plan, wanted, entry.asked)
        except BaseException:
            self._plans.pop(plan, None)  # half of the run may be written: search the store again
            raise
        self._plans[plan][record.cell.id] = known
        return known.run_id

    def follow(self, record: Record, plan: str, entry: Entry) -> None:
        """Write new events of a running cell; `record` holds those only, and the first time the start too.

        The run has no digest, so tables leave it out, until `project` completes it or writes another in its place.
        """
        key = plan, record.cell.id
        wanted = project(record, plan, entry)
        with self._writing():
            if key not in self._live:
                self._live[key] = _Live(self._create(record, wanted, {}), set())
            live = self._live[key]
            self._log(live.run_id, wanted.points)
            live.points.update(wanted.points)

    def describe(self, dataset: str, text: str) -> None:
        """Show this Markdown as the description of the dataset's experiment, cut to what a store takes."""
        lines, room = list[str](), DESCRIPTION
        for line in text.splitlines():
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        with self._writing():
            self._client.set_experiment_tag(self._experiment(dataset), "mlflow.note.content", "\n".join(lines))

    def rename_plan(self, plan: str, new: str, cells: Collection[str]) -> None:
        """Enter the plan's runs of these cells under another name; BenchError if a plan of that name has other cells.

        A store that does not exist is not made.
        """
        if not self._exists:
            return
        with self._writing():
            if set(self._known(new)) - set(cells):
                raise BenchError(f"plan {new} is in {self.uri} already: choose another name")
            for run in self._of_cells(plan, cells):
                self._client.set_tag(run.info.run_id, "plan", new)
            self._forget(plan, new)

    def drop(self, plan: str, cells: Collection[str]) -> None:
        """Delete the plan's runs of these cells; `mlflow gc` then frees their room."""
        if not self._exists:
            return
        with self._writing():
            for run in self._of_cells(plan, cells):
                self._client.delete_run(run.info.run_id)
            self._forget(plan)

    def charts(self, plan: str, datasets: Iterable[str]) -> dict[str, str]:
        """Return dataset -> the page of MLflow that draws the plan's runs, without the address of the server."""
        query = {
            "workflowType": "machine_learning",
            "compareRunsMode": "CHART",
            "searchFilter": f"tags.plan = '{quoted(plan)}' AND tags.cell LIKE '%'",
        }
        with self._clear_errors():
            known = {found.name: found.experiment_id for found in self._experiments()}
        names = {dataset: self.prefix + dataset for dataset in datasets}
        return {
            dataset: f"#/experiments/{known[name]}/runs?{urlencode(query, quote_via=quote)}"
            for dataset, name in names.items()
            if name in known
        }

    def corpora(self, plan: str) -> list[NamedCorpus]:
        """Return the corpora of the plan's runs in the store."""
        with self._clear_errors():
            return [known.corpus for known in self._known(plan).values() if known.corpus is not None]

    def newest_plan(self) -> str:
        """Return the plan whose cell was asked for last; BenchError if nothing is tracked."""
        with self._clear_errors():
            latest = self._search("tags.digest LIKE '%'", most=1) if self._exists else []
        if not latest:
            raise BenchError(f"no runs in {self.uri}: run `bench run` first")
        return str(latest[0].data.tags["plan"])

    def frame(self, plan: str | None = None) -> pd.DataFrame:
        """Return one row per run and metric of a plan (columns: bench.records.encoding.COLUMNS).

        The default is the plan written last. Values are floats, or None if undefined. BenchError if nothing is tracked.
        """
        with self._clear_errors():
            return frame(_tracked(run) for run in self._runs(plan))

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

        with self._clear_errors():
            runs = self._runs(plan)
            rows = {name: self._rows(runs, key) for name, key in keys.items()}
        return {name: pd.DataFrame(found, columns=COLUMNS) for name, found in rows.items()}

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
        with self._writing():
            self._client.set_experiment_tag(self._experiment(collected.dataset), "human", collected.to_json())

    def human(self) -> dict[str, Collected]:
        """Return the imported human scores, by dataset."""
        with self._clear_errors():
            tagged = [found for found in self._experiments() if "human" in found.tags]
            found = {each.name.removeprefix(self.prefix): each.tags["human"] for each in tagged}
        return {name: Collected.from_json(text, f"{self.uri}, {name}") for name, text in found.items()}

    @cached_property
    def _client(self) -> MlflowClient:
        path = sqlite.path_of(self.uri)
        if path is not None:
            sqlite.check(path, self.uri)
            sqlite.look_beside(path)
        return _connect(sqlite.absolute(self.uri))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write to the store, with clear errors; an SQLite store takes one process at a time."""
        path = sqlite.path_of(self.uri)
        with self._clear_errors(), sqlite.alone(path, self.uri) if path else nullcontext():
            yield

    def _clear_errors(self) -> AbstractContextManager[None]:
        return clear_errors(self.uri)

    def _runs(self, plan: str | None) -> list[Run]:
        """Return the runs of the plan's cells, or of the plan written last; BenchError if there are none."""
        newest = self.newest_plan()
        plan = plan or newest
        runs = self._search(f"tags.plan = '{quoted(plan)}' AND tags.digest LIKE '%'")
        if not runs:
            raise unknown("plan", plan, {run.data.tags["plan"] for run in self._search("tags.digest LIKE '%'")})
        return runs

    def _search(self, condition: str, most: int | None = None) -> list[Run]:
        """Return the runs of all experiments that match, the one asked for last first; at most `most` of them."""
        experiments = [found.experiment_id for found in self._experiments()]
        runs: list[Run] = []
        if not experiments:
            return runs
        token = None
        while True:
            order = ["tags.projected DESC"]
            page = self._client.search_runs(experiments, condition, 1, most or 1000, order, token)
            runs += page
            token = page.token
            if not token or most:
                return runs

    @property
    def _exists(self) -> bool:
        """Return whether there is a store: a file of SQLite may be missing, and a look would make it."""
        path = sqlite.path_of(self.uri)
        return path is None or path.exists()

    def _of_cells(self, plan: str, cells: Collection[str]) -> list[Run]:
        """Return the plan's runs of these cells, incomplete ones too."""
        runs = self._search(f"tags.plan = '{quoted(plan)}' AND tags.cell LIKE '%'")
        return [run for run in runs if run.data.tags["cell"] in cells]

    def _forget(self, *plans: str) -> None:
        """Search the store again before the next write to these plans."""
        for plan in plans:
            self._plans.pop(plan, None)

    def _known(self, plan: str) -> dict[str, _Known]:
        """Return the plan's runs by cell. The store is searched once per plan."""
        if plan not in self._plans:
            runs: dict[str, list[Run]] = {}
            for run in self._search(f"tags.plan = '{quoted(plan)}' AND tags.cell LIKE '%'"):
                runs.setdefault(run.data.tags["cell"], []).append(run)
            self._plans[plan] = {key: self._known_of(found) for key, found in runs.items()}
        return self._plans[plan]

    def _known_of(self, runs: Sequence[Run]) -> _Known:
        """Return what the runs of one cell say: a complete one if there is one, and the ids of the others."""
        run, *others = sorted(runs, key=lambda run: "digest" not in run.data.tags)
        tags = run.data.tags
        return _Known(
            run.info.run_id,
            tags.get("digest", ""),
            int(tags.get("projected", 0)),
            self._has_lost(run),
            one_name.of_tags(tags),
            tuple(other.info.run_id for other in others),
        )

    def _has_lost(self, run: Run) -> bool:
        """Return whether a file that the run kept is gone. Files of a server are not checked."""
        folder = sqlite.folder_of(str(run.info.artifact_uri)) if sqlite.path_of(self.uri) else None
        return folder is not None and not all((folder / name).exists() for name in _kept(run))

    def _rows(self, runs: Sequence[Run], key: str) -> list[tuple[Any, ...]]:
        """Return run id, dataset, label, seed, step and value of every point that the runs have under a key."""
        having = [run for run in runs if key in run.data.metrics]
        told = ((run.info.run_id, run.data.tags) for run in having)
        who = {run_id: (run_id, tags["dataset"], tags["label"], int(tags["seed"])) for run_id, tags in told}
        found: dict[str, list[Metric]] = {run_id: [] for run_id in who}
        for run_id, point in self._points(list(who), key):
            found[run_id].append(point)
        return [(*who[run_id], point.step, point.value) for run_id, points in found.items() for point in points]

    def _points(self, run_ids: Sequence[str], key: str) -> Iterator[tuple[str, Metric]]:
        """Yield run id and point of each run under a key: many runs at a time, if the store is a database here."""
        store = self._client._tracking_client.store  # the client itself asks for one run at a time
        if not hasattr(store, "get_metric_history_bulk"):  # a server
            for run_id in run_ids:
                yield from ((run_id, point) for point in self._client.get_metric_history(run_id, key))
            return
        for at in range(0, len(run_ids), TOGETHER):
            for found in store.get_metric_history_bulk(run_ids[at : at + TOGETHER], key, MOST_POINTS):
                yield found.run_id, found

    def _bring(self, record: Record, plan: str, wanted: Projection, asked: int) -> _Known:
        """Write the cell if the store lacks it or has an older state; return what the store then holds of it."""
        known = self._known(plan).get(record.cell.id, _Known())
        asked = max(asked, known.projected)
        if known.digest == wanted.digest and not known.lost:
            if asked > known.projected:
                self._client.set_tag(known.run_id, "projected", str(asked))
            return known._replace(projected=asked)
        live = self._live.get((plan, record.cell.id))
        for run_id in {known.run_id, *known.spare} - {"", live.run_id if live else ""}:
            self._client.delete_run(run_id)
        return _Known(self._write(record, plan, wanted, asked), wanted.digest, asked)

    def _write(self, record: Record, plan: str, wanted: Projection, asked: int) -> str:
        """Write a new run and return its id. The digest comes last: a run without it is incomplete and is redone."""
        from mlflow.entities import RunTag

        artifacts = _artifacts(record.folder)
        tags = {"projected": str(asked), "artifacts": json_list(path.name for path in artifacts)}
        live = self._live.pop((plan, record.cell.id), None)
        if live is not None and not live.points <= set(wanted.points):  # epochs that were done again
            self._client.delete_run(live.run_id)
            live = None
        if live is None:
            run_id, points = self._create(record, wanted, tags), wanted.points
        else:
            run_id, points = live.run_id, [point for point in wanted.points if point not in live.points]
            told = [RunTag(key, value) for key, value in (wanted.tags | tags).items()]
            for at in range(0, len(told), BATCH):
                self._client.log_batch(run_id, tags=told[at : at + BATCH])
        self._log(run_id, points)
        for path in artifacts:
            self._client.log_artifact(run_id, str(path))
        self._client.set_terminated(run_id, STATUS[record.status], int(1000 * ends(record)[1]))
        self._client.set_tag(run_id, "digest", wanted.digest)
        return run_id

    def _create(self, record: Record, wanted: Projection, tags: Mapping[str, str]) -> str:
        """Create a run with its parameters and its dataset, and return its id."""
        from mlflow.entities import Param

        experiment = self._experiment(record.cell.dataset_label)
        name = f"{wanted.tags['label']} seed {record.cell.seed}"
        began = int(1000 * ends(record)[0])
        run = self._client.create_run(experiment, start_time=began, tags={**wanted.tags, **tags}, run_name=name)
        run_id = str(run.info.run_id)
        self._client.log_batch(run_id, params=[Param(key, value) for key, value in wanted.params.items()])
        if (start := record.last(Start)) is not None and start.source:
            self._log_dataset(run_id, record, start)
        return run_id

    def _log(self, run_id: str, points: Sequence[Point]) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(point.key, point.value, int(1000 * point.time), point.step) for point in points]
        self._client.log_batch(run_id, metrics)

    def _log_dataset(self, run_id: str, record: Record, start: Start) -> None:
        """Name the data as MLflow names data sets: with its fingerprint, its source and its sizes."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        sizes = {name: getattr(start, name) for name in ("train", "valid", "test", "length", "vocabulary")}
        dataset = Dataset(
            name=record.cell.dataset_label,
            digest=record.cell.fingerprint,
            source_type=str(start.source.get("kind", "local")),
            source=json.dumps(dict(start.source)),
            profile=json.dumps(sizes),
        )
        told = InputTag("mlflow.data.context", "training")
        self._client.log_inputs(run_id, [DatasetInput(dataset, [told])])

    def _experiments(self) -> list[Experiment]:
        """Return the experiments whose names begin with the prefix."""
        return [found for found in self._client.search_experiments() if found.name.startswith(self.prefix)]

    def _experiment(self, dataset: str) -> str:
        """Return the id of the dataset's experiment, which is created or restored if need be."""
        name = self.prefix + dataset
        found = self._client.get_experiment_by_name(name)
        if found is None:
            path = sqlite.path_of(self.uri)
            place = sqlite.place(path, safe_name(name)) if path else None
            # as_uri() encodes "%" and "#" in a folder's name
            return self._client.create_experiment(name, place.as_uri() if place else None)
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)


def _connect(uri: str) -> MlflowClient:
    """Return a client that prints nothing and waits for seconds only."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    wait_seconds_only()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow import MlflowClient

    for name in LOGGERS:  # mlflow sets its own level when it is imported
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors of mlflow are shown as one line of ours
    return MlflowClient(uri)


def _artifacts(folder: Path) -> list[Path]:
    """Return the files of the cell's folder that are uploaded with the run."""
    files = [folder / name for name in ARTIFACTS]
    return [path for path in files if path.is_file()] + sorted(p for kind in PICTURES for p in folder.glob(kind))


def _tracked(run: Run) -> Tracked:
    return Tracked(run.info.run_id, run.data.tags, run.data.metrics)


def _kept(run: Run) -> list[str]:
    """Return the names of the run's artifacts."""
    return list(json.loads(run.data.tags.get("artifacts", "[]")))


def quoted(text: str) -> str:
    """Return a plan's name as it stands in a search between quotes; BenchError if it holds one."""
    if "'" in text:
        raise BenchError(f"plan {text!r}: a name without quotes, please")
    return text

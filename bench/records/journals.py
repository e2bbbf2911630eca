"""Give a report the runs of a plan from the journals of a runs folder, as `Tracker` gives them from a store."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError, unknown
from bench.records import human
from bench.records.encoding import Projection, frame, project
from bench.records.histories import COLUMNS, Histories
from bench.records.human import Collected
from bench.records.journal import Record, ends
from bench.records.journal_frame import per_sequence_of, tracked
from bench.records.runs import RunsFolder
from bench.records.sync import ended
from bench.records.tracker import Tracker

if TYPE_CHECKING:
    import pandas as pd


class Journals(Histories):
    """The plans of a runs folder. The methods give what those of `Tracker` give; the id of a run is its cell's."""

    def __init__(self, runs: RunsFolder) -> None:
        self.runs = runs
        self._made: dict[str, list[tuple[Record, Projection]]] = {}

    def frame(self, plan: str | None = None) -> pd.DataFrame:
        """Return one row per run and metric of a plan (default: the plan asked for last)."""
        name = self._name(plan)
        cells = self.runs.plans[name]
        return frame(tracked(record, made, cells[record.folder.name]) for record, made in self._of(name))

    def tags(self, plan: str | None) -> dict[str, dict[str, str]]:
        """Return run id -> the tags of each run of a plan, with `began` and `ended`."""
        found = {}
        for record, made in self._of(self._name(plan)):
            began, over = (str(int(1000 * time) / 1000) for time in ends(record))
            found[record.cell.id] = {**made.tags, "began": began, "ended": over}
        return found

    def samples(self, run_id: str, most: int) -> list[str]:
        """Return the first lines of the run's samples.txt, at most `most`; empty if it has none."""
        path = self.runs.record(run_id).folder / "samples.txt"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in islice(file, most)]

    def per_sequence(self, run_id: str) -> pd.DataFrame:
        """Return the run's scores per sequence; empty if it has none. BenchError if they are damaged."""
        return per_sequence_of(self.runs)(run_id)

    def human(self) -> dict[str, Collected]:
        """Return the imported human scores, by dataset."""
        return {collected.dataset: collected for collected in human.load(self.runs.path)}

    def _name(self, plan: str | None) -> str:
        """Return the plan's name; BenchError if the folder has no such plan."""
        name = plan or self.runs.newest_plan
        if name is None:
            raise BenchError(f"no plans in {self.runs}: `bench run` writes them there")
        if name not in self.runs.plans:
            raise unknown(f"plan in {self.runs}", name, self.runs.plans)
        return name

    def _of(self, plan: str) -> list[tuple[Record, Projection]]:
        """Return the cells of a plan that ended, the one asked for last first, with what a store would keep of them."""
        if plan not in self._made:
            cells = self.runs.plans[plan]
            records = sorted(ended(cells, self.runs), key=lambda record: -cells[record.folder.name].asked)
            if not records:
                raise BenchError(f"no cell of plan {plan} in {self.runs} has ended: run `bench run` again")
            self._made[plan] = [(record, project(record, plan, cells[record.folder.name])) for record in records]
        return self._made[plan]

    def _histories(self, plan: str | None, keys: Mapping[str, str]) -> dict[str, pd.DataFrame]:
        """Return every value that the plan's runs have under each key, in the order of the steps."""
        import pandas as pd

        rows: dict[str, list[tuple[object, ...]]] = {key: [] for key in keys.values()}
        for record, made in self._of(self._name(plan)):
            who = (record.cell.id, made.tags["dataset"], made.tags["label"], record.cell.seed)
            for point in made.points:
                if point.key in rows:
                    rows[point.key].append((*who, point.step, point.value))
        return {name: pd.DataFrame(rows[key], columns=COLUMNS) for name, key in keys.items()}


Source = Tracker | Journals
"""Where a report takes its runs from."""

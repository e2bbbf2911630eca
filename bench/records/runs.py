"""Read a runs folder: its plans and cells, and the finished runs that commands ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from bench.contracts.errors import BenchError, unknown
from bench.planning import dataset_reference
from bench.planning.cell import Cell
from bench.planning.dataset_reference import is_same_file
from bench.plugins.reference import Reference
from bench.records import plans as kept_plans
from bench.records.journal import Record, read_cell, record_of
from bench.records.plans import Entries, Entry

SHORTEST = 6  # fewest digits of an id that may name a cell


class RunsFolder:
    """The plans and cells of a runs folder. Each file is read when it is first needed, and only once.

    Later writes are not seen. Make a new RunsFolder after a run, a `keep` or a `sync`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cells: dict[str, Cell] = {}
        self._records: dict[str, Record] = {}

    def __str__(self) -> str:
        return str(self.path)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all cells, sorted, with those of damaged cells."""
        return tuple(sorted(path.parent.name for path in self.path.glob("*/cell.json")))

    @cached_property
    def plans(self) -> Mapping[str, Entries]:
        """Return plan -> cell id -> entry; BenchError if a plan is damaged."""
        return kept_plans.read_all(self.path)

    @property
    def newest_plan(self) -> str | None:
        """Return the plan that was asked for last; None if there is none."""
        asked = {plan: max((entry.asked for entry in cells.values()), default=0) for plan, cells in self.plans.items()}
        return max(asked, key=lambda plan: asked[plan], default=None)

    def cell(self, key: str) -> Cell:
        """Return the cell of an id; BenchError if its file is damaged."""
        if key not in self._cells:
            self._cells[key] = read_cell(self.path / key)
        return self._cells[key]

    def record(self, key: str) -> Record:
        """Return the cell of an id with its journal; BenchError if its cell.json is damaged."""
        if key not in self._records:
            self._records[key] = record_of(self.cell(key), self.path / key)
        return self._records[key]

    @cached_property
    def unreadable(self) -> Mapping[str, str]:
        """Return id -> what is wrong, for each cell whose cell.json cannot be read or tells of another cell."""
        return {key: fault for key in self.ids if (fault := self._fault(key))}

    @property
    def damaged(self) -> Mapping[str, str]:
        """Return id -> what is wrong, for each cell with a damaged cell.json, journal or file."""
        found = {record.folder.name: f"{record.folder}: {record.damage}" for record in self.records() if record.damage}
        return {**self.unreadable, **found}

    @cached_property
    def missing(self) -> Mapping[str, Mapping[str, Entry]]:
        """Return id -> plan -> entry, for each cell that a plan names and that has no folder here."""
        here = set(self.ids)
        found: dict[str, dict[str, Entry]] = {}
        for plan, cells in self.plans.items():
            for key in cells.keys() - here:
                found.setdefault(key, {})[plan] = cells[key]
        return dict(sorted(found.items()))

    def _fault(self, key: str) -> str:
        """Return what is wrong with a cell's file; "" if it can be read."""
        try:
            self.cell(key)
        except BenchError as error:
            return str(error)
        return ""

    def whole_cells(self) -> list[Cell]:
        """Return the cells whose file can be read, in the order of their ids."""
        return [self.cell(key) for key in self.ids if key not in self.unreadable]

    def records(self) -> list[Record]:
        """Return the cells whose cell.json can be read, with their journals, in the order of their ids."""
        return [self.record(key) for key in self.ids if key not in self.unreadable]

    def finished(self, dataset: str | None = None) -> list[Record]:
        """Return the cells that are done, sorted by label and seed; with a dataset, only its cells."""
        done = [record for record in _of(self.records(), dataset) if record.done]
        return sorted(done, key=lambda record: (record.cell.label, record.cell.seed))

    def of_plan(self, plan: str, dataset: str | None = None) -> list[Record]:
        """Return the cells of a plan that have a folder, in the plan's order; with a dataset, only its cells."""
        return _of(self.those(self.plans.get(plan, {})), dataset)

    def those(self, keys: Iterable[str]) -> list[Record]:
        """Return the cells of these ids that can be read here, in the order of the ids given."""
        here = set(self.ids)
        return [self.record(key) for key in keys if key in here and not self._fault(key)]

    def one_by_one(self, keys: Iterable[str]) -> Iterator[Record]:
        """Yield the cells of these ids that can be read here. No journal is kept, since a plan may have thousands."""
        here = set(self.ids)
        return (record_of(self.cell(key), self.path / key) for key in keys if key in here and not self._fault(key))

    def find(self, name: str, dataset: str | None = None, plan: str | None = None) -> list[Record]:
        """Return the finished runs that a command names: one run by its id, or a row by its label (see `of_label`)."""
        record = self.by_id(name)
        return [record] if record else self.of_label(name, dataset, plan)

    def find_one(
        self, name: str, dataset: str | None = None, plan: str | None = None, seed: int | None = None
    ) -> Record:
        """Return the finished run of an id, or the run of a row with this seed (default: the row's lowest seed).

        BenchError if there is none. An id needs no seed.
        """
        if (record := self.by_id(name)) is not None:
            return record
        found = self.of_label(name, dataset, plan)
        chosen = [record for record in found if seed in (None, record.cell.seed)]
        if not chosen:
            raise BenchError(f"no finished run of {name} with seed {seed}: there are seeds {seeds(found)}")
        return chosen[0]

    def by_id(self, text: str) -> Record | None:
        """Return the finished cell whose id is `text` or begins with it (at least six digits); None if there is none.

        BenchError if several ids begin with `text`, or if the cell is not done.
        """
        found = [key for key in self.ids if key.startswith(text)]
        if len(text) < SHORTEST or not found:
            return None
        if len(found) > 1:
            raise BenchError(f"{text} begins {len(found)} cells in {self}: give more of its digits")
        record = self.record(found[0])
        if record.status != "done":
            why = f" ({record.damage})" if record.damage else ""
            raise BenchError(f"cell {record.cell.id} ({record.cell.label}) is {record.status}, not done{why}")
        return record

    def of_label(self, label: str, dataset: str | None = None, plan: str | None = None) -> list[Record]:
        """Return the finished runs of a row, sorted by seed. They share dataset, knobs, data and code.

        A row may have another label in each plan, and each of its labels finds it. If a plan has several rows of this
        label, the row asked for last is returned, as in the plan's tables. BenchError if there is no such row, or if
        there are several and no plan is named.
        """
        found = self._called(label, dataset, plan)
        if len(datasets := sorted({record.cell.dataset_label for record in found})) > 1:
            raise BenchError(f"{label} was run on {', '.join(datasets)}: choose one with -d")
        if plan is not None:
            newest = max(found, key=lambda record: self.plans[plan][record.cell.id].asked)
            found = [record for record in found if record.cell.identity == newest.cell.identity]
        if len({record.cell.identity for record in found}) > 1:
            cells = ", ".join(record.cell.id for record in found)
            raise BenchError(
                f"{label} was run with several knobs, data or code (cells {cells}): say which with --plan, or give "
                "a cell in place of it"
            )
        return found

    def names_of(self, record: Record, plan: str | None = None) -> set[str]:
        """Return the labels of a cell: its label in the plan; without a plan, its own label and those in all plans."""
        key, own = record.cell.id, record.cell.label
        if plan is not None:
            return {self.plans[plan][key].label or own}
        return {own, *(cells[key].label or own for cells in self.plans.values() if key in cells)}

    def _called(self, label: str, dataset: str | None, plan: str | None) -> list[Record]:
        """Return the finished runs with the label. If there are none, a BenchError that names the nearest label."""
        records = self.finished(dataset)
        if plan is not None:
            if plan not in self.plans:
                raise unknown(f"plan in {self}", plan, self.plans)
            records = [record for record in records if record.cell.id in self.plans[plan]]
        whole = any(label in self.names_of(record, plan) for record in records)
        if not whole and label in (hurt := self.hurt(dataset, plan)):
            raise BenchError(f"{label} {hurt[label]}")
        if not records:
            of = f" of {dataset}" if dataset else ""
            raise BenchError(f"no finished run{of} in {self}: `bench run` makes some, `bench status` lists them")
        names = {record.cell.id: self.names_of(record, plan) for record in records}
        found = [record for record in records if label in names[record.cell.id]]
        if not found:
            raise unknown(f"finished run in {self}", label, set().union(*names.values()))
        return found

    def hurt(self, dataset: str | None = None, plan: str | None = None) -> dict[str, str]:
        """Return label -> what is wrong, for rows with a damaged run: of a dataset and of a plan, if they are named."""
        known = self.of_plan(plan, dataset) if plan is not None else _of(self.records(), dataset)
        found: dict[str, str] = {}
        for record in reversed([record for record in known if record.damage]):
            why = f"seed {record.cell.seed} (cell {record.cell.id}) is damaged ({record.damage}): run it again"
            found |= dict.fromkeys(self.names_of(record, plan), why)
        return dict(sorted(found.items()))


def _of(records: Sequence[Record], dataset: str | None) -> list[Record]:
    """Return the records of a dataset; all if none is named."""
    asked = dataset_reference.parse(dataset) if dataset is not None else None
    return [record for record in records if asked is None or is_of(record.cell, asked)]


def is_of(cell: Cell, asked: Reference) -> bool:
    """Return whether the cell's dataset is `asked`, as tables name it (text:reviews) or -d does (text:reviews.csv)."""
    if asked.text == cell.dataset_label:
        return True
    if asked.knobs:
        return (asked.absolute, asked.label) == (cell.dataset, cell.dataset_label)
    if asked.absolute != cell.dataset or not asked.argument:
        return asked.absolute == cell.dataset
    file = str(dict(cell.dataset_settings).get("file") or "")
    return bool(file) and is_same_file(asked.argument, file) and (not asked.named or asked.label == cell.dataset_label)


def seeds(records: Sequence[Record]) -> str:
    """Return the seeds of the records for a message: "0, 1, 2"."""
    return ", ".join(str(record.cell.seed) for record in records)

"""Draw the live view of a run: a line a dataset, a line a running cell, and a bar with the time left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.engine.estimate import TimeLeft
from bench.records.events import Curve, Epoch
from bench.records.journal import FAILURES, Record, Status

WIDE = 100  # a terminal this wide has room for the name of the score
BAR = 24  # characters of a bar
NOTED: tuple[Status, ...] = (*FAILURES, "interrupted")


class Board:
    """Draws the records of a run's cells; `expected` is cell id -> seconds of training.

    With `began`, a reading of time.monotonic, the time since then is shown.
    """

    def __init__(self, console: Console, jobs: int, expected: Mapping[str, float], began: float | None = None) -> None:
        self.console, self.jobs, self.expected, self.began = console, jobs, expected, began

    def view(self, records: Sequence[Record]) -> Group:
        """Return what the terminal shows now; it has no more lines than the terminal."""
        left = TimeLeft(records, self.expected)
        done = sum(record.status == "done" for record in records)
        spent = "" if self.began is None else f" · {duration(time.monotonic() - self.began)} elapsed"
        total = Text(f"{done} of {len(records)} cells done{spent} · {duration(left.total(self.jobs))} left")
        room = max(5, self.console.size.height - 4)
        datasets, running = _by_dataset(records), [record for record in records if record.status == "running"]
        shown = running[: max(1, room - len(datasets))]
        lines: list[RenderableType] = [_datasets(datasets, left, self.jobs)] if len(datasets) + 1 < room else []
        if shown:
            lines.append(self._running(shown, left))
        if len(running) > len(shown):
            lines.append(Text(f"{len(running) - len(shown)} more cells run"))
        return Group(*lines, _bar(done, len(records), 2 * BAR), total)

    def _running(self, records: Sequence[Record], left: TimeLeft) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("running", "baseline", "phase"):
            table.add_column(name, no_wrap=name == "running")  # the others may be cut
        for name in ("seed", "epoch", "loss", "score", "left"):
            table.add_column(name, justify="right", no_wrap=True)
        for record in records:
            cell, (phase, epoch, loss) = record.cell, stage(record)
            score = headline(record)
            score = score if self.console.width >= WIDE else score.rpartition(" ")[2]
            texts = (cell.dataset_label, cell.label, phase, str(cell.seed), epoch, loss, score)
            table.add_row(*map(Text, (*texts, duration(left.of(record)))))  # not as markup: a name may hold [...]
        return table


def headline(record: Record) -> str:
    """Return the first score of a finished cell; of an unfinished one, that of its latest curve point."""
    point = record.last(Curve)
    latest = point.scores if point else {}
    scores = {name: score.value for name, score in record.scores.items()} or latest
    name, value = next(iter(scores.items()), ("", None))
    return f"{name} {value:.4f}" if value is not None else "-"


def told(record: Record) -> str:
    """Return the headline of a cell; of a running one its phase and epoch too."""
    phase, epoch, _ = stage(record)
    return f"{phase} {epoch} {headline(record)}".replace("  ", " ") if record.status == "running" else headline(record)


def stage(record: Record) -> tuple[str, str, str]:
    """Return the phase, epoch and loss of a running cell, as texts."""
    epoch = record.last(Epoch)
    if epoch is None:
        return "starting", "", ""
    loss = next(iter(epoch.values.values()), None)
    return epoch.phase, f"{epoch.epoch}/{epoch.epochs}", "" if loss is None else f"{loss:.4f}"


def duration(seconds: float | None) -> str:
    """Return the time in words: "42 s", "4 min 42 s", "1 h 5 min"; "unknown" if it is None."""
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _by_dataset(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.cell.dataset_label, []).append(record)
    return found


def _datasets(datasets: Mapping[str, Sequence[Record]], left: TimeLeft, jobs: int) -> Table:
    """Return a line a dataset: a bar, the number of its cells that are done, those that are not well, the time left."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name, side in (("dataset", "left"), ("", "left"), ("done", "right"), ("left", "right"), ("", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True)
    for name, records in datasets.items():
        counts = Counter(record.status for record in records)
        noted = ", ".join(f"{counts[state]} {state}" for state in NOTED if counts[state])
        done = counts["done"]
        texts = (f"{done}/{len(records)}", duration(left.total(jobs, records)), noted)
        table.add_row(Text(name), _bar(done, len(records), BAR), *map(Text, texts))
    return table


def _bar(done: int, total: int, width: int) -> ProgressBar:
    return ProgressBar(total=max(1, total), completed=done, width=width)

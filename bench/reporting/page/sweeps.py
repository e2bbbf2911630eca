"""Read what `bench sweep` wrote for a dataset of the page: scores of its arms at several temperatures."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.reporting.paper import slug
from bench.reporting.table import Table

TEMPERATURE = re.compile(r"\|temp:[^|]*")


class Sweep(NamedTuple):
    """One score of one run at one temperature."""

    label: str
    seed: int
    temperature: float
    metric: str
    value: float


def read_sweep(table: Table, folders: Sequence[Path]) -> list[Sweep]:
    """Return the scores of the first folder's sweep-DATASET.csv that differ from a column by temperature alone.

    The signature says so: a sweep of other data, or of another number of samples, does not belong on the page. Empty
    if there is no such file, or if it is not one that `bench sweep` wrote.
    """
    paths = (folder / f"sweep-{slug(table.dataset)}.csv" for folder in folders)
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(_scores(csv.DictReader(file), table))
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return []
    labels = {row.label for row in table.rows}
    return [one for one in found if one.label in labels]


def _scores(lines: csv.DictReader[str], table: Table) -> Iterator[Sweep]:
    signatures = {column.metric: TEMPERATURE.sub("", column.signature) for column in table.columns}
    for line in lines:
        metric, value = line["metric"], line["value"]
        if value and signatures.get(metric) == TEMPERATURE.sub("", line["signature"]):
            yield Sweep(line["row"], int(line["seed"]), float(line["temperature"]), metric, float(value))

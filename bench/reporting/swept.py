"""The output of `bench sweep`: every score at every temperature, the comparisons at equal diversity, and the panels."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.contracts.dataset import Opened
from bench.contracts.metric import Score
from bench.judging.equal_diversity import AtEqual
from bench.judging.frontier import Point
from bench.judging.planes import Plane, planes
from bench.judging.sweep import Swept, points
from bench.planning.cell import REAL, Cell
from bench.reporting.applicable import applicable_to
from bench.reporting.escape import csv_cell
from bench.reporting.paper import Paper, Published
from bench.reporting.plane import Curve, Mark, Panel, draw
from bench.reporting.reference_row import reference_row, refuse_unknown
from bench.reporting.table import Row

HEADER = ("row", "seed", "temperature", "metric", "value", "signature")
EQUAL = (
    "quality",
    "diversity",
    "reference",
    "row",
    "reference_temperature",
    "level",
    "reference_quality",
    "row_quality",
    "difference",
    "difference_low",
    "difference_high",
)


def to_csv(found: Sequence[Swept]) -> str:
    """Return a line for each row, seed, temperature and metric, in full precision."""
    lines = (
        (one.label, one.seed, one.temperature, name, score.value, score.signature)
        for one in found
        for name, score in one.scores.items()
    )
    return _csv(HEADER, lines)


def equal_csv(reference: str, found: Sequence[AtEqual]) -> str:
    """Return a line for each plane, row, and temperature of the reference; missing values are empty cells."""
    lines = []
    for one in found:
        gap = one.difference
        bounds = (gap.value, gap.low, gap.high) if gap else (None, None, None)
        level = (one.temperature, one.diversity, one.reference, one.quality)
        lines.append((one.plane.quality, one.plane.diversity, reference, one.label, *level, *bounds))
    return _csv(EQUAL, lines)


def reference_of(labels: Sequence[str], paper: Paper, wanted: str | None) -> str | None:
    """Return the row that others are compared with, chosen as in the tables; BenchError if the wanted one is absent."""
    refuse_unknown(wanted, labels)
    made = [Row(label, paper.row(label), 1, 0, 0, {}) for label in sorted(labels, key=paper.rank)]
    chosen = reference_row(made, paper, wanted)
    return chosen.label if chosen else None


class Origin(NamedTuple):
    """What was swept: the dataset, the cell of a run, and the scores of real sequences at temperature 1."""

    opened: Opened
    cell: Cell
    real: Mapping[str, Score]


def files(
    name: str, found: Sequence[Swept], equal: Sequence[AtEqual], reference: str | None, origin: Origin, paper: Paper
) -> dict[str, bytes]:
    """Return file name -> content of all that is written; no comparisons without a reference."""
    contents = {f"{name}.csv": to_csv(found).encode()}
    if reference:
        contents[f"{name}-equal.csv"] = equal_csv(reference, equal).encode()
    if pictures := panels(found, origin, paper):
        note = " ".join(published_note(origin.opened, origin.cell, found, paper))
        sample = origin.opened.data.source.kind == "sample"
        drawn = draw(pictures, paper, sample=sample, note=note)
        contents |= {f"{name}.{kind}": content for kind, content in drawn.items()}
    return contents


def panels(found: Sequence[Swept], origin: Origin, paper: Paper) -> list[Panel]:
    """Return a panel for each plane: mean curves over seeds, published points, and the real row if it has no curve."""
    labels = sorted({one.label for one in found}, key=paper.rank)
    spec, real = _published(origin.opened, origin.cell, found, paper), origin.real
    made = []
    for plane in planes(name for one in found[:1] for name in one.scores):
        curves = [curve for label in labels if (curve := _curve(found, label, plane, paper)).points]
        marks = _marks(spec, plane)
        values = [real[name].value if name in real else None for name in (plane.diversity, plane.quality)]
        if REAL not in labels and values[0] is not None and values[1] is not None:
            marks.append(Mark(paper.row(REAL), (values[0], values[1])))
        made.append(Panel(origin.cell.dataset_label, plane, curves, marks))
    return [panel for panel in made if panel.curves]


def published_note(opened: Opened, cell: Cell, found: Sequence[Swept], paper: Paper) -> list[str]:
    """Return the footnote of the published points; empty if none may be drawn."""
    spec = _published(opened, cell, found, paper)
    return [spec.points_note] if spec.points else []


def _published(opened: Opened, cell: Cell, found: Sequence[Swept], paper: Paper) -> Published:
    """Return what is published of the dataset; without values if they are about other data."""
    spec, source = paper.table(cell.dataset_label), opened.data.source
    if source.kind != "published":
        return spec.without_values()
    signatures = {name: score.signature for one in found for name, score in one.scores.items()}
    return applicable_to(spec, source, dict(cell.dataset_settings), signatures, paper)[0]


def _marks(spec: Published, plane: Plane) -> list[Mark]:
    """Return the published points that have both values of a plane."""
    return [
        Mark(point.name, (float(point.values[plane.diversity]), float(point.values[plane.quality])))
        for point in spec.points
        if {plane.diversity, plane.quality} <= point.values.keys()
    ]


def _curve(found: Sequence[Swept], label: str, plane: Plane, paper: Paper) -> Curve:
    """Return the mean over seeds at each temperature; a temperature at which a seed is undefined has no point."""
    seeds = {one.seed for one in found if one.label == label}
    at: dict[float, list[Point]] = {}
    for _, temperature, point in points(found, label, plane):
        at.setdefault(temperature, []).append(point)
    means = {
        temperature: (float(np.mean([x for x, _ in each])), float(np.mean([y for _, y in each])))
        for temperature, each in sorted(at.items())
        if len(each) == len(seeds)
    }
    return Curve(label, paper.row(label), list(means.values()), means.get(1.0))


def _csv(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else csv_cell(str(cell)) for cell in line] for line in lines)
    return out.getvalue()

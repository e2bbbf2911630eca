"""The output of `bench rescore`: a line a file and metric, a table a paper, and the picture of BLEU and Self-BLEU."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.judging import statistics
from bench.judging.frontier import Point
from bench.judging.judge import Judge
from bench.judging.planes import Plane, planes, preferred
from bench.judging.rescore import Paper as Folder
from bench.judging.rescore import Real, Rescored, Scored
from bench.planning.cell import REAL
from bench.reporting import grids
from bench.reporting.applicable import applicable_to
from bench.reporting.escape import csv_cell, markdown_escape
from bench.reporting.paper import Paper, Published
from bench.reporting.plane import Curve, Mark, Panel

PLACE = ("paper", "file", "model", "temperature", "run", "unquoted")
HEADER = (*PLACE, "sequences", "metric", "value", "published", "signature")


@dataclass(frozen=True, kw_only=True)
class Row:
    """The files of one model, temperature and number of sequences; `label` is its row in the published table."""

    model: str
    label: str
    temperature: float | None
    files: tuple[Rescored, ...]

    @property
    def sequences(self) -> int:
        """Return how many sequences each of its files holds."""
        return self.files[0].sequences

    def interval(self, metric: str) -> statistics.Interval | None:
        """Return the mean over files, with Student's interval; None if a file has no value."""
        values = [one.scores[metric].value for one in self.files]
        known = [value for value in values if value is not None]
        return statistics.mean_interval(known) if known and len(known) == len(values) else None


def rows(folder: Folder, names: Mapping[str, str]) -> list[Row]:
    """Return a row for each model, temperature and number of sequences; `names` are the labels of some models."""
    found: dict[tuple[str, float | None, int], list[Rescored]] = {}
    for one in folder.files:
        found.setdefault((one.file.model, one.file.temperature, one.sequences), []).append(one)
    return [
        Row(model=model, label=names.get(model, model), temperature=temperature, files=tuple(files))
        for (model, temperature, _), files in found.items()
    ]


def published(judge: Judge, folder: Folder, paper: Paper) -> tuple[Published, list[str]]:
    """Return the published table if it is about this folder's samples, and why values of it are withheld."""
    spec = paper.table(judge.real.dataset_label)
    if not spec.samples.folder or spec.samples.folder != folder.name:
        return spec.without_values(), []
    signatures = {name: score.signature for name, score in folder.files[0].scores.items()}
    return applicable_to(spec, judge.opened.data.source, dict(judge.real.dataset_settings), signatures, paper)


def to_csv(judge: Judge, folders: Sequence[Folder], paper: Paper) -> str:
    """Return a line for each file and metric, and for each real row and metric, in full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for folder in folders:
        spec, _ = published(judge, folder, paper)
        for real in folder.real.values():
            writer.writerows(_lines((folder.name, "", REAL, None, None, ""), real.sequences, real.scores, spec, REAL))
        for one in folder.files:
            file, unquoted = one.file, "yes" if one.unquoted else "no"
            place = (folder.name, file.path.name, file.model, file.temperature, file.run, unquoted)
            label = _labels(spec).get(file.model, file.model)
            writer.writerows(_lines(place, one.sequences, one.scores, spec, label))
    return out.getvalue()


def to_markdown(judge: Judge, folders: Sequence[Folder], paper: Paper) -> str:
    """Return a table for each paper and number of sequences, with the real row first, and the notes under it."""
    source = judge.opened.data.source
    lines = [f"# Published samples, judged on {markdown_escape(judge.real.dataset_label)}", ""]
    lines += [
        markdown_escape(f"Corpus: {source.file} ({source.kind}). A value is the mean over files, ± 95 % interval.")
    ]
    if unquoted := sum(one.unquoted for folder in folders for one in folder.files):
        lines += ["", f"Quotation marks around lines are taken off in {unquoted} files."]
    for folder in folders:
        spec, withheld = published(judge, folder, paper)
        found = rows(folder, _labels(spec))
        for count, real in folder.real.items():
            mine = [row for row in found if row.sequences == count]
            lines += ["", f"## {markdown_escape(folder.name)}, {count:,} sequences a file", ""]
            lines += _grid(mine, real, spec, paper)
        lines += ["", *(f"- {markdown_escape(note)}" for note in (*withheld, *_notes(folder, spec)))]
        lines += [
            f"- {markdown_escape(name)}: <code>{markdown_escape(text)}</code>" for name, text in _signatures(folder)
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def panels(judge: Judge, folders: Sequence[Folder], paper: Paper) -> list[Panel]:
    """Return the plane of BLEU-4 and Self-BLEU-4 of each paper; empty if the dataset has no such metrics."""
    chosen = preferred(planes(metric.name for metric in judge.evaluator.metrics))
    if chosen is None:
        return []
    found = []
    for folder in folders:
        spec, _ = published(judge, folder, paper)
        marks = [
            Mark(_real_name(real, paper), point) for real in folder.real.values() if (point := _at(real.scores, chosen))
        ]
        found.append(Panel(folder.name, chosen, _curves(rows(folder, _labels(spec)), chosen, paper, spec), marks))
    return [panel for panel in found if panel.curves]


def _labels(spec: Published) -> Mapping[str, str]:
    """Return file -> label, if the published values are about the files."""
    return spec.samples.labels if spec.published else {}


def _lines(
    place: tuple[object, ...], sequences: int, scores: Scored, spec: Published, label: str
) -> Iterator[list[str]]:
    """Yield the lines of one file."""
    for metric, score in scores.items():
        beside = spec.published.get(metric, {}).get(label, "")
        cells = (*place, sequences, metric, score.value, beside, score.signature)
        yield ["" if cell is None else csv_cell(str(cell)) for cell in cells]


def _grid(found: Sequence[Row], real: Real, spec: Published, paper: Paper) -> list[str]:
    """Return the lines of one Markdown table."""
    metrics = [name for name in real.scores if any(row.interval(name) for row in found)]
    header = ["Model", "Temperature", "Files", "Sequences"]
    for name in metrics:
        arrow = grids.ARROWS[real.scores[name].better]
        header += [f"{paper.metric(name).name} {arrow}", *(["published"] if spec.published.get(name) else [])]
    body = [["real data", "-", "-", str(real.sequences), *_of_real(real, metrics, spec, paper)]]
    body += [_of_row(row, metrics, spec, paper) for row in found]
    lines = [
        header,
        ["---", *["---:"] * (len(header) - 1)],
        *([markdown_escape(cell) for cell in line] for line in body),
    ]
    return [f"| {' | '.join(line)} |" for line in lines]


def _of_real(real: Real, metrics: Sequence[str], spec: Published, paper: Paper) -> Iterator[str]:
    for name in metrics:
        yield grids.number(real.scores[name].value, paper.metric(name).decimals)
        if spec.published.get(name):
            yield spec.published[name].get(REAL, grids.DASH)


def _of_row(row: Row, metrics: Sequence[str], spec: Published, paper: Paper) -> list[str]:
    temperature = grids.DASH if row.temperature is None else f"{row.temperature:g}"
    cells = [_name(row, spec, paper), temperature, str(len(row.files)), str(row.sequences)]
    for name in metrics:
        cells.append(_text(row.interval(name), paper.metric(name).decimals))
        if beside := spec.published.get(name):
            cells.append(beside.get(row.label, grids.DASH))
    return cells


def _text(found: statistics.Interval | None, decimals: int) -> str:
    if found is None:
        return grids.DASH
    half = "" if found.high is None else f" ± {grids.number(found.high - found.value, decimals)}"
    return grids.number(found.value, decimals) + half


def _notes(folder: Folder, spec: Published) -> Iterator[str]:
    """Yield the notes on the real rows, on the published values, and on files."""
    for real in folder.real.values():
        if real.sequences < real.wanted:
            yield (
                f"The real row holds {real.sequences:,} sequences, all that are not the test split; the files hold "
                f"{real.wanted:,}."
            )
    if spec.published:
        yield f"Published: {spec.source}."
    for one in folder.files:
        yield from (f"{one.file.path.name}: {note}." for note in one.notes)


def _signatures(folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield the name and signature of each metric, of each number of sequences."""
    seen = {
        (name, score.signature) for one in folder.files for name, score in one.scores.items() if score.value is not None
    }
    yield from sorted(seen)


def _name(row: Row, spec: Published, paper: Paper) -> str:
    """Return the printed name: that of the published row, else the model's as its file has it."""
    return paper.row(row.label) if spec.published else row.model


def _curves(found: Sequence[Row], plane: Plane, paper: Paper, spec: Published) -> list[Curve]:
    """Return a curve for each model: its mean points by temperature."""
    by_model: dict[tuple[str, str], list[tuple[float | None, Point]]] = {}
    for row in found:
        x, y = row.interval(plane.diversity), row.interval(plane.quality)
        if x is not None and y is not None:
            name = (row.label, _name(row, spec, paper))
            by_model.setdefault(name, []).append((row.temperature, (x.value, y.value)))
    return [
        Curve(label, name, [point for _, point in points], dict(points).get(1.0))
        for (label, name), points in by_model.items()
    ]


def _at(scores: Scored, plane: Plane) -> Point | None:
    """Return the point of scores in a plane."""
    x, y = scores[plane.diversity].value, scores[plane.quality].value
    return None if x is None or y is None else (x, y)


def _real_name(real: Real, paper: Paper) -> str:
    return f"{paper.row(REAL)} ({real.sequences:,} sequences)"

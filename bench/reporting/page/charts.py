"""The points of the page's charts: learning curves, profiles by position, and quality against diversity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.judging.frontier import hull
from bench.judging.planes import Plane, planes
from bench.planning.cell import REAL
from bench.reporting import figures, ladder, profiles
from bench.reporting.page.sweeps import Sweep
from bench.reporting.page.views import head
from bench.reporting.summary import six
from bench.reporting.table import Column, Row, Table

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "exposure_bias": "Drift: exposure bias by position",
    "tv": "Total variation of prefixes",
    "entropy_q": "Entropy of the next token",
    profiles.ACCURACY: "Discriminator by round",
}
AXES = {**profiles.LABELS, profiles.ACCURACY: ("round", "accuracy on held-out sequences")}


def curves(table: Table, found: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return a chart for each metric with a learning curve: [x, mean, low, high] by arm, and runs without a score."""
    names = {column.metric: column for column in table.columns}
    charts = []
    for metric in (metric for metric in figures.metrics(table) if metric in found):
        points = figures.shown(found[metric], table, metric)
        if len(points):
            axes = {"x": "generator epochs", "y": head(names[metric]), "marks": figures.boundaries(table.runs)}
            title = f"Learning curves: {head(names[metric])}"
            charts.append({"title": title, **axes, "arms": _arms(points[points["done"]], table), **_open(points)})
    return charts


def seeds(table: Table) -> list[dict[str, Any]]:
    """Return a chart for each metric: every arm's mean, half-width of its interval, and value of each seed."""
    return [
        {
            "metric": head(column),
            "decimals": column.decimals,
            "arms": [
                {
                    "label": row.label,
                    "mean": six(score.mean),
                    "half": six(score.half),
                    "values": [*map(six, score.values)],
                }
                for row in table.rows
                if (score := row.scores[column.metric]).values
            ],
        }
        for column in table.columns
    ]


def by_position(table: Table, found: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the charts of what a known oracle shows by position: [t, mean, low, high] by arm."""
    charts = []
    for name, points in _profiles(table, found).items():
        if name in AXES and len(points):
            x, y = AXES[name]
            charts.append({"title": TITLES[name], "x": x, "y": y, "arms": _arms(points, table)})
    return charts


def ladders(tables: Sequence[Table]) -> dict[str, list[dict[str, Any]]]:
    """Return dataset -> the charts of the ladders that begin with it: [value of the knob, mean, low, high] by arm."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in ladder.ladders(tables):
        labels = list(dict.fromkeys(row.label for _, table in one.rungs for row in table.rows))
        arms = [{"label": label, "points": points} for label in labels if (points := _climbed(one, label))]
        title = f"{one.title}: {one.column.name} against {one.knob} of the dataset"
        chart = {"title": title, "x": one.knob, "y": head(one.column), "log": True, "arms": arms}
        found.setdefault(one.rungs[0][1].dataset, []).append(chart)
    return found


def _climbed(one: ladder.Ladder, label: str) -> list[list[float | None]]:
    """Return an arm's points on a ladder; a scale that is logarithmic has no place for values of 0 and below."""
    points = []
    for x, table in one.rungs:
        score = next((row.scores[one.column.metric] for row in table.rows if row.label == label), None)
        if score is not None and score.mean is not None and score.mean > 0 and x > 0:
            half = score.half or 0.0
            points.append([x, six(score.mean), six(max(score.mean - half, score.mean / 10)), six(score.mean + half)])
    return points


def calibration(table: Table, found: Mapping[str, pd.DataFrame]) -> dict[str, Any] | None:
    """Return [generator's probability, oracle's mean probability] by arm; None without a known oracle."""
    points = _profiles(table, found)
    if not {"calibration_q", "calibration_p"} <= points.keys():
        return None
    labels = {row.label: None for row in table.rows}
    arms = [
        {"label": label, "points": [[six(x), six(y)] for x, y in zip(q, p, strict=True)]}
        for label, q, p in profiles.pairs(points["calibration_q"], points["calibration_p"], labels)
    ]
    return {"least": profiles.LEAST, "arms": arms} if arms else None


def quality_diversity(table: Table, sweep: Sequence[Sweep]) -> list[dict[str, Any]]:
    """Return the planes of quality and diversity: a point with intervals for each arm, and its temperature curve."""
    columns = {column.metric: column for column in table.columns}
    return [_plane(table, plane, columns, sweep) for plane in planes(columns)]


def _plane(table: Table, plane: Plane, columns: Mapping[str, Column], sweep: Sequence[Sweep]) -> dict[str, Any]:
    axes = (plane.diversity, plane.quality)
    arms = [arm for row in table.rows if (arm := _arm(row, axes, sweep))]
    models = [tuple(point[1:]) for arm in arms if arm["label"] != REAL for point in arm["curve"]]
    published = [
        {"name": point.name, "x": float(point.values[plane.diversity]), "y": float(point.values[plane.quality])}
        for point in table.spec.points
        if set(axes) <= point.values.keys()
    ]
    return {
        "x": head(columns[plane.diversity]),
        "y": head(columns[plane.quality]),
        "arms": arms,
        "published": published,
        "note": table.spec.points_note if published else "",
        "hull": [list(point) for point in hull(models, plane.diversity_better, plane.quality_better)] if models else [],
    }


def _arm(row: Row, axes: tuple[str, str], sweep: Sequence[Sweep]) -> dict[str, Any] | None:
    """Return an arm's point in the plane, with the intervals of both values and its curve; None if it has no point."""
    x, y = (row.scores[metric] for metric in axes)
    if x.mean is None or y.mean is None:
        return None
    point = {"x": six(x.mean), "y": six(y.mean), "x_half": six(x.half), "y_half": six(y.half)}
    return {"label": row.label, **point, "curve": _temperatures(row.label, axes, sweep)}


def _temperatures(label: str, axes: tuple[str, str], sweep: Sequence[Sweep]) -> list[list[float]]:
    """Return [temperature, diversity, quality] by temperature, means over seeds; all seeds must have both values."""
    mine = [one for one in sweep if one.label == label and one.metric in axes]
    seeds = {one.seed for one in mine}
    curve = []
    for temperature in sorted({one.temperature for one in mine}):
        both = [[one.value for one in mine if (one.temperature, one.metric) == (temperature, axis)] for axis in axes]
        if all(len(values) == len(seeds) for values in both):
            curve.append([temperature, *(float(f"{sum(values) / len(values):.6g}") for values in both)])
    return curve


def _profiles(table: Table, found: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the points of finished runs by the name of their profile."""
    names = (*profiles.NAMES, *profiles.TRAINED)
    if not set(names) <= found.keys():
        return {}
    return dict(zip(names, profiles.points([table], found), strict=True))


def _arms(points: pd.DataFrame, table: Table) -> list[dict[str, Any]]:
    """Return the mean over seeds at each x with its interval, by arm in the order of the rows."""
    return [
        {"label": row.label, "points": [[x, *map(six, values)] for x, *values in figures.over_seeds(mine)]}
        for row in table.rows
        if len(mine := points[points["label"] == row.label])
    ]


def _open(points: pd.DataFrame) -> dict[str, Any]:
    """Return the curve of each run that has no score yet."""
    runs = points[~points["done"]].sort_values(["label", "seed", "x"]).groupby("run_id", sort=False)
    found = [
        {
            "label": str(run["label"].iloc[0]),
            "points": [[int(x), six(value)] for x, value in zip(run["x"], run["value"], strict=True)],
        }
        for _, run in runs
    ]
    return {"unfinished": found} if found else {}

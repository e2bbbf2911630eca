"""Draw what a known oracle shows by position: exposure bias, total variation, and the generators' calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.reporting import grids
from bench.reporting.figures import legend, panel, rendered, shown, style, styles_of
from bench.reporting.paper import Paper
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

OWNERS = {
    "exposure_bias": "exposure_bias",
    "tv": "tv",
    "calibration_q": "calibration_gap",
    "calibration_p": "calibration_gap",
}
"""Profile -> the metric that it belongs to."""
NAMES = tuple(OWNERS)
LEAST = 1e-5
"""Calibration is drawn for probabilities from this one up."""
LABELS = {
    "exposure_bias": ("position t", "exposure bias (nats)"),
    "tv": ("prefix length t", "total variation of prefixes"),
}


def caption(table: Table) -> str:
    """Return the caption of the figure."""
    return (
        f"By position, {grids.title(table)}. Exposure bias: KL(oracle || generator) of the next token after the "
        "generator's own prefixes minus that after the oracle's. Total variation of prefixes by length: the best "
        "possible discriminator is right with probability 1/2 + TV/2. Calibration: the oracle's mean probability of "
        "tokens in groups by the generator's probability; on the dotted line a generator is right. Mean over finished "
        "seeds, band: 95 % interval (cut where it is wider than the picture)."
    )


def draw(table: Table, profiles: Mapping[str, pd.DataFrame], paper: Paper) -> dict[str, bytes] | None:
    """Return the picture as {"pdf": ..., "png": ...}; None if no run of the table has profiles.

    `profiles`: name -> Tracker.profiles of it.
    """
    found = {name: _shown(profiles, table, name) for name in NAMES}
    if not any(len(points) for points in found.values()):
        return None
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(11, 3.8), layout="constrained")
        labels = sorted({label for points in found.values() for label in points["label"]}, key=paper.rank)
        styles = styles_of(labels, paper)
        *by_position, last = figure.subplots(1, 3)
        lines: dict[str, Line2D] = {}
        for axes, (name, (x, y)) in zip(by_position, LABELS.items(), strict=True):
            lines |= panel(axes, found[name], styles, paper)
            axes.locator_params(axis="x", integer=True)
            axes.set_xlabel(x)
            axes.set_ylabel(y)
            _scale(axes, found[name])
        by_position[1].set_ylim(0, 1)
        lines |= _calibration(last, found, styles, paper)
        if grids.is_sample(table):  # a figure may be copied without its caption
            figure.suptitle("SAMPLE CORPUS", color="#b3261e", fontweight="bold")
        legend(figure, [lines[label] for label in labels if label in lines])
        return {kind: rendered(figure, kind) for kind in ("pdf", "png")}


def points(tables: Sequence[Table], profiles: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Return all points of the tables' runs, as `to_csv.curves_csv` takes them."""
    return [_shown(profiles, table, name).assign(metric=name) for table in tables for name in NAMES]


def _shown(profiles: Mapping[str, pd.DataFrame], table: Table, name: str) -> pd.DataFrame:
    found = shown(profiles[name], table, OWNERS[name])
    return found[found["done"]]


def _calibration(
    axes: Axes, found: Mapping[str, pd.DataFrame], styles: Mapping[str, tuple[str, str]], paper: Paper
) -> dict[str, Line2D]:
    """Draw a line per arm: the oracle's mean probability against the generator's, by group, as means over seeds."""
    lines: dict[str, Line2D] = {}
    for label, q, p in groups(found, styles):
        colour, dash = styles[label]
        (lines[label],) = axes.plot(q, p, dash, color=colour, label=paper.row(label), linewidth=1.3, marker=".")
    for axis, set_scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
        set_scale("log")
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    axes.set_xlim(LEAST, 1)
    axes.set_ylim(LEAST, 1)
    axes.axline((1e-3, 1e-3), (1, 1), color="0.5", linestyle=":", linewidth=0.9, zorder=0)
    axes.set_xlabel("generator's probability")
    axes.set_ylabel("oracle's mean probability")
    return lines


def _scale(axes: Axes, found: pd.DataFrame) -> None:
    """Fit the scale to the means of all arms. The interval of few seeds can be far wider; it is cut."""
    means = found.groupby(["label", "x"])["value"].mean()
    if len(means) and (spread := means.max() - means.min()) > 0:
        axes.set_ylim(means.min() - 0.3 * spread, means.max() + 0.3 * spread)


def groups(
    found: Mapping[str, pd.DataFrame], labels: Mapping[str, object]
) -> Iterator[tuple[str, Sequence[float], Sequence[float]]]:
    """Yield each arm with the mean q and mean p over seeds of its groups, from the largest q down."""
    keys = ["run_id", "label", "x"]
    both = found["calibration_q"].merge(found["calibration_p"], on=keys, suffixes=("_q", "_p"))
    for label in labels:
        mine = both[(both["label"] == label) & (both["value_p"] > 0) & (both["value_q"] > 0)]
        if len(mine):
            means = mine.sort_values(keys).groupby("x")[["value_q", "value_p"]].mean()
            yield label, means["value_q"].tolist(), means["value_p"].tolist()

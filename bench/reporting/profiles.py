"""Draw what a known oracle shows: by position, along trade-offs and probabilities, and of a discriminator by round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.reporting import grids
from bench.reporting.figures import (
    KINDS,
    MARKER,
    WIDE,
    Style,
    canvas,
    every_few,
    finish,
    over_seeds,
    panel,
    rendered,
    short_names,
    shown,
    style,
    styles_of,
)
from bench.reporting.paper import Paper
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

OWNERS = {
    "exposure_bias": "exposure_bias",
    "tv": "tv",
    "entropy_p": "entropy_gap",
    "entropy_q": "entropy_gap",
    "calibration_q": "calibration_gap",
    "calibration_p": "calibration_gap",
    "precision": "precision",
    "recall": "precision",
}
"""Profile -> the metric that it belongs to."""
NAMES = tuple(OWNERS)
BAYES = "bayes_accuracy"
ACCURACY = "held_out_accuracy"
TRAINED = {ACCURACY: (ACCURACY, "adversarial")}
"""Name -> the value of training and its phase: the accuracy of a trainer's discriminator on held-out sequences."""
LEAST = 1e-5
"""Calibration is drawn for probabilities from this one up."""
LABELS = {
    "exposure_bias": ("position t", "exposure bias (nats)"),
    "tv": ("prefix length t", "total variation of prefixes"),
    "entropy_q": ("position t", "entropy of the next token (nats)"),
}
DOTTED: dict[str, Any] = {"color": "0.5", "linestyle": ":", "linewidth": 0.9, "zorder": 0}


def caption(table: Table) -> str:
    """Return the caption of the figure."""
    return (
        f"By position, {grids.title(table)}. Exposure bias: KL(oracle || generator) of the next token after the "
        "generator's own prefixes minus that after the oracle's. Total variation of prefixes by length: the best "
        "possible discriminator is right with probability 1/2 + TV/2. Entropy of the next token: dotted, the oracle's. "
        "Calibration: the oracle's mean probability of tokens in groups by the generator's probability; on the dotted "
        "line a generator is right. Precision and recall of short prefixes, over all trade-offs. Discriminator: its "
        "accuracy on held-out real sequences against fresh ones by round; dotted: the best possible on whole "
        "sequences. Mean over finished seeds, band: 95 % interval (cut where it is wider than the picture)."
    )


def draw(
    table: Table, profiles: Mapping[str, pd.DataFrame], paper: Paper, width: float = WIDE
) -> dict[str, bytes] | None:
    """Return the picture as {"pdf": ..., "png": ..., "svg": ...}; None if no run of the table has profiles.

    `profiles`: name -> Tracker.profiles of NAMES, and Tracker.trained of TRAINED. `width` is in inches.
    """
    with style():
        figure = make_figure(table, profiles, paper, width)
        return {kind: rendered(figure, kind) for kind in KINDS} if figure else None


def make_figure(table: Table, profiles: Mapping[str, pd.DataFrame], paper: Paper, width: float = WIDE) -> Figure | None:
    """Return the figure of five panels, and of a sixth for discriminators; None if no run has profiles."""
    found = {name: _shown(profiles, table, name) for name in (*NAMES, *TRAINED)}
    if not any(len(found[name]) for name in NAMES):
        return None
    labels = sorted({label for points in found.values() for label in points["label"]}, key=paper.rank)
    styles = styles_of(labels, paper)
    with style():
        figure, every = canvas(width, 6 if len(found[ACCURACY]) else 5, across=3)
        lines = []
        for axes, (name, (x, y)) in zip(every, LABELS.items(), strict=False):
            lines.append(panel(axes, found[name], styles, paper))
            axes.locator_params(axis="x", integer=True)
            axes.set_xlabel(x)
            axes.set_ylabel(y)
            _scale(axes, found[name])
        every[1].set_ylim(0, 1)
        _oracle_entropy(every[2], found)
        lines.append(_calibration(every[3], found, styles, paper))
        lines.append(_trade_offs(every[4], found, styles, paper))
        for axes in every[5:]:
            lines.append(_discriminator(axes, found[ACCURACY], table, styles, paper))
        finish(figure, every[: len(lines)], lines, short_names(labels, paper), sample=grids.is_sample(table))
    return figure


def points(tables: Sequence[Table], profiles: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Return all points of the tables' runs, as `to_csv.curves_csv` takes them."""
    return [_shown(profiles, table, name).assign(metric=name) for table in tables for name in (*NAMES, *TRAINED)]


def _shown(profiles: Mapping[str, pd.DataFrame], table: Table, name: str) -> pd.DataFrame:
    found = shown(profiles[name], table, OWNERS.get(name, BAYES))
    return found[found["done"]]


def _oracle_entropy(axes: Axes, found: Mapping[str, pd.DataFrame]) -> None:
    """Draw the oracle's own entropy, which all runs measure alike; the scale leaves room for it."""
    if not len(points := found["entropy_p"]):
        return
    xs, means, _, _ = zip(*over_seeds(points), strict=True)
    axes.plot(xs, means, **(DOTTED | {"zorder": 4, "color": "0.2", "linewidth": 1.4}))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.95 * min(means)), max(high, 1.05 * max(means)))


def _trade_offs(
    axes: Axes, found: Mapping[str, pd.DataFrame], styles: Mapping[str, Style], paper: Paper
) -> dict[str, Line2D]:
    """Draw a line per arm: precision against recall, as means over seeds at each trade-off."""
    lines = _lines(axes, found["recall"], found["precision"], styles, paper)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("recall of short prefixes")
    axes.set_ylabel("precision of short prefixes")
    return lines


def _discriminator(
    axes: Axes, points: pd.DataFrame, table: Table, styles: Mapping[str, Style], paper: Paper
) -> dict[str, Line2D]:
    """Draw the accuracy of each arm's discriminator by round, and the Bayes accuracy at the end as a dotted line."""
    if points.empty:
        axes.set_axis_off()
        return {}
    lines = panel(axes, points, styles, paper)
    axes.axhline(0.5, color="0.5", linewidth=0.9, zorder=0)
    for row in table.rows:
        entry = row.scores.get(BAYES)
        if entry and entry.mean is not None and row.label in set(points["label"]):
            axes.axhline(entry.mean, color=styles[row.label].colour, linestyle=":", linewidth=1.3, zorder=0)
    axes.set_ylim(0.4, 1.02)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("round")
    axes.set_ylabel("held-out accuracy")
    return lines


def _lines(
    axes: Axes, xs: pd.DataFrame, ys: pd.DataFrame, styles: Mapping[str, Style], paper: Paper
) -> dict[str, Line2D]:
    """Draw a line per arm: one profile against another, as means over seeds; return label -> line."""
    lines: dict[str, Line2D] = {}
    for label, x, y in pairs(xs, ys, styles):
        look = styles[label]
        (lines[label],) = axes.plot(
            x, y, color=look.colour, linestyle=look.dash, marker=look.marker, markersize=MARKER, linewidth=1.2,
            label=paper.row(label), markevery=every_few(len(x), len(lines)),
        )  # fmt: skip
    return lines


def _calibration(
    axes: Axes, found: Mapping[str, pd.DataFrame], styles: Mapping[str, Style], paper: Paper
) -> dict[str, Line2D]:
    """Draw a line per arm: the oracle's mean probability against the generator's, by group, as means over seeds."""
    lines = _lines(axes, found["calibration_q"], found["calibration_p"], styles, paper)
    for axis, set_scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
        set_scale("log")
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    axes.set_xlim(LEAST, 1)
    axes.set_ylim(LEAST, 1)
    axes.axline((1e-3, 1e-3), (1, 1), **DOTTED)
    axes.set_xlabel("generator's probability")
    axes.set_ylabel("oracle's mean probability")
    return lines


def _scale(axes: Axes, found: pd.DataFrame) -> None:
    """Fit the scale to the means of all arms. The interval of few seeds can be far wider; it is cut."""
    means = found.groupby(["label", "x"])["value"].mean()
    if len(means) and (spread := means.max() - means.min()) > 0:
        axes.set_ylim(means.min() - 0.3 * spread, means.max() + 0.3 * spread)


def pairs(
    xs: pd.DataFrame, ys: pd.DataFrame, labels: Mapping[str, object]
) -> Iterator[tuple[str, Sequence[float], Sequence[float]]]:
    """Yield each arm with the means over seeds of two profiles, in their order, where both are above 0."""
    keys = ["run_id", "label", "x"]
    both = xs.merge(ys, on=keys, suffixes=("_x", "_y"))
    for label in labels:
        mine = both[(both["label"] == label) & (both["value_x"] > 0) & (both["value_y"] > 0)]
        if len(mine):
            means = mine.sort_values(keys).groupby("x")[["value_x", "value_y"]].mean()
            yield label, means["value_x"].tolist(), means["value_y"].tolist()

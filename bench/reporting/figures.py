"""Draw learning curves: the paper's Figure 2 for the oracle task, the same picture of the headline for others."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from bench.judging import statistics
from bench.plugins.reference import base
from bench.reporting import grids
from bench.reporting.paper import Paper
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

BESIDE = "nll_test"  # the second panel shows what the headline hides
COLOURS = ("#8c564b", "#e69f00", "#cc79a7", "#d55e00", "#009e73", "#56b4e9", "#0072b2", "#7f7f7f", "#000000")
DASHES = ("-", "--", "-.")
UNFINISHED = ":"


def caption(table: Table) -> str:
    """Return the caption of the figure."""
    number = f"{table.spec.figure}: " if table.spec.figure else ""
    drawn = " and ".join(column.name for column in table.columns if column.metric in metrics(table))
    return (
        f"{number}{drawn} against generator epochs (passes over the training data, then rounds of the policy "
        f"gradient), {grids.title(table)}: mean over finished seeds, band: 95 % interval; dotted: a run that did not "
        "finish; dashed upright line: where the last generator phase begins (pre-training ends). The scale is that of "
        "trained models."
    )


def metrics(table: Table) -> list[str]:
    """Return the metrics whose curves `draw` needs: the headline and the metric of the second panel."""
    columns = [column.metric for column in table.columns]
    return list(dict.fromkeys([*columns[:1], *(metric for metric in columns if metric == BESIDE)]))


def draw(table: Table, curves: Mapping[str, pd.DataFrame], paper: Paper) -> dict[str, bytes] | None:
    """Return the picture as {"pdf": ..., "png": ...}, the same bytes for the same curves; None if there is no curve.

    `curves`: metric -> Tracker.curves of it.
    """
    with style():
        figure = make_figure(table, curves, paper)
        return {kind: rendered(figure, kind) for kind in ("pdf", "png")} if figure else None


def make_figure(table: Table, curves: Mapping[str, pd.DataFrame], paper: Paper) -> Figure | None:
    """Return the figure: a panel for each metric that has a curve, and one legend; None if no metric has."""
    panels = {metric: shown(curves[metric], table, metric) for metric in metrics(table)}
    panels = {metric: points for metric, points in panels.items() if len(points)}
    if not panels:
        return None
    from matplotlib.figure import Figure

    names = {column.metric: column.name for column in table.columns}
    labels = sorted({label for points in panels.values() for label in points["label"]}, key=paper.rank)
    styles, lines = styles_of(labels, paper), dict[str, "Line2D"]()
    with style():
        figure = Figure(figsize=(4.6 * len(panels), 3.8), layout="constrained")
        every = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (metric, points) in zip(every, panels.items(), strict=True):
            lines |= panel(axes, points, styles, paper)
            _scale(axes, points)
            for x in _boundaries(table.runs):
                axes.axvline(x, color="0.5", linestyle="--", linewidth=0.9, zorder=0)
            axes.set_xlabel("generator epochs")
            axes.set_ylabel(names[metric])
        if grids.is_sample(table):  # a figure may be copied without its caption
            figure.suptitle("SAMPLE CORPUS", color="#b3261e", fontweight="bold")
        legend(figure, [lines[label] for label in labels])
    return figure


def style() -> AbstractContextManager[None]:
    """Return the look of every figure: small letters, no frame, Type 42 fonts, no mathematics in a label with $."""
    import matplotlib as mpl

    return mpl.rc_context(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.parse_math": False,
            "pdf.fonttype": 42,
        }
    )


def legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Name every line once, below all panels."""
    names = [grids.folded(str(line.get_label())) for line in handles]
    ncols = 4 if max(map(len, names)) <= grids.NAME_WIDTH else 2
    figure.legend(handles=handles, labels=names, loc="outside lower center", ncols=ncols, frameon=False)


def shown(points: pd.DataFrame, table: Table, metric: str) -> pd.DataFrame:
    """Return the points of runs whose score is in the column (marked `done`), and of runs without a score yet."""
    runs = table.runs
    done = set(runs["run_id"][(runs["status"] == "done") & (runs["metric"] == metric)])
    others = set(runs["run_id"][runs["status"] != "done"])
    kept = points[points["run_id"].isin(done | others)]
    return kept.assign(done=kept["run_id"].isin(done))


def styles_of(labels: Sequence[str], paper: Paper) -> dict[str, tuple[str, str]]:
    """Return label -> colour and dash. No two are alike while there are enough.

    An arm of the paper looks the same in every figure. A variant has the colour of its base and another dash.
    """
    arms = [*reversed(paper.order), *sorted({base(label) for label in labels} - set(paper.order))]
    styles: dict[str, tuple[str, str]] = {}
    for label in sorted(labels, key=lambda label: label != base(label)):  # arms get their styles before variants do
        around, place = divmod(arms.index(base(label)), len(COLOURS))
        turn = (around + (label != base(label))) % len(DASHES)
        own = [(COLOURS[place], dash) for dash in (*DASHES[turn:], *DASHES[:turn])]
        free = [pair for pair in (*own, *product(COLOURS, DASHES)) if pair not in styles.values()]
        styles[label] = (free or own)[0]
    return {label: styles[label] for label in labels}


def panel(axes: Axes, points: pd.DataFrame, styles: Mapping[str, tuple[str, str]], paper: Paper) -> dict[str, Line2D]:
    """Draw a line for each arm that has this curve and for each run that did not finish; a single point is a dot."""
    lines: dict[str, Line2D] = {}
    for index, (label, (colour, dash)) in enumerate(styles.items()):
        mine = points[points["label"] == label]
        if mine.empty:  # for example no NLL_test without log_prob
            continue
        above = 3 - index / 100  # the first arms, which are the paper's, cover the controls
        draw = partial(axes.plot, color=colour, label=paper.row(label))
        for _, run in mine[~mine["done"]].sort_values(["seed", "x"]).groupby("run_id", sort=False):
            dot = "." if len(run) == 1 else None
            (lines[label],) = draw(run["x"], run["value"], UNFINISHED, linewidth=2.2, marker=dot, zorder=above + 1)
        if mine["done"].any():
            xs, means, lows, highs = zip(*over_seeds(mine[mine["done"]]), strict=True)
            dot = "o" if len(xs) == 1 else None
            (lines[label],) = draw(xs, means, dash, linewidth=1.3, marker=dot, zorder=above)
            axes.fill_between(xs, lows, highs, color=colour, alpha=0.18, linewidth=0)
    return lines


def _scale(axes: Axes, points: pd.DataFrame) -> None:
    """Fit the scale to trained models. With the untrained one, far off, all arms would look like one line."""
    trained = points["value"][points["x"] > 0]
    if len(trained) and (spread := trained.max() - trained.min()) > 0:
        axes.set_ylim(trained.min() - 0.05 * spread, trained.max() + 0.05 * spread)


def over_seeds(points: pd.DataFrame) -> Iterator[tuple[int, float, float, float]]:
    """Yield x, the mean over seeds, and the bounds of its interval. Without an interval, both bounds are the mean."""
    for x, group in points.groupby("x"):
        interval = statistics.mean_interval(group.sort_values("seed")["value"])
        low = interval.value if interval.low is None else interval.low
        high = interval.value if interval.high is None else interval.high
        yield int(str(x)), interval.value, low, high


def _boundaries(runs: pd.DataFrame) -> list[int]:
    """Return the epochs at which the last of several generator phases begins, for all arms."""
    found = set()
    for text in set(runs["phases"]):
        trained: list[dict[str, Any]] = [phase for phase in json.loads(text) if phase.get("trains_generator")]
        if len(trained) > 1:
            found.add(int(trained[-1]["begins"]))
    return sorted(found)


def rendered(figure: Figure, kind: str) -> bytes:
    """Return the file's bytes without a creation date, so that the same figure gives the same bytes."""
    out = io.BytesIO()
    metadata = {"CreationDate": None} if kind == "pdf" else {"Software": None}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a character that the font lacks is drawn as a box
        figure.savefig(out, format=kind, dpi=200, metadata=metadata)
    return out.getvalue()

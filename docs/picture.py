"""Draw the picture of the README, a table and its learning curves, from the measured values in reports/results.

python docs/picture.py [FILE]        # default: docs/img/table-and-figure.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.judging.statistics import mean_interval
from bench.reporting.figures import COLOURS
from bench.reporting.paper import Paper, paper

HOUSE = Path(__file__).parent.parent
MEASURED = HOUSE / "reports" / "results" / "official-oracle"
METRICS = ("nll_oracle", "nll_test", "forward_kl", "reverse_kl")
LEAN = "SeqGAN, lean"
PRE_TRAINING = 120  # generator epochs


def load(name: str) -> pd.DataFrame:
    """Return runs.csv or curves.csv without the unfinished run; the lean SeqGAN has its short name."""
    frame = pd.read_csv(MEASURED / name)
    frame = frame[frame["label"] != "seqgan"]
    return frame.assign(label=frame["label"].where(~frame["label"].str.startswith("seqgan["), LEAN))


def cell(values: pd.Series[float]) -> str:
    """Return the mean and, where seeds differ, the half-width of its 95 % interval."""
    found = mean_interval(values)
    half = 0.0 if found.high is None else found.high - found.value
    return f"{found.value:.3f} ± {half:.3f}" if half >= 0.0005 else f"{found.value:.3f}"


def rows(runs: pd.DataFrame, names: Paper) -> dict[str, list[str]]:
    """Return the printed cells of each row, in the order of the paper's table."""
    labels = sorted(set(runs["label"]), key=lambda label: names.rank("seqgan" if label == LEAN else label))
    scored = runs.set_index(["label", "metric"])["value"].groupby(level=[0, 1])
    printed = scored.apply(cell)
    return {label: [printed[label, metric] for metric in METRICS] for label in labels}


def colour(label: str, names: Paper) -> str:
    """Return the colour that the arm has in every figure of `bench report`."""
    arms = list(reversed(names.order))
    return COLOURS[arms.index("seqgan" if label == LEAN else label) % len(COLOURS)]


def draw_table(axes: Axes, runs: pd.DataFrame, names: Paper) -> None:
    """Print the table into the axes."""
    printed = rows(runs, names)
    heads = [f"{names.metrics[metric].name} ↓" for metric in METRICS]
    labels = [label if label == LEAN else names.row(label) for label in printed]
    table = axes.table(
        list(printed.values()), rowLabels=labels, colLabels=heads, loc="center", cellLoc="right", edges="horizontal"
    )
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    table.scale(1, 1.45)
    axes.axis("off")


def draw_curves(axes: Axes, curves: pd.DataFrame, metric: str, names: Paper) -> None:
    """Draw the mean over seeds of each arm with its 95 % band."""
    for label, points in curves[curves["metric"] == metric].groupby("label"):
        by_x = [(x, mean_interval(group["value"])) for x, group in points.groupby("x") if x > 0]
        xs = [x for x, _ in by_x]
        name = label if label == LEAN else names.row(label)
        axes.plot(xs, [found.value for _, found in by_x], color=colour(label, names), linewidth=1.3, label=name)
        ends = [(found.low or found.value, found.high or found.value) for _, found in by_x]
        axes.fill_between(xs, *zip(*ends, strict=True), color=colour(label, names), alpha=0.15, linewidth=0)
    axes.axvline(PRE_TRAINING, color="0.5", linestyle="--", linewidth=0.9, zorder=0)
    axes.set_ylabel(names.metrics[metric].name)
    axes.set_xlabel("generator epochs")


def main(out: Path) -> None:
    """Write the picture, the same bytes for the same values and versions."""
    names, runs, curves = paper(), load("runs.csv"), load("curves.csv")
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(style):
        figure = Figure(figsize=(11, 7), layout="constrained")
        panels = figure.subplot_mosaic([["table", "table"], ["nll_oracle", "nll_test"]], height_ratios=[1.1, 1])
        draw_table(panels["table"], runs, names)
        for metric in METRICS[:2]:
            draw_curves(panels[metric], curves, metric, names)
        handles, labels = panels["nll_oracle"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False)
        figure.savefig(out, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HOUSE / "docs" / "img" / "table-and-figure.png")

"""Draw learning curves: the paper's Figure 2 for the oracle task, the same picture of the headline for others."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, count
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.judging import statistics
from bench.plugins.reference import base
from bench.reporting import end_labels, grids, legends
from bench.reporting.paper import Paper
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

BESIDE = "nll_test"  # the second panel shows what the headline hides
WIDE, NARROW = 6.9, 3.3  # inches: both columns of a paper, and one
LABELLED = 2.8  # inches: a narrower panel has no room for names at the ends of its lines
COLOURS = ("#8c564b", "#e69f00", "#cc79a7", "#d55e00", "#009e73", "#56b4e9", "#0072b2", "#7f7f7f", "#000000")
DASHES = ("-", "--", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "<", "X", ">", "*")
MARKED = 6  # markers on a curve, about
UNFINISHED = ":"
MARKER = 4.0  # points
SHORT = 18  # characters of a name at the end of a line
METADATA = {"pdf": {"CreationDate": None}, "png": {"Software": None}, "svg": {"Date": None}}
KINDS = tuple(METADATA)
"""The formats of a picture."""


class Style(NamedTuple):
    """The look of an arm's line."""

    colour: str
    dash: str
    marker: str


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


def draw(
    table: Table, curves: Mapping[str, pd.DataFrame], paper: Paper, width: float = WIDE
) -> dict[str, bytes] | None:
    """Return the picture as {"pdf": ..., "png": ..., "svg": ...}; None if there is no curve.

    The same curves give the same bytes. `curves`: metric -> Tracker.curves of it. `width` is in inches.
    """
    with style():
        figure = make_figure(table, curves, paper, width)
        return {kind: rendered(figure, kind) for kind in KINDS} if figure else None


def make_figure(table: Table, curves: Mapping[str, pd.DataFrame], paper: Paper, width: float = WIDE) -> Figure | None:
    """Return the figure with a panel for each metric that has a curve; None if no metric has.

    A wide figure has its panels side by side, a narrow one has them one above the other.
    """
    panels = {metric: shown(curves[metric], table, metric) for metric in metrics(table)}
    panels = {metric: points for metric, points in panels.items() if len(points)}
    if not panels:
        return None
    names = {column.metric: column.name for column in table.columns}
    labels = sorted({label for points in panels.values() for label in points["label"]}, key=paper.rank)
    styles = styles_of(labels, paper)
    lines = []
    with style():
        figure, every = canvas(width, len(panels))
        for axes, (metric, points) in zip(every, panels.items(), strict=True):
            lines.append(panel(axes, points, styles, paper))
            _scale(axes, points)
            for x in boundaries(table.runs):
                axes.axvline(x, color="0.5", linestyle="--", linewidth=0.9, zorder=0)
            axes.set_xlabel("generator epochs")
            axes.set_ylabel(names[metric])
        finish(figure, every, lines, short_names(labels, paper), sample=grids.is_sample(table))
    return figure


def canvas(width: float, panels: int, height: float = 2.5, across: int = 0) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels: `across` of them (0: all) in a row of a wide figure, one in that of a narrow one.

    There may be more panels than asked for, to fill the last row. `width` and `height`, of a row, are in inches.
    """
    from matplotlib.figure import Figure

    columns = min(panels, across or panels) if width > NARROW else 1
    rows = -(-panels // columns)
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def finish(
    figure: Figure,
    every: Sequence[Axes],
    lines: Sequence[Mapping[str, Line2D]],
    names: Mapping[str, str],
    *,
    sample: bool,
) -> None:
    """Name the lines, label -> line for each panel: at their ends if there is room, else in a legend below.

    Names that are too long for an end are short there, and the legend says what they stand for.
    """
    if sample:  # a figure may be copied without its caption
        figure.suptitle("SAMPLE CORPUS", color="#b3261e", fontweight="bold")
    handles = {label: line for found in reversed(lines) for label, line in found.items()}
    whole = {label: str(handles[label].get_label()) for label in names if label in handles}
    if not has_room(figure, every, lines):
        legends.below(figure, [handles[label] for label in whole], list(whole.values()))
        return
    short = [label for label, name in whole.items() if names[label] != name]
    legends.below(figure, [handles[label] for label in short], [f"{names[label]}: {whole[label]}" for label in short])
    for axes, found in zip(every, lines, strict=True):
        end_labels.name_ends(axes, {label: names[label] for label in found}, found)
    end_labels.spread(figure, every)


def has_room(figure: Figure, every: Sequence[Axes], lines: Sequence[Mapping[str, Line2D]]) -> bool:
    """Return whether each panel is wide and high enough for names at the ends of its lines."""
    columns = len({axes.get_position().x0 for axes in every})
    if figure.get_figwidth() / columns < LABELLED:
        return False
    return end_labels.fit(figure, every, [len(found) for found in lines])


def style() -> AbstractContextManager[None]:
    """Return the look of every figure: small letters, no frame, Type 42 fonts, no mathematics in a label with $."""
    import matplotlib as mpl

    return mpl.rc_context(
        {
            "font.size": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.parse_math": False,
            "pdf.fonttype": 42,
            "svg.hashsalt": "bench",
            "lines.markeredgewidth": 0,
        }
    )


def short_names(labels: Sequence[str], paper: Paper) -> dict[str, str]:
    """Return label -> a name for the end of its line, all different: the row's own name, if that is short enough."""
    names: dict[str, str] = {}
    for label in labels:
        name = paper.row(label)
        if len(name) > SHORT:
            stem = paper.row(base(label))[: SHORT - 3]
            letters = (f"{stem} {letter}" for letter in chain(ascii_lowercase, count(1)))
            name = next(short for short in letters if short not in names.values())
        names[label] = name
    return names


def shown(points: pd.DataFrame, table: Table, metric: str) -> pd.DataFrame:
    """Return the points of runs whose score is in the column (marked `done`), and of runs without a score yet."""
    runs = table.runs
    done = set(runs["run_id"][(runs["status"] == "done") & (runs["metric"] == metric)])
    others = set(runs["run_id"][runs["status"] != "done"])
    kept = points[points["run_id"].isin(done | others)]
    return kept.assign(done=kept["run_id"].isin(done))


def styles_of(labels: Sequence[str], paper: Paper) -> dict[str, Style]:
    """Return label -> style. No two have the same dash and marker while there are enough, so that colour is no key.

    An arm of the paper looks the same in every figure. A variant has the colour of its base.
    """
    arms = [*reversed(paper.order), *sorted({base(label) for label in labels} - set(paper.order))]
    styles: dict[str, Style] = {}
    for label in sorted(labels, key=lambda label: label != base(label)):  # arms get their styles before variants do
        place = arms.index(base(label))
        colour = COLOURS[place % len(COLOURS)]
        own = Style(colour, DASHES[place // len(COLOURS) % len(DASHES)], MARKERS[place % len(MARKERS)])
        others = (Style(colour, dash, marker) for marker in _turned(MARKERS, place) for dash in DASHES)
        used = {(style.dash, style.marker) for style in styles.values()}
        free = (style for style in (own, *others) if (style.dash, style.marker) not in used)
        styles[label] = next(free, own)
    return {label: styles[label] for label in labels}


def _turned(found: Sequence[str], place: int) -> list[str]:
    return [found[(place + step) % len(found)] for step in range(len(found))]


def panel(axes: Axes, points: pd.DataFrame, styles: Mapping[str, Style], paper: Paper) -> dict[str, Line2D]:
    """Draw a line for each arm that has this curve and for each run that did not finish; return label -> line."""
    lines: dict[str, Line2D] = {}
    for index, (label, look) in enumerate(styles.items()):
        mine = points[points["label"] == label]
        if mine.empty:  # for example no NLL_test without log_prob
            continue
        above = 3 - index / 100  # the first arms, which are the paper's, cover the controls
        draw = partial(axes.plot, color=look.colour, label=paper.row(label), marker=look.marker, markersize=MARKER)
        for _, run in mine[~mine["done"]].sort_values(["seed", "x"]).groupby("run_id", sort=False):
            marks = every_few(len(run), index)
            (lines[label],) = draw(run["x"], run["value"], linestyle=UNFINISHED, markevery=marks, zorder=above + 1)
        if mine["done"].any():
            xs, means, lows, highs = zip(*over_seeds(mine[mine["done"]]), strict=True)
            marks = every_few(len(xs), index)
            (lines[label],) = draw(xs, means, linestyle=look.dash, linewidth=1.2, markevery=marks, zorder=above)
            axes.fill_between(xs, lows, highs, color=look.colour, alpha=band(len(styles)), linewidth=0)
    return lines


def band(lines: int) -> float:
    """Return the opacity of a band: less if there are many, so that the lines can be seen through all."""
    return 0.18 * min(1.0, 6 / lines)


def every_few(points: int, index: int) -> tuple[int, int]:
    """Return the first marked point and the step to the next: about MARKED marks, at other points for each arm."""
    step = max(1, points // MARKED)
    return index % step, step


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


def boundaries(runs: pd.DataFrame) -> list[int]:
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
    metadata = METADATA[kind]
    with end_labels.missing_letters_as_boxes():
        figure.savefig(out, format=kind, dpi=200, metadata=metadata)
    return out.getvalue()

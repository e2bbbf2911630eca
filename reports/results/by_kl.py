"""Print the rows of result folders ordered by forward KL, and test one row, by default the nearest, against each other.

`python reports/results/by_kl.py FOLDER... [--reference ROW]` reads FOLDER/runs.csv; a run that stands in two folders
counts once. The tests are Welch's and the permutation test, unpaired, with the seed as the unit. Each is adjusted by
Holm's method over its column. They fit a row that shares no start with the others, as `mle-regularised` does not. The
verdict goes by the permutation p.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.judging.pair_verdict import pair_verdict
from bench.judging.statistics import holm, mean_interval, permutation, welch

METRICS = ("forward_kl", "reverse_kl")
TESTS = {"Welch": welch, "permutation": permutation}


def read(folders: Sequence[Path]) -> pd.DataFrame:
    """Return a row for each finished run, indexed by label, with its KLs in nats a token."""
    runs = pd.concat([pd.read_csv(folder / "runs.csv") for folder in folders]).drop_duplicates(["cell", "metric"])
    runs = runs[(runs["status"] == "done") & runs["metric"].isin(METRICS)]
    runs = runs.assign(value=pd.to_numeric(runs["value"]))
    wide = runs.pivot(index=["label", "seed", "cell"], columns="metric", values="value")
    return wide.reset_index(["seed", "cell"], drop=True)


def mean(values: pd.Series) -> str:
    """Return the mean over seeds, with the half-width of its 95 % interval if there is one."""
    value, low, high = mean_interval(values)
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ± {(high - low) / 2:.3f}"


def main(folders: Sequence[Path], reference: str | None = None) -> None:
    """Print one line a row, and the tests of the reference (default: the nearest row) against it."""
    runs = read(folders)
    order = [label for label in runs.groupby("label")["forward_kl"].mean().sort_values().index if label != "real"]
    best = reference or order[0]
    others = [label for label in order if label != best]
    p = {(metric, test): _adjusted(runs, best, others, metric, test) for metric in METRICS for test in TESTS}
    for label in order:
        values = {metric: _of(runs, label, metric) for metric in METRICS}
        print(
            f"{label} ({len(values['forward_kl'])} runs): KL {' / '.join(mean(values[metric]) for metric in METRICS)}"
        )
        for metric in METRICS if label != best else ():
            exact, family = p[metric, "permutation"][label], len(others)
            told = pair_verdict(_of(runs, best, metric), values[metric], "lower", by_seed=False, p=exact, family=family)
            said = ", ".join(f"{_digits(p[metric, test][label])} {test}" for test in TESTS)
            print(f"  {metric} of {best}: {told}; p {said}")


def _adjusted(runs: pd.DataFrame, best: str, others: Sequence[str], metric: str, test: str) -> dict[str, float | None]:
    """Return row -> p of the nearest row against it, after Holm."""
    found = [TESTS[test](_of(runs, best, metric), _of(runs, label, metric)) for label in others]
    return dict(zip(others, holm(found), strict=True))


def _digits(p: float | None) -> str:
    return "-" if p is None else f"{p:.2g}"


def _of(runs: pd.DataFrame, label: str, metric: str) -> pd.Series:
    return runs.loc[[label], metric]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--reference")
    given = parser.parse_args()
    main(given.folders, given.reference)

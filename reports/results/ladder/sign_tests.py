"""Print the ladder's means, and two-sided sign tests over its rungs, adjusted by Holm's method, from ladder.csv."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from bench.judging.statistics import holm

NOTHING = "[adversarial_rate=0.01,mle_epochs=0]"
"""The end of the labels of arms that skip the pre-training."""
ARMS = ("ngram", "mle", "seqgan", "random-reward", "constant-reward")
ARMS += tuple(f"{arm}{NOTHING}" for arm in ARMS[2:])
PAIRS = (
    (f"seqgan{NOTHING}", f"random-reward{NOTHING}"),
    (f"seqgan{NOTHING}", f"constant-reward{NOTHING}"),
    (f"seqgan{NOTHING}", "mle"),
    ("random-reward", "mle"),
    ("constant-reward", "mle"),
    ("seqgan", "random-reward"),
    ("seqgan", "constant-reward"),
    ("seqgan", "mle"),
)


def main() -> None:
    """Print one line a rung, then one line a pair of arms: on how many rungs the first is nearer, and its p."""
    points = pd.read_csv(Path(__file__).with_name("ladder.csv"))
    means = points.pivot(index="dataset", columns="label", values="mean")[list(ARMS)].dropna()
    runs = points[points["label"].isin(ARMS)].groupby("dataset")["runs"].agg(["min", "max"])
    for dataset in dict.fromkeys(points["dataset"]):
        if dataset in means.index:
            least, most = runs.loc[dataset]
            print(dataset, f"{least}-{most} runs", *(f"{value:.4f}" for value in means.loc[dataset]))
    nearer = [int((means[one] < means[other]).sum()) for one, other in PAIRS]
    adjusted = holm([binomtest(count, len(means)).pvalue for count in nearer])
    for (one, other), count, p in zip(PAIRS, nearer, adjusted, strict=True):
        print(f"{one} nearer than {other}: {count} of {len(means)} rungs, p = {p:.2g}")


if __name__ == "__main__":
    main()

"""Train discriminators against the finished `mle` of seed 0, and print their accuracy as trained and on held-out data.

`python reports/results/informed/accuracy.py`, in the folder of the runs, with BENCH_DATA. About two CPU minutes.
"""

from __future__ import annotations

from pathlib import Path

import torch

from bench.records import revive
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.models.text_cnn import TextCNN
from bench.toolkit.training import discriminator
from bench.toolkit.training.optimiser import adam

BATCH, UPDATES, STEPS = 64, 60, 30
"""Sequences a minibatch, minibatches on one set of negatives, and the number of such sets."""
HELD_OUT = 2_000
TRIED = ((1e-3, 0.25), (1e-3, 0.1), (5e-3, 0.1))
"""Adam rate, and the share of the published filters."""


def main() -> None:
    """Print one line for each of TRIED."""
    torch.set_num_threads(1)
    record = RunsFolder(Path("runs")).find_one("mle", "oracle", seed=0)
    opened = revive.reopen(record.cell, Corpora.from_environment("published"))
    model = revive.generator(record, opened)
    train, valid = torch.as_tensor(opened.data.train), torch.as_tensor(opened.data.valid[:HELD_OUT])
    for rate, filters in TRIED:
        rng = torch.Generator().manual_seed(0)
        judge = TextCNN(len(opened.data.vocabulary), opened.data.length, filters=filters).reset(rng)
        optimiser, facts = adam(judge, rate), {}
        for _ in range(STEPS):
            real = train[torch.randperm(len(train), generator=rng)[: UPDATES * BATCH // 2]]
            fake = model.sample(len(real), rng=rng)
            facts = discriminator.epoch(judge, optimiser, real, fake, batch=BATCH, rng=rng)
        held_out = discriminator.held_out_accuracy(judge, valid, model, rng)
        print(
            f"rate {rate}, filters {filters}: {facts['accuracy']:.2f} as trained, {held_out:.3f} held out, "
            f"after {STEPS * UPDATES:,} minibatches"
        )


if __name__ == "__main__":
    main()

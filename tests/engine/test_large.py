"""Large corpora and many samples in bounded memory, measured on processes of their own, with --log-cli-level=INFO told.

Memory is the sum of the proportional set sizes (PSS): a page that processes share counts once in all.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="the system has no /proc/PID/smaps_rollup"),
]
GB = 10**9
PRESET = """
[run]
seeds = 1
[evaluation]
samples = 1000
curve_samples = 50
[defaults]
embedding = 8
hidden = 8
mle_epochs = 0
"""
JUDGE = """
import sys
from bench.contracts.seeding import torch_rng
from bench.judging.evaluator import Evaluator
from bench.plugins import loading
from bench.plugins.open_dataset import open_dataset
from bench.toolkit.corpora.fetch import Corpora
import torch
name, arm, knobs = sys.argv[1], sys.argv[2], eval(sys.argv[3])
opened = open_dataset(name, knobs, name, Corpora.from_environment("sample"))
cls = loading.load("bench.baselines", arm)
generator = cls(opened.data, cls.Settings(), torch.device("cpu"), torch_rng(0)).generator
judged = Evaluator.of(opened, "last").judge(generator, 100_000, torch_rng(1))
assert len(judged.samples) == 100_000, len(judged.samples)
"""


def pss(pid: int) -> int:
    """Return the bytes that a process holds, its part of what it shares; 0 if it is gone."""
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        return 1024 * int(found[1]) if found else 0
    return 0


def most_memory(command: Sequence[str], folder: Path) -> int:
    """Run a command to its end; return the most bytes that it and its children held together."""
    environment = {**os.environ, "BENCH_DATA": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
        most = 0
        while process.poll() is None:
            with suppress(psutil.Error, subprocess.TimeoutExpired):
                family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
                most = max(most, sum(map(pss, family)))
                process.wait(0.2)
        said.seek(0)
        assert process.returncode == 0, said.read()
    logging.getLogger(__name__).info("%.2f GB: %s", most / GB, " ".join(command[-3:])[:80])
    return most


def write_corpus(path: Path, lines: int) -> None:
    """Write lines of 8 to 24 words of 20,000, whose frequencies follow Zipf's law."""
    rng = np.random.default_rng(0)
    chances = 1 / np.arange(1, 20_001)
    with path.open("w") as file:
        for _ in range(0, lines, 10_000):
            lengths = rng.integers(8, 25, 10_000)
            words = rng.choice(20_000, lengths.sum(), p=chances / chances.sum())
            parts = np.split(words, lengths.cumsum()[:-1])
            file.writelines(" ".join(f"w{word}" for word in part) + "\n" for part in parts)


def test_a_corpus_of_a_million_lines_and_two_jobs_fit_into_2_5_gb(tmp_path: Path) -> None:
    write_corpus(tmp_path / "lines.txt", 1_000_000)
    (tmp_path / "preset.toml").write_text(PRESET)
    arms = [word for arm in ("random-unigram", "random-uniform", "mle") for word in ("-b", arm)]
    bench = [sys.executable, "-m", "bench", "run", *arms, "-d", "text:lines.txt", "--preset", "preset.toml"]
    assert most_memory([*bench, "--jobs", "2"], tmp_path) < 2.5 * GB


@pytest.mark.parametrize(
    ("dataset", "arm", "knobs"),
    [
        ("oracle", "mle", {"train": 1024, "valid": 100_000, "test": 1000}),
        ("markov", "ngram", {"train": 1024, "valid": 100_000, "test": 1000}),
        ("text", "random-unigram", {"file": "lines.txt", "valid": 100_000, "test": 1000}),
    ],
)
def test_a_hundred_thousand_samples_are_judged_in_1_gb(
    tmp_path: Path, dataset: str, arm: str, knobs: dict[str, object]
) -> None:
    if dataset == "text":
        write_corpus(tmp_path / "lines.txt", 510_000)
    assert most_memory([sys.executable, "-c", JUDGE, dataset, arm, str(knobs)], tmp_path) < GB

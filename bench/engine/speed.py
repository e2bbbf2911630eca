"""Time the stages of training and judging at the official sizes, on the user's own machine.

The sizes: vocabulary 5,000, T = 20, generator 32/32, minibatches of 64, discriminator of 1,720 filters, 16 rollouts.
Each stage runs several times, and the median counts. A run during which other processes use the processors is repeated.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
import torch

from bench.contracts.seeding import numpy_rng, torch_rng
from bench.engine.estimate import BATCH, LENGTH, MANY, ROLLOUTS, TRAIN, VOCABULARY, StageTime
from bench.toolkit.metrics.bleu import BleuIndex
from bench.toolkit.metrics.self_bleu import self_statistics
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.rollout import rollout_rewards
from bench.toolkit.models.text_cnn import KERNELS, TextCNN
from bench.toolkit.training import discriminator, policy_gradient, teacher_forcing
from bench.toolkit.training.optimiser import adam

SIZE = 32
ORDERS = (2, 3, 4, 5)
FEW = 2  # sequences for NLTK, which is slow
FOREIGN = 0.15  # a run is repeated if other work takes more cores than this
LEAST = 0.3  # least seconds of a run; the system counts others' time in hundredths
TOKEN_FLOP = 2 * (2 * SIZE * 4 * SIZE + SIZE * VOCABULARY)  # of one LSTM step and its logits
HIGHWAY_FLOP = 4 * sum(KERNELS.values()) ** 2  # of one sequence, in one direction
JUDGE_FLOP = 2 * 64 * sum(k * n * (LENGTH - k + 1) for k, n in KERNELS.items()) + HIGHWAY_FLOP
TABLES_FLOP = 2 * 64 * VOCABULARY * sum(k * n for k, n in KERNELS.items())  # of all tokens, instead of convolutions


@dataclass(frozen=True)
class Stage:
    """Something to time: the unit and the count of what it makes, and `flop`, the multiplications and additions that
    its products of dense matrices need (None if it has none)."""

    key: str
    title: str
    unit: str
    count: int
    flop: float | None
    prepare: Callable[[torch.device], Callable[[], object]]


@dataclass
class Timing:
    """The seconds of each run that counts, the cores that other work took meanwhile, and the number of repeats."""

    stage: Stage
    seconds: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    discarded: int = 0

    @property
    def median(self) -> float:
        """Return the median seconds."""
        return statistics.median(self.seconds)

    def measured(self, peak: float) -> StageTime:
        """Return values for --json, with the rate in units per second and the share of the measured sgemm peak."""
        flop = self.stage.flop
        return {
            "stage": self.stage.title,
            "seconds": self.median,
            "runs": self.seconds,
            "rate": self.stage.count / self.median,
            "unit": self.stage.unit,
            "peak_share": flop / self.median / peak if flop else None,
            "foreign_cores": max(self.foreign),
            "discarded": self.discarded,
        }


def measure(stage: Stage, device: torch.device, runs: int, timed: Callable[[], object] = lambda: None) -> Timing:
    """Time a stage: one warm-up, then `runs` runs. At most 2 * `runs` are repeated if others use the processors.

    `timed` is called after each run that counts.
    """
    work = stage.prepare(device)
    work()
    timing = Timing(stage)
    spare = 2 * runs
    while len(timing.seconds) < runs:
        seconds, foreign = _time(work, device, LEAST)
        if foreign > FOREIGN and spare > 0:
            spare, timing.discarded = spare - 1, timing.discarded + 1
            continue
        timing.seconds.append(seconds)
        timing.foreign.append(round(foreign, 3))
        timed()
    return timing


def sgemm_peak(device: torch.device) -> float:
    """Return the multiplications and additions per second of a 2,048-square float32 product, the best of several."""
    left, right = torch.rand(2, 2048, 2048, generator=torch_rng("speed")).to(device)
    best = min(_time(lambda: left @ right, device)[0] for _ in range(8))
    return 2 * 2048**3 / best


def _time(work: Callable[[], object], device: torch.device, least: float = 0.0) -> tuple[float, float]:
    """Return the wall seconds of one call, the mean of as many as fill `least`, and the cores that others kept busy."""
    process = psutil.Process()
    _wait(device)
    own, busy, began = _own(process), _busy(), time.perf_counter()
    times, seconds = 0, 0.0
    while not times or seconds < least:
        work()
        _wait(device)
        times, seconds = times + 1, time.perf_counter() - began
    return seconds / times, max(0.0, (_busy() - busy - (_own(process) - own)) / seconds)


def _wait(device: torch.device) -> None:
    """Wait until the device has done its work: calls return before that."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _generator(device: torch.device) -> LSTM:
    model = LSTM(VOCABULARY, LENGTH, embedding=SIZE, hidden=SIZE, device=device)
    return model.reset(0.1, torch_rng("speed", device=device))


def _tokens(rows: int, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(numpy_rng("speed", rows).integers(0, VOCABULARY, (rows, LENGTH))).to(device)


def _sample(device: torch.device) -> Callable[[], object]:
    model, rng = _generator(device), torch_rng("speed", device=device)
    return lambda: model.sample(MANY, rng=rng)


def _mle(device: torch.device) -> Callable[[], object]:
    model, rng, rows = _generator(device), torch_rng("speed", device=device), _tokens(TRAIN, device)
    optimiser = adam(model, 1e-2)
    return lambda: teacher_forcing.epoch(model, optimiser, rows, batch=BATCH, rng=rng)


def _nll(device: torch.device) -> Callable[[], object]:
    model, rows = _generator(device), _tokens(MANY, device)
    return lambda: model.log_prob(rows)


def _discriminate(device: torch.device) -> Callable[[], object]:
    rng = torch_rng("speed", device=device)
    model = TextCNN(VOCABULARY, LENGTH, device=device).reset(rng)
    optimiser, real, fake = adam(model, 1e-4), _tokens(MANY, device), _tokens(MANY + 1, device)[1:]
    return lambda: discriminator.epoch(model, optimiser, real, fake, batch=BATCH, rng=rng)


def _reward(device: torch.device) -> Callable[[], object]:
    model, rng, rows = _generator(device), torch_rng("speed", device=device), _tokens(BATCH, device)
    judge = TextCNN(VOCABULARY, LENGTH, device=device).reset(rng)
    return lambda: rollout_rewards(model, rows, judge.real_probability, rollouts=ROLLOUTS, rng=rng)


def _step(device: torch.device) -> Callable[[], object]:
    model, rng = _generator(device), torch_rng("speed", device=device)
    optimiser, rewards = adam(model, 1e-2), torch.full((BATCH, LENGTH), 0.5, device=device)
    return lambda: policy_gradient.step(model, optimiser, model.sample(BATCH, rng=rng), rewards)


def captions(name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return 10,000 rows, (n, 24), about as long and repetitive as COCO captions: 8 to 14 Zipf words, then zeros."""
    rng = numpy_rng("speed", name)
    words = np.minimum(rng.zipf(1.35, (MANY, 24)), VOCABULARY - 1)
    lengths = rng.integers(8, 15, MANY)
    return np.where(np.arange(24) < lengths[:, None], words, 0)


def _bleu(device: torch.device) -> Callable[[], object]:
    references, hypotheses = captions("references"), captions("hypotheses")

    def work() -> None:
        found = BleuIndex(references, end=0).statistics(hypotheses)
        for order in ORDERS:
            found.sentence_scores(order, "method1")

    return work


def _self_bleu(device: torch.device) -> Callable[[], object]:
    hypotheses = captions("hypotheses")

    def work() -> None:
        found = self_statistics(hypotheses, end=0)
        for order in ORDERS:
            found.sentence_scores(order, "method1")

    return work


def _nltk(device: torch.device) -> Callable[[], object]:
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    kept = [captions(name).tolist() for name in ("references", "hypotheses")]
    references, hypotheses = ([[str(word) for word in row if word] for row in rows] for rows in kept)
    method1 = SmoothingFunction().method1

    def work() -> None:
        for hypothesis in hypotheses[:FEW]:
            for order in ORDERS:
                sentence_bleu(references, hypothesis, (1 / order,) * order, method1)

    return work


_ROLLED = BATCH * ROLLOUTS * LENGTH * (LENGTH - 1) // 2
_REWARD_FLOP = _ROLLED * TOKEN_FLOP + BATCH * (ROLLOUTS * (LENGTH - 1) + 1) * HIGHWAY_FLOP + TABLES_FLOP
STAGES = (
    Stage("a", "sample 10,000 sequences", "sequences", MANY, MANY * LENGTH * TOKEN_FLOP, _sample),
    Stage("b", "one MLE epoch, 9,984 sequences", "sequences", TRAIN, 3 * TRAIN * LENGTH * TOKEN_FLOP, _mle),
    Stage("c", "NLL of 10,000 sequences", "sequences", MANY, MANY * LENGTH * TOKEN_FLOP, _nll),
    Stage(
        "d", "one discriminator epoch, 20,000 sequences", "sequences", 2 * MANY, 6 * MANY * JUDGE_FLOP, _discriminate
    ),
    Stage("e", "rollout reward, 64 x 16 x 20", "tokens", _ROLLED, _REWARD_FLOP, _reward),
    Stage("f", "generator step without e", "steps", 1, 4 * BATCH * LENGTH * TOKEN_FLOP, _step),
    Stage("bleu", "BLEU-2..5, 10,000 against 10,000", "sequences", MANY, None, _bleu),
    Stage("self-bleu", "Self-BLEU-2..5 of 10,000", "sequences", MANY, None, _self_bleu),
    Stage("nltk", "BLEU-2..5 by NLTK, 2 against 10,000", "sequences", FEW, None, _nltk),
)

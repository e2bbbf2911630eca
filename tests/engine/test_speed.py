"""bench speed: which runs it repeats, what it reports, and that its stages do the stated work. Asserts no time."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from bench.cli.commands import speed as speed_command
from bench.cli.main import bench
from bench.contracts.cost import Sizes
from bench.contracts.errors import BenchError
from bench.engine import estimate, speed
from bench.planning import preset
from bench.plugins import loading as plugins
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.text_cnn import TextCNN

CPU = torch.device("cpu")


def stage(flop: float | None = 8e9) -> speed.Stage:
    return speed.Stage("x", "something", "things", 100, flop, lambda device: lambda: None)


def test_short_work_fills_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    monkeypatch.setattr(speed, "_time", lambda work, device, least: (given.append(least), (1.0, 0.0))[1])
    speed.measure(stage(), CPU, runs=2)
    assert given == [speed.LEAST] * 2


def scripted(monkeypatch: pytest.MonkeyPatch, *runs: tuple[float, float]) -> None:
    """Let the clock return (seconds, foreign cores) in turn, and the last pair for ever."""
    left = list(runs)
    monkeypatch.setattr(speed, "_time", lambda *_: left.pop(0) if len(left) > 1 else left[0])


def test_loaded_runs_are_thrown_away_and_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, (9.0, 1.5), (1.0, 0.0), (8.0, 0.9), (3.0, 0.1), (2.0, 0.0))
    timing = speed.measure(stage(), CPU, runs=3)
    assert timing.seconds == [1.0, 3.0, 2.0] and timing.median == 2.0 and timing.discarded == 2


def test_a_machine_that_is_never_idle_is_measured_all_the_same_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, (5.0, 1.25))
    timing = speed.measure(stage(), CPU, runs=2)
    assert timing.seconds == [5.0, 5.0] and timing.discarded == 4
    assert timing.measured(1e9)["foreign_cores"] == 1.25


def test_rate_and_share_of_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, (2.0, 0.0))
    measured = speed.measure(stage(), CPU, runs=1).measured(peak=16e9)
    assert measured["rate"] == 50 and measured["peak_share"] == pytest.approx(0.25)
    assert speed.measure(stage(None), CPU, runs=1).measured(16e9)["peak_share"] is None


def test_operations_are_those_of_the_models() -> None:
    generator = LSTM(speed.VOCABULARY, speed.LENGTH, embedding=speed.SIZE, hidden=speed.SIZE)
    cell = sum(weight.numel() for weight in generator.cell.all_weights[0][:2])
    assert 2 * (cell + generator.output.weight.numel()) == speed.TOKEN_FLOP
    judge = TextCNN(speed.VOCABULARY, speed.LENGTH)
    windows = [speed.LENGTH - width + 1 for width in judge.kernels]
    dense = sum(2 * n * weight.numel() for n, weight in zip(windows, judge.convolutions, strict=True))
    assert dense + 2 * judge.highway.numel() == speed.JUDGE_FLOP


def test_captions_end_and_stay_ended() -> None:
    rows = speed.captions("references")
    assert rows.shape == (10_000, 24) and (rows[:, -1] == 0).all() and (rows[:, 0] > 0).all()
    ended = (rows == 0).cumsum(1) > 0
    assert (rows[ended] == 0).all()


def test_command_prints_json_and_knows_its_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    args = ["speed", "--stage", "f", "--stage", "bleu", "--runs", "1", "--threads", "1", "--device", "cpu", "--json"]
    result = CliRunner().invoke(bench, args, catch_exceptions=False)
    measured = json.loads(result.stdout)
    assert list(measured["stages"]) == ["f", "bleu"] and measured["stages"]["f"]["seconds"] > 0
    assert measured["threads"] == 1 and measured["sgemm_gflops"] > 0
    assert not (tmp_path / "speed.json").exists(), "hours are predicted from all the stages, or not at all"


def test_all_the_stages_predict_the_hours_of_every_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds a stage: 120 epochs of MLE take 240 s, and the rounds of SeqGAN what estimate.py makes of them."""
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    scripted(monkeypatch, (2.0, 0.0))
    idle = [speed.Stage(key, "nothing", "things", 1, 8e9, lambda _: lambda: None) for key in speed_command.STAGES]
    monkeypatch.setattr(speed, "STAGES", idle)
    args = ["speed", "--runs", "1", "--threads", "1", "--device", "cpu"]
    measured = json.loads(CliRunner().invoke(bench, [*args, "--json"], catch_exceptions=False).stdout)
    assert set(measured["hours"]) == set(preset.shipped())
    assert measured["hours"]["official"]["mle"] == pytest.approx(240 / 3600)
    seconds = dict.fromkeys(speed_command.STAGES, 2.0)
    knobs = plugins.load("bench.baselines", "seqgan").Settings()
    by_hand = estimate.training_seconds(knobs, seconds, Sizes(9_984, 20, 5_000), "seqgan")
    assert by_hand is not None and measured["hours"]["official"]["seqgan"] == pytest.approx(by_hand / 3600)
    assert estimate.measured("cpu") == seconds
    text = CliRunner().invoke(bench, args, catch_exceptions=False).stdout
    assert "predicted hours of one seed on the oracle" in text and "official  mle    0.067" in text


def test_the_hours_of_the_users_own_trainer_are_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainers: Any
) -> None:
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    scripted(monkeypatch, (3600.0, 0.0))
    idle = [speed.Stage(key, "nothing", "things", 1, 8e9, lambda _: lambda: None) for key in speed_command.STAGES]
    monkeypatch.setattr(speed, "STAGES", idle)
    file = Path(trainers("Tiny").rpartition(":")[0])
    cost = "    def cost(self, sizes): return [Stage('sample', 10_000 * self.epochs)]\n"
    text = "from bench.contracts.cost import Stage\n" + file.read_text()
    file.write_text(text.replace('"of descent")\n', f'"of descent")\n\n{cost}'))
    args = ["speed", "--runs", "1", "--threads", "1", "--device", "cpu"]
    args += ["-b", f"{file}:Tiny", "-b", "mle", "-b", f"{file.with_name('free.py')}:Free"]
    refused = CliRunner().invoke(bench, args)
    assert isinstance(refused.exception, BenchError) and "free.py" in str(refused.exception)
    assert not refused.output, "nothing is timed for it"
    file.with_name("free.py").write_text(text.replace("class Tiny", "class Free").replace("Tiny", "Free"))
    shown = CliRunner().invoke(bench, args, catch_exceptions=False).stdout
    assert "official  Tiny    3.000   mle  120.000   Free        -" in shown


def test_stages_are_chosen_by_name() -> None:
    assert tuple(stage.key for stage in speed.STAGES) == speed_command.STAGES
    result = CliRunner().invoke(bench, ["speed", "--stage", "f", "--stage", "z"])
    assert result.exit_code == 2 and "'z' is not one of 'a'" in result.output


def test_short_work_is_done_until_others_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock advances by a hundredth of a second each time that it is read."""
    hundredths, done = itertools.count(), list[int]()
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(hundredths) / 100)
    seconds, _ = speed._time(lambda: done.append(0), CPU, least=0.05)
    assert len(done) == 5 and seconds == pytest.approx(0.01)
    seconds, _ = speed._time(lambda: done.append(0), CPU)
    assert len(done) == 6 and seconds == pytest.approx(0.01)

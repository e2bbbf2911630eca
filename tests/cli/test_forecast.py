"""The forecast as the user reads it: unknown hours stay unknown, and memory is that of the largest cells at once."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bench.cli.floor import floor
from bench.cli.forecast import show
from bench.engine.forecast import Line

GIB = 2**30


def shown(lines: list[Line], jobs: int, capsys: pytest.CaptureFixture[str]) -> tuple[list[list[str]], list[str]]:
    out = io.StringIO()
    show(lines, jobs, Console(file=out, width=120))
    rows = [line.split() for line in out.getvalue().splitlines() if "GiB" in line]
    return rows, capsys.readouterr().out.splitlines()


def test_every_arm_has_a_line_and_the_sum_follows(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        Line("oracle", "mle", (1, 2), 1, 5400.0, GIB),
        Line("oracle", "seqgan[k=1]", (), 3, 0.0, 8 * GIB),
    ]
    rows, sums = shown(lines, 2, capsys)
    assert rows == [
        ["oracle", "mle", "1,", "2", "1", "1.500", "1.0", "GiB"],
        ["oracle", "seqgan[k=1]", "-", "3", "0.000", "8.0", "GiB"],
    ]
    assert sums[:2] == ["2 cells to run, 2 at a time, about 2.0 GiB of memory", "predicted: 45 min 0 s"]
    assert sums[2:] == [f"tests: {floor(3, 1)}"]


def test_unknown_hours_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [Line("poems", "mle", (0,), 0, 60.0, GIB), Line("poems", "mine", (0,), 0, None, 2 * GIB)]
    rows, sums = shown(lines, 1, capsys)
    assert [row[4] for row in rows] == ["0.017", "-"]
    assert sums[0] == "2 cells to run, 1 at a time, about 2.0 GiB of memory"
    assert sums[1] == "predicted for 1 of 2 arms: 1 min 0 s" and sums[2].startswith("-: unknown; `bench speed`")
    assert shown([lines[1]], 1, capsys)[1][1].startswith("-: unknown")

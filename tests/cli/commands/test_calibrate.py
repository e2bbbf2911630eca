"""`bench calibrate`: the printed rates, and the same rates as CSV."""

from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from bench.cli.main import bench


def test_it_prints_a_line_for_each_rate_and_writes_them(tmp_path: Path) -> None:
    out = tmp_path / "rates.csv"
    found = CliRunner().invoke(bench, ["calibrate", "--studies", "100", "--seeds", "3", "--out", str(out)])
    head, *lines = found.output.splitlines()
    rates = pd.read_csv(out)
    assert found.exit_code == 0 and "100 studies" in head and len(lines) == len(rates) == 9
    assert all(f"{rate:.3f}" in line for rate, line in zip(rates["rate"], lines, strict=True))
    assert list(rates.columns) == ["test", "values", "seeds", "rate", "half"]


def test_too_few_studies_are_refused() -> None:
    assert CliRunner().invoke(bench, ["calibrate", "--studies", "5"]).exit_code == 2

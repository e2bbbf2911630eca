"""The example of a batch job and the Dockerfile, read as text: what they name exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template

import click
import pytest

from bench.cli.main import bench

HOUSE = Path(__file__).parent.parent.parent
CLUSTER = HOUSE / "docs" / "cluster"


def test_the_job_array_runs_every_shard_once() -> None:
    text = (CLUSTER / "seqbench.sbatch").read_text(encoding="utf-8")
    (first, last) = re.search(r"^#SBATCH --array=(\d+)-(\d+)$", text, flags=re.M).groups()  # type: ignore[union-attr]
    (line,) = re.findall(r"^srun (bench run .*)$", text, flags=re.M)
    for number in range(int(first), int(last) + 1):
        told = {"$SLURM_ARRAY_TASK_ID": str(number), "$SLURM_CPUS_PER_TASK": "4", "$part": f"parts/{number}"}
        words = shlex.split(Template(line).substitute({name[1:]: value for name, value in told.items()}))
        command = bench.get_command(click.Context(bench), "run")
        assert command is not None
        given = command.make_context("bench run", words[2:]).params
        assert given["shard"] == (number, int(last)) and str(given["runs"]) == f"parts/{number}/runs"
    assert int(first) == 1 and "#SBATCH --signal=TERM@" in text


def test_the_image_is_made_of_what_there_is() -> None:
    lines = (CLUSTER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    steps = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    assert [name for name, _, _ in steps] == ["FROM", "COPY", "RUN", "ENV", "WORKDIR", "ENTRYPOINT", "CMD"]
    does = {name: rest for name, _, rest in steps}
    assert does["FROM"] == "python:3.11-slim" and does["ENTRYPOINT"] == '["bench"]'
    assert (
        "--constraint /opt/seqbench/constraints.txt /opt/seqbench" in does["RUN"]
        and (HOUSE / "constraints.txt").exists()
    )


@pytest.mark.parametrize(
    ("given", "wanted"), [("--seeds 3..5", range(3, 6)), ("--seeds 2", range(2)), ("--seeds 4..4", range(4, 5))]
)
def test_seeds(given: str, wanted: range) -> None:
    command = bench.get_command(click.Context(bench), "run")
    assert command is not None and command.make_context("bench run", given.split()).params["seeds"] == wanted


@pytest.mark.parametrize("given", ["--seeds 0", "--seeds 5..3", "--seeds x", "--shard 0/8", "--shard 9/8", "--shard 2"])
def test_what_is_no_part_is_refused(given: str) -> None:
    command = bench.get_command(click.Context(bench), "run")
    assert command is not None
    with pytest.raises(click.BadParameter):
        command.make_context("bench run", given.split())

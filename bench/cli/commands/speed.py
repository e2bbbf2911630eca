"""`bench speed`: time each stage on this machine, and predict how long each preset takes."""

from __future__ import annotations

import json

import click

from bench.cli import options
from bench.cli.following import following
from bench.engine import estimate
from bench.engine.device import resolve_device
from bench.engine.pool import cores
from bench.engine.predict import hours, hours_together

STAGES = ("a", "b", "c", "d", "e", "f", "bleu", "self-bleu", "nltk")


@click.command(
    "speed",
    epilog=options.examples(
        "bench speed", "bench speed -b my_gan.py:MyGan", "bench speed --stage b --stage d --device cuda"
    ),
)
@click.option("--stage", "stages", type=click.Choice(STAGES), multiple=True, help="Only this stage; may be repeated.")
@click.option(
    "--runs", type=click.IntRange(min=1), default=5, show_default=True, help="Runs per stage; the median counts."
)
@click.option("--threads", type=click.IntRange(min=1), help="Torch threads; default: one per core.")
@click.option(
    "--baseline",
    "-b",
    "baselines",
    multiple=True,
    default=("mle", "seqgan"),
    show_default=True,
    help="Predict this trainer's hours; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
@options.device
def command(
    stages: tuple[str, ...], runs: int, threads: int | None, baselines: tuple[str, ...], as_json: bool, device: str
) -> None:
    """Time the stages at the official sizes on this machine.

    The output tells what other programs used. Runs under such load are repeated.
    """
    import torch  # takes seconds; `bench speed --help` does without

    from bench.engine import speed

    kind = resolve_device(device)
    hours(dict.fromkeys(STAGES, 0.0), baselines)  # raises an error of a trainer now, not after minutes
    torch.set_num_threads(threads or cores())
    chosen = [stage for stage in speed.STAGES if not stages or stage.key in stages]
    peak = speed.sgemm_peak(torch.device(kind))
    report: estimate.SpeedReport = {
        "device": kind,
        "threads": torch.get_num_threads(),
        "sgemm_gflops": peak / 1e9,
        "stages": {},
    }
    if not as_json:
        click.echo(f"{kind}, {report['threads']} threads, sgemm peak {peak / 1e9:.0f} GF/s")
    for stage in chosen:
        with following(f"{stage.key}: {stage.title}", runs) as step:
            timing = speed.measure(stage, torch.device(kind), runs, step)
        report["stages"][stage.key] = timing.measured(peak)
        if not as_json:
            click.echo(_line(stage.key, report["stages"][stage.key], speed.FOREIGN))
    if len(chosen) == len(speed.STAGES):
        seconds = {key: stage["seconds"] for key, stage in report["stages"].items()}
        report["hours"] = hours(seconds, baselines)
        report["hours_together"] = hours_together(seconds, baselines)
        estimate.save(report)
    click.echo(json.dumps(report, indent=1) if as_json else _summary(report))


def _line(key: str, found: estimate.StageTime, foreign_cores: float) -> str:
    share = f"{found['peak_share']:5.0%} of sgemm" if found["peak_share"] is not None else " " * 14
    foreign = f"  others used {found['foreign_cores']:.2f} cores" if found["foreign_cores"] > foreign_cores else ""
    again = f"  {found['discarded']} loaded runs repeated" if found["discarded"] else ""
    title = f"{key:9} {found['stage']:42}"
    return f"{title} {found['seconds']:8.3f} s  {found['rate']:12,.0f} {found['unit']}/s {share}{foreign}{again}"


def _summary(report: estimate.SpeedReport) -> str:
    if "hours" not in report or "hours_together" not in report:
        return "predicted hours need all the stages"
    rows = []
    for name, arms in report["hours"].items():
        every = {**arms, "together": report["hours_together"][name]} if len(arms) > 1 else arms
        rows.append(f"  {name:9} " + "   ".join(f"{arm} {_number(spent)}" for arm, spent in every.items()))
    return "\n".join(["predicted hours of one seed on the oracle (together: a shared start counts once):", *rows])


def _number(hours: float | None) -> str:
    """Return the hours in eight columns; "-" if the trainer states no cost."""
    return f"{'-':>8}" if hours is None else f"{hours:8.3f}"

"""Parse the options that name a part of a plan: seeds and shards."""

from __future__ import annotations

import re
from dataclasses import replace

import click

from bench.contracts.errors import BenchError
from bench.planning.request import WHOLE, Request, Shard

DIGITS = 18  # of a seed


def seeds(context: click.Context, option: click.Parameter, text: str | None) -> range | None:
    """Return the seeds of "5" (0 to 4) or "3..5" (3, 4 and 5)."""
    if text is None:
        return None
    if not (found := re.fullmatch(r"(\d+)\.\.(\d+)|([1-9]\d*)", text)):
        raise click.BadParameter(f"{text!r} is neither a number from 1 on nor seeds such as 3..5.", context, option)
    first, last, count = found.groups()
    if any(len(number or "") > DIGITS for number in found.groups()):
        raise click.BadParameter(f"a seed has at most {DIGITS} digits.", context, option)
    chosen = range(int(count)) if count else range(int(first), int(last) + 1)
    if not chosen:
        raise click.BadParameter(f"{text!r} holds no seed: the first is above the last.", context, option)
    return chosen


def shard(context: click.Context, option: click.Parameter, text: str | None) -> Shard:
    """Return the shard of "2/8"."""
    if text is None:
        return WHOLE
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    number, parts = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= parts:
        raise click.BadParameter(f"{text!r} is no part such as 2/8, from 1/8 to 8/8.", context, option)
    return Shard(number, parts)


def part_of(request: Request, seeds: range | None, shard: Shard, *, until_resolved: bool) -> Request:
    """Return the request for these seeds and this shard; BenchError if tables of a part should resolve all rows."""
    if until_resolved and (shard != WHOLE or (seeds and seeds.start)):
        raise BenchError("--until-resolved looks at whole tables: leave --shard out, and let the seeds begin at 0")
    first, stop = (seeds.start, seeds.stop) if seeds else (0, None)
    return replace(request, first_seed=first, seeds=stop, shard=shard)

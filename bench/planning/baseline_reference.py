"""The reference that -b takes: checked against the installed baselines, with the preset that it names."""

from __future__ import annotations

from bench.contracts.errors import BenchError
from bench.planning import preset as presets
from bench.planning.preset import Preset
from bench.plugins import loading as plugins
from bench.plugins.reference import Reference, parse_baseline


def parse(text: str) -> Reference:
    """Return a baseline's reference; BenchError if NAME of NAME=BASELINE is no name, or that of an installed one."""
    found = parse_baseline(text)
    if found.named and found.label in plugins.names("bench.baselines"):
        raise BenchError(f"-b {text}: {found.label} is a baseline of its own; choose another name")
    return found


def preset_of(found: Reference, of_run: Preset) -> Preset:
    """Return the preset of BASELINE@PRESET, else that of the run; BenchError if there is no such preset."""
    if not found.preset:
        return of_run
    try:
        return presets.read(found.preset)
    except BenchError as error:
        raise BenchError(f"-b {found.text}: {error}") from None

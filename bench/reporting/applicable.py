"""Select the published values that may stand beside a table's runs, and say why the others may not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.contracts.data import Source
from bench.reporting.paper import Paper, Published

if TYPE_CHECKING:
    import pandas as pd


def applicable(spec: Published, runs: pd.DataFrame, paper: Paper) -> tuple[Published, list[str]]:
    """Return the paper's table with only the values that fit the runs' data and metrics, and a line for each reason."""
    if not spec.labels:
        return spec, []
    if reason := _other_data(spec, runs):
        return spec.without_values(), [f"No published values{reason}."]
    spec, withheld = _of_same_signature(spec, runs, paper)
    return spec, [*withheld, *_local(spec, runs)]


def applicable_to(
    spec: Published, source: Source, settings: Mapping[str, Any], signatures: Mapping[str, str], paper: Paper
) -> tuple[Published, list[str]]:
    """Return the same for scores that are not tracked: of a dataset's settings, and metric -> signature."""
    import pandas as pd

    shared = {
        "source_kind": source.kind,
        "source_file": source.file,
        "dataset_settings": json.dumps(dict(settings)),
    }
    rows = [{**shared, "metric": metric, "signature": signature} for metric, signature in signatures.items()]
    return applicable(spec, pd.DataFrame(rows), paper)


def _other_data(spec: Published, runs: pd.DataFrame) -> str:
    """Return why no published value fits these runs; "" if they are on the published data or a local file."""
    kinds = set(runs["source_kind"].dropna())
    if "sample" in kinds:
        return ": the program made this corpus itself, and the published values are about the published one"
    settings = json.loads(runs["dataset_settings"].iloc[0])
    other = {k: settings[k] for k, wanted in spec.requires.items() if k in settings and settings[k] != wanted}
    if other:
        return f" for {', '.join(f'{key} = {value} (published: {spec.requires[key]})' for key, value in other.items())}"
    if "generated" in kinds:
        return ": these data are generated from a seed, and the published values are about the published ones"
    return ""


def _of_same_signature(spec: Published, runs: pd.DataFrame, paper: Paper) -> tuple[Published, list[str]]:
    """Return the table with only the metrics that are computed as published, and a line for each that is not."""
    made = runs.dropna(subset=["signature"]).drop_duplicates("metric").set_index("metric")["signature"]
    kept: dict[str, dict[str, str]] = {}
    lacking: dict[str, list[str]] = {}
    for metric in (metric for metric in spec.published if metric in made):
        missing = set(spec.signature_of(metric)) - set(str(made[metric]).split("|"))
        if missing:
            lacking.setdefault(", ".join(sorted(missing)), []).append(paper.metric(metric).name)
        else:
            kept[metric] = spec.published[metric]
    lines = [
        f"No published values beside {', '.join(names)}: published with {parts}; see the signature here."
        for parts, names in lacking.items()
    ]
    return replace(spec, published=kept), lines


def _local(spec: Published, runs: pd.DataFrame) -> list[str]:
    """Return a line if a file of the user replaces the published corpus."""
    files = sorted(set(runs["source_file"][runs["source_kind"] == "local"]))
    if not files or not spec.labels:
        return []
    return [
        f"The corpus here is the local file {', '.join(files)}. "
        "The published values are about the published corpus, which this file replaces."
    ]

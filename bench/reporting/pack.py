"""Pack a plan into one zip file that anyone can verify: settings, fingerprints, samples, scores, environment, tables.

A pack holds pack.json, plans/PLAN.json, tables/DATASET.csv with the scores over seeds and the tests, and a folder for
each cell. pack.json names the plan, the environment and the sha256 of every other file. It ends with a seal, the sha256
of what it says.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench import __version__
from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError, unknown
from bench.files import read_bytes, safe_name
from bench.planning.cell import Cell
from bench.plugins.reference import parse_plugin
from bench.records import provenance, seal
from bench.records.journal import FAILURES, Record
from bench.records.journal_frame import frame_of, per_sequence_of
from bench.records.runs import RunsFolder
from bench.reporting import to_csv
from bench.reporting.build import build_tables
from bench.reporting.paper import paper

FORMAT = 1
MANIFEST = "pack.json"
MOMENT = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell: the same runs make the same bytes


def pack(runs: RunsFolder, plan: str) -> bytes:
    """Return the zip file of a plan; BenchError if a cell is damaged, missing or unsealed, or if none is done."""
    records = _records(runs, plan)
    files = {f"plans/{plan}.json": read_bytes(runs.path / "plans" / f"{plan}.json")}
    for record in records:
        files |= {f"{record.cell.id}/{name}": content for name, content in _files(record)}
    files |= tables(runs, plan)
    manifest = {"format": FORMAT, "bench": __version__, "plan": plan, "environment": provenance.tags()}
    manifest["files"] = {name: sha256(content) for name, content in sorted(files.items())}
    content = json.dumps({**manifest, "seal": sealed(manifest)}, indent=1).encode()
    return _zipped({MANIFEST: content, **dict(sorted(files.items()))})


def tables(runs: RunsFolder, plan: str) -> dict[str, bytes]:
    """Return tables/DATASET.csv -> the table of a plan on a dataset with its tests, made from the journals."""
    made = build_tables(frame_of(runs, plan), paper(), per_sequence_of(runs), {})
    return {f"tables/{safe_name(table.dataset)}.csv": to_csv.table_csv(table).encode() for table in made}


def sealed(manifest: Mapping[str, Any]) -> str:
    """Return the seal of pack.json: the sha256 of what it says."""
    return sha256(json.dumps(manifest, sort_keys=True))


def _records(runs: RunsFolder, plan: str) -> list[Record]:
    if plan not in runs.plans:
        raise unknown(f"plan in {runs}", plan, runs.plans)
    keys = runs.plans[plan]
    if gone := [key for key in keys if key in runs.missing]:
        raise BenchError(f"cell {gone[0]} of plan {plan} has no folder in {runs}: repeat the `bench run` of the plan")
    if broken := next((why for key, why in runs.unreadable.items() if key in keys), None):
        raise BenchError(broken)
    records = runs.of_plan(plan)
    if not any(record.done for record in records):
        raise BenchError(f"no finished run of plan {plan} in {runs}: `bench run` makes some")
    for record in records:
        _refuse_unfit(record)
    return records


def _refuse_unfit(record: Record) -> None:
    """Raise BenchError if the cell is damaged, not finished, or was made without checksums."""
    cell = record.cell
    who = f"{cell.label} seed {cell.seed} (cell {cell.id})"
    why = record.damage or "; ".join(f"{n} {fault}" for n, fault in _faults(record).items())
    if why:
        raise BenchError(f"{who} is damaged ({why}): run it again")
    if record.status not in ("done", *FAILURES):
        raise BenchError(f"{who} is {record.status}: finish the plan with its `bench run`")
    if record.done and record.seal is None:
        raise BenchError(f"{who} was made by a version that kept no checksums: remove its folder, and run it again")


def _faults(record: Record) -> Mapping[str, str]:
    return seal.faults(record.folder, record.seal) if record.seal else {}


def _files(record: Record) -> Iterator[tuple[str, bytes]]:
    """Yield what a pack holds of a cell. Its cell.json names files without their folders."""
    yield "cell.json", json.dumps(asdict(_without_folders(record.cell)), indent=1).encode()
    for name in ("journal.jsonl", *seal.FILES):
        if (record.folder / name).is_file():
            yield name, read_bytes(record.folder / name)


def _without_folders(cell: Cell) -> Cell:
    """Return the cell without the folders of this machine; its id depends on none of them."""
    own, data = set(dict(cell.files)), set(dict(cell.dataset_files))
    return replace(
        cell,
        reference=_plain(cell.reference),
        dataset=_plain(cell.dataset),
        settings=tuple((name, Path(value).name if name in own else value) for name, value in cell.settings),
        dataset_settings=tuple(
            (name, Path(value).name if name in data else value) for name, value in cell.dataset_settings
        ),
    )


def _plain(text: str) -> str:
    reference = parse_plugin(text)
    return f"{reference.file.name}:{reference.name}" if reference.file else text


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.external_attr, info.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()

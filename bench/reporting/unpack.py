"""Verify a pack: its files against its list, every score against its samples, its tables against its scores."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError, folded
from bench.files import read_bytes, write_whole
from bench.judging.verify import Finding, verify
from bench.records import typed
from bench.records.journal import FAILURES
from bench.records.runs import RunsFolder
from bench.reporting.pack import FORMAT, MANIFEST, sealed, tables
from bench.toolkit.corpora.archive import members

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora

CELL_FILES = r"cell\.json|journal\.jsonl|samples\.txt|scores\.parquet|generator\.safetensors|generator\.pt"
NAMES = re.compile(rf"plans/[^/\\]+\.json|tables/[^/\\]+\.csv|[0-9a-f]{{16}}/(?:{CELL_FILES})")
MOST_EACH, MOST = 2**30, 4 * 2**30  # bytes
CLOSE = 1e-4
"""How far a number of a table, which has six digits, may lie from what comes out again, relative to its size."""


class Unpacked(NamedTuple):
    """The runs folder of a pack, its plan, and what is wrong with its list of files."""

    runs: RunsFolder
    plan: str
    faults: tuple[str, ...]


class Checked(NamedTuple):
    """What is wrong with the files and the tables of a pack, and the findings about its cells."""

    faults: tuple[str, ...]
    findings: tuple[Finding, ...]


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Yield the contents of a pack as a runs folder, which is removed at the end; BenchError if it is no pack."""
    files = dict(members(read_bytes(path), str(path), "", most_each=MOST_EACH, most=MOST))
    manifest, faults = _manifest(files, path)
    with tempfile.TemporaryDirectory(prefix="bench-pack-") as folder:
        for name, content in files.items():
            if NAMES.fullmatch(name):
                write_whole(Path(folder) / name, content)
        _link_inputs(Path(folder))
        yield Unpacked(RunsFolder(Path(folder)), str(manifest["plan"]), tuple(faults))


def examine(
    found: Unpacked, corpora: Corpora, told: Callable[[Finding], object] = lambda _: None, *, scores: bool = True
) -> Checked:
    """Verify what a pack holds, and call `told` with the finding of each cell."""
    if found.plan not in found.runs.plans:
        return Checked((*found.faults, f"it holds no plans/{found.plan}.json"), ())
    findings = verify(found.runs, found.plan, corpora, told, scores=scores)
    faults = [*found.faults, *_strays(found), *_unfit(findings)]
    try:
        again = tables(found.runs, found.plan)
    except BenchError as error:
        return Checked((*faults, f"its tables do not come out again: {folded(error)}"), tuple(findings))
    packed = {f"tables/{file.name}": file.read_bytes() for file in found.runs.path.glob("tables/*.csv")}
    return Checked((*faults, *_other_tables(packed, again)), tuple(findings))


def _manifest(files: Mapping[str, bytes], path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what pack.json says, and what is wrong with it and with the files that it lists."""
    manifest, seal = _parsed(files.get(MANIFEST, b""), path)
    faults = [] if seal == sealed(manifest) else [f"{MANIFEST} was changed after packing"]
    listed = manifest["files"]
    there = {name: sha256(content) for name, content in files.items() if name != MANIFEST}
    faults += [f"{name} is missing" for name in sorted(listed.keys() - there.keys())]
    faults += [f"{name} is not in the list of {MANIFEST}" for name in sorted(there.keys() - listed.keys())]
    both = sorted(there.keys() & listed.keys())
    faults += [f"{name} was changed after packing" for name in both if there[name] != listed[name]]
    faults += [f"{name} is no file of a pack" for name in both if not NAMES.fullmatch(name)]
    return manifest, faults


def _parsed(content: bytes, path: Path) -> tuple[dict[str, Any], Any]:
    """Return what pack.json says, and its seal; BenchError if it is not the pack.json of a pack that can be read."""
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not _names_its_files(manifest):
        raise BenchError(f"{path} is no pack: it has no sound {MANIFEST}; `bench pack` makes one")
    if manifest.get("format") != FORMAT:
        raise BenchError(
            f"{path} is a pack of format {manifest.get('format')!r:.20}; this version reads format {FORMAT}"
        )
    seal = manifest.pop("seal", None)
    return manifest, seal


def _names_its_files(manifest: Mapping[str, Any]) -> bool:
    return typed.by_name(typed.is_text)(manifest.get("files")) and typed.is_text(manifest.get("plan"))


def _strays(found: Unpacked) -> list[str]:
    """Return a line for each cell that the plan does not name, and for each other plan."""
    plans = [f"plans/{plan}.json is not its plan" for plan in found.runs.plans if plan != found.plan]
    own = found.runs.plans[found.plan]
    return plans + [f"cell {key} is not in the plan" for key in found.runs.ids if key not in own]


def _unfit(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line for each cell that no pack holds: one without checksums, or one that did not end."""
    for one in findings:
        if one.state == "not sealed":
            yield f"cell {one.cell} has lost its checksums"
        elif one.state == "unfinished" and not set(one.notes) <= set(FAILURES):
            yield f"cell {one.cell} did not end: it is {', '.join(one.notes)}"


def _link_inputs(folder: Path) -> None:
    """Put files of the current folder beside the cells that name them, such as the FILE of text:FILE."""
    for cell in RunsFolder(folder).whole_cells():
        for settings, files in ((cell.settings, cell.files), (cell.dataset_settings, cell.dataset_files)):
            for knob, _ in files:
                wanted = Path(str(dict(settings)[knob])).name
                name = wanted if Path(wanted).is_file() else wanted.rpartition("#")[0]
                if name and Path(name).is_file() and not (folder / name).exists():
                    (folder / name).symlink_to(Path(name).absolute())


def _other_tables(packed: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[str]:
    """Yield a line for each table that does not come out again."""
    for name in sorted(packed.keys() | again.keys()):
        if name not in packed:
            yield f"{name} is missing"
        elif name not in again:
            yield f"{name} is of no dataset of the plan"
        elif why := _first_difference(_rows(packed[name]), _rows(again[name])):
            yield f"{name}: {why}"


def _rows(content: bytes) -> list[dict[str, str]]:
    lines = csv.DictReader(io.StringIO(content.decode("utf-8", "replace")))
    return [{str(name): str(cell or "") for name, cell in line.items()} for line in lines]


def _first_difference(packed: list[dict[str, str]], again: list[dict[str, str]]) -> str:
    mine, theirs = ([(line.get("label"), line.get("metric")) for line in lines] for lines in (packed, again))
    if mine != theirs:
        lost, more = sorted(set(theirs) - set(mine), key=str), sorted(set(mine) - set(theirs), key=str)
        said = [f"{label} on {metric} is missing" for label, metric in lost]
        said += [f"{label} on {metric} does not come out again" for label, metric in more]
        return "; ".join(said[:3]) or "its rows come out in another order"
    for one, other in zip(packed, again, strict=True):
        for column in dict.fromkeys([*other, *one]):
            claimed, found = one.get(column, ""), other.get(column, "")
            if not _same(claimed, found):
                where = f"{column} of {other.get('label')} on {other.get('metric')}"
                return f"{where} is {claimed!r:.60}, and comes out as {found!r:.60}"
    return ""


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    mine, theirs = one.split(), other.split()
    try:
        pairs = [(float(a), float(b)) for a, b in zip(mine, theirs, strict=True)]
    except ValueError:
        return False
    return bool(pairs) and all(math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-12) for a, b in pairs)

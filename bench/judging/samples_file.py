"""Read samples made elsewhere, text, token ids or tunes, as the rows of token ids that the metrics judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from bench.contracts.dataset import Opened, Playable
from bench.contracts.errors import BenchError
from bench.files import read_bytes
from bench.judging.preparing import NO_CLEANING, prepare
from bench.judging.samples import Cleaning, Format, Samples, refuse_too_few
from bench.toolkit.corpora import archive, midi
from bench.toolkit.corpora.reading.rows import Rows, read_rows

TUNES = (".zip", *midi.SUFFIXES)


def read(
    path: Path,
    form: Literal["auto"] | Format,
    opened: Opened,
    strict: str | None,
    count: int | None,
    cleaning: Cleaning = NO_CLEANING,
    *,
    every_tune: bool = False,
) -> Samples:
    """Return the first `count` samples of a file or of `FILE#column` (all by default), encoded as the dataset's own.

    `strict` names a metric that is defined on the vocabulary only; it makes a word outside an error. A tune that cannot
    be read is left out with a note, or is an error with `every_tune`. A BenchError names the file, and the line if a
    row is wrong.
    """
    if form == "midi" or (form == "auto" and (path.is_dir() or path.suffix.lower() in TUNES)):
        if cleaning.chosen():
            raise BenchError(f"{path}: MIDI files hold no special tokens, quotation marks or padding ids to remove")
        samples = _tunes(path, opened, every_tune)
        refuse_too_few(len(samples.sequences), path, count)
        return samples._replace(sequences=samples.sequences[:count])
    return prepare(_rows(path), form, opened, path, strict, count, cleaning)


def _tunes(path: Path, opened: Opened, every_tune: bool) -> Samples:
    """Return every window of every tune that can be read, by the dataset's own rule."""
    if not isinstance(opened.dataset, Playable):
        raise BenchError(f"{path}: MIDI files are judged on music only, not on this dataset; give text or ids")
    found, notes = midi.read_tunes(_midi_files(path), opened.dataset.from_midi, strict=every_tune)
    tunes = [windows for _, windows in found]
    if not any(tunes):
        said = "".join(f"; {note}" for note in notes)
        raise BenchError(
            f"{path} holds no tune of {opened.data.length} steps: give .mid files, a folder or a zip{said}"
        )
    if short := sum(not windows for windows in tunes):
        notes = (*notes, f"{short} of {len(tunes)} tunes shorter than {opened.data.length} steps, left out")
    sequences = np.array([window for windows in tunes for window in windows], dtype=np.int64)
    return Samples(sequences, opened.data.vocabulary, 0.0, notes, "midi")


def _midi_files(path: Path) -> Iterable[tuple[str, Callable[[], bytes]]]:
    """Yield the name of each MIDI file and a function that returns its bytes, sorted by name."""
    if path.suffix.lower() == ".zip" and not path.is_dir():
        members = archive.members(read_bytes(path), str(path), midi.SUFFIXES)
        return ((f"{path}: {name}", partial(bytes, content)) for name, content in members)
    inside = (file for file in path.rglob("*") if file.suffix.lower() in midi.SUFFIXES)
    files = sorted(inside) if path.is_dir() else [path]
    return ((str(file), partial(read_bytes, file)) for file in files)


def _rows(path: Path) -> Rows:
    """Return the lines of a text file or the cells of a column, empty ones too; BenchError if all are."""
    rows = read_rows(str(path))
    if not any(cell.strip() if isinstance(cell, str) else cell for cell in rows.cells):
        raise BenchError(f"{path} is empty: one sequence a line is expected")
    return rows

"""Write the files of a finished cell beside its journal, and describe its data in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.dataset import Illustrated, Opened
from bench.contracts.metric import FloatArray
from bench.contracts.visible import all_visible, visible
from bench.files import write_whole
from bench.records import generator_files
from bench.records.events import Start

if TYPE_CHECKING:
    from bench.contracts.trainer import Stateful


def start_of(data: SequenceData, notes: Sequence[str] = ()) -> Start:
    """Return the event that begins a cell's journal. It describes the data; `notes` follow the data's own notes.

    Unseen characters of its texts are escapes.
    """
    return Start(
        source=all_visible(asdict(data.source)),
        notes=tuple(map(visible, (*data.notes, *notes))),
        vocabulary=len(data.vocabulary),
        train=len(data.train),
        valid=len(data.valid),
        test=len(data.test),
        length=data.length,
    )


def write_artifacts(
    folder: Path,
    samples: TokenArray,
    per_sequence: Mapping[str, FloatArray],
    opened: Opened,
    parts: dict[str, Stateful],
) -> None:
    """Write samples.txt, scores.parquet, the generator's parts, and the pictures and tunes that the dataset makes.

    `samples` are (n, T) token ids. A column of scores.parquet that is shorter than the others ends in nulls.
    """
    import pandas as pd

    lines = (opened.data.vocabulary.decode(row) for row in samples.tolist())
    write_whole(folder / "samples.txt", "".join(f"{line}\n" for line in lines).encode())
    columns = {name: pd.Series(values) for name, values in per_sequence.items()}
    write_whole(folder / "scores.parquet", pd.DataFrame(columns).to_parquet())
    generator_files.write(folder, parts)
    if isinstance(opened.dataset, Illustrated):
        opened.dataset.artifacts(samples, folder)

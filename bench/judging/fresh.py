"""Draw fresh sequences from a finished run, without training."""

from __future__ import annotations

from pathlib import Path

from bench.contracts.data import TokenArray
from bench.contracts.dataset import Opened, Playable
from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.files import safe_name, write_output
from bench.judging import evaluator
from bench.records import revive
from bench.records.journal import Record
from bench.toolkit.models.tempered import tempered


def fresh(record: Record, opened: Opened, count: int, *, seed: int = 0, temperature: float = 1.0) -> TokenArray:
    """Draw (count, T) token ids from the run's generator; the same seed gives the same ids.

    BenchError if the memory is too small, or if the generator cannot be brought back.
    """
    rng = torch_rng(record.cell.seed_for("sample", seed))
    generator = tempered(revive.generator(record, opened), temperature)
    try:
        return evaluator.draw(generator, count, opened.data, rng)
    except (MemoryError, RuntimeError) as error:
        if "allocate" not in str(error):  # torch and numpy use this word if memory is short
            raise
        raise BenchError(f"--count {count}: not enough memory; draw fewer at a time, with several --seed") from None


def as_lines(sequences: TokenArray, opened: Opened, *, ids: bool = False) -> str:
    """Return a line for each of the (n, T) sequences: its text, or its token ids with blanks between."""
    rows = sequences.tolist()
    lines = (" ".join(map(str, row)) for row in rows) if ids else map(opened.data.vocabulary.decode, rows)
    return "".join(f"{line}\n" for line in lines)


def write_tunes(sequences: TokenArray, opened: Opened, record: Record, folder: Path) -> None:
    """Write a MIDI file for each of the (n, T) sequences; BenchError if the dataset is not music."""
    if not isinstance(opened.dataset, Playable):
        raise BenchError(f"--midi: {record.cell.dataset_label} is not music")
    name, digits = safe_name(record.cell.label), len(str(len(sequences)))
    for number, sequence in enumerate(sequences, 1):
        write_output(folder / f"{name}-{number:0{digits}}.mid", opened.dataset.to_midi(sequence))

"""Sequences of letters: FASTA records, and the molecules of a SMILES file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.columns import Column


def from_fasta(lines: Sequence[str], path: Path) -> Column:
    """Return one sequence a record, its lines joined; BenchError if the first line that is not blank is no heading."""
    records: list[list[str]] = []
    for number, line in enumerate(lines, 1):
        if line.startswith(">"):
            records.append([])
        elif line.strip() and not line.startswith(";"):
            if not records:
                raise BenchError(f"{path}, line {number}: a line before the first > of FASTA; remove it")
            records[-1].append("".join(line.split()))
    heads = sum(line.startswith(">") for line in lines)
    return Column(["".join(parts) for parts in records], heads, (f"{heads} FASTA records, lines of a record joined",))


def from_smiles(lines: Sequence[str]) -> Column:
    """Return the first field of each line that is not blank; a line of headings is left out."""
    filled = [line.split() for line in lines if line.strip()]
    if filled and filled[0][0].lower() in ("smiles", "canonical_smiles"):
        filled = filled[1:]
    named = sum(len(fields) > 1 for fields in filled)
    notes = (f"the first field of a line is the molecule; {named} of {len(filled)} lines have more",) if named else ()
    return Column([fields[0] for fields in filled], len(filled), notes)

"""FASTA records and SMILES lines as sequences."""

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.biology import from_fasta, from_smiles


def test_lines_of_a_record_are_joined() -> None:
    found = from_fasta(["", "; comment", ">one", "ACG T", "GG", ">empty", ">two", "T"], Path("x.fa"))
    assert (found.values, found.records) == (["ACGTGG", "", "T"], 3)
    assert found.notes == ("3 FASTA records, lines of a record joined",)


def test_a_line_before_the_first_heading_is_refused() -> None:
    with pytest.raises(BenchError, match=r"x\.fa, line 2: a line before the first > of FASTA"):
        from_fasta(["", "ACGT", ">one"], Path("x.fa"))


def test_the_first_field_is_the_molecule() -> None:
    found = from_smiles(["SMILES name", "CCO ethanol", "", "C"])
    assert (found.values, found.records) == (["CCO", "C"], 2)
    assert found.notes == ("the first field of a line is the molecule; 1 of 2 lines have more",)
    assert from_smiles(["CCO", "C"]).notes == () and from_smiles([]).values == []

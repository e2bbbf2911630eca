"""The notebooks of docs/ run from top to bottom, and print what is stored in them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "docs").glob("*.ipynb"))


def told(cells: list[Any]) -> list[str]:
    """Return the text of every result."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"]["text/plain"] for output in outputs if output["output_type"] == "execute_result"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_it_runs(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(folder / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    notebook = nbformat.read(path, as_version=4)
    kept = told(notebook.cells)
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    again = told(notebook.cells)
    assert len(again) == len(kept) >= 4
    assert [text.split()[:1] for text in again] == [text.split()[:1] for text in kept]
    printed = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert "FAILED" not in printed and "\x1b[" not in printed


def test_there_are_two() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["add_my_trainer", "score_my_samples"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_no_machine_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "/home/" not in text and "/work/" not in text and "site-packages" not in text

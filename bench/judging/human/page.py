"""Write the sheet that a rater sees: one web page that needs no network, and the same texts as CSV."""

from __future__ import annotations

import csv
import io
import shutil
from importlib.resources import files
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.contracts.visible import visible
from bench.judging.human.sheet import Sheet

JOINERS = "\u200c\u200d"  # letters of Persian and Hindi, and emoji, are spelt with them
COLUMNS = ("item", "text", "answer", "rater", "seal")


def write_sheet(sheet: Sheet, out: Path, wrap: int = 0) -> None:
    """Write sheet.html, sheet.csv and key.json into the new folder `out`: all of them or none.

    `wrap` breaks lines after that many characters (5 shows a quatrain). BenchError if the folder is in use.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BenchError(f"{out} is in use; a key is never overwritten: choose another folder")
    partial = out.resolve().with_name(f".{out.resolve().name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / "sheet.html").write_text(html(sheet, wrap), encoding="utf-8")
        (partial / "sheet.csv").write_text(table(sheet), encoding="utf-8", newline="")
        (partial / "key.json").write_text(sheet.key(), encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise BenchError(f"cannot write the sheet to {out}: {error.strerror}") from None


def html(sheet: Sheet, wrap: int = 0) -> str:
    """Return the page. It holds each text as JSON with <, > and & escaped, and shows it as text, never as markup."""
    from jinja2 import Environment

    template = files("bench.reports").joinpath("human_sheet.html.j2").read_text(encoding="utf-8")
    items = [{"id": item.id, "text": _wrapped(visible(item.text, JOINERS), wrap)} for item in sheet.items]
    chinese = any("\u4e00" <= character <= "\u9fff" for item in sheet.items for character in item.text)
    page = Environment(autoescape=True).from_string(template)
    return page.render(dataset=sheet.dataset, seal=sheet.seal, items=items, language="zh" if chinese else "")


def table(sheet: Sheet) -> str:
    """Return the same sheet as CSV with the answers blank, in the columns that `bench human import` reads."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows((item.id, _plain(item.text), "", "", sheet.seal) for item in sheet.items)
    return "\ufeff" + file.getvalue()  # spreadsheets detect UTF-8 by this mark


def _wrapped(text: str, width: int) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width)) if width else text


def _plain(text: str) -> str:
    """Return the text with unseen characters as escapes, guarded if a spreadsheet would run it as a formula."""
    shown = visible(text, JOINERS)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) else shown

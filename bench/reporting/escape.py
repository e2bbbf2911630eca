"""Make text safe for LaTeX, Markdown and CSV. For HTML, jinja2 does so."""

from __future__ import annotations

import re
import unicodedata

from bench.contracts.visible import visible

LATEX = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar\allowbreak{}",
    "/": r"/\allowbreak{}",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "−": "$-$",
    "…": r"\ldots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "’": "'",
    "‘": "`",
    "“": "``",
    "”": "''",
    '"': "''",
    "×": r"$\times$",
    "[": "{[}",
    "]": "{]}",
}

MARKDOWN = str.maketrans({**{char: f"\\{char}" for char in "\\*_`[]#"}, **{char: f"&#{ord(char)};" for char in "|<>"}})

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf|nan", re.IGNORECASE | re.ASCII)


def latex_escape(text: str) -> str:
    """Return the text as LaTeX source that prints it unchanged.

    A character outside the standard fonts goes through \\seqbenchletter{CHARACTER}{CODE}, which table.tex.j2 defines:
    xelatex and lualatex set the character where a font has it, pdflatex sets its code point.
    """
    plain = visible(" ".join(text.split()))
    escaped = "".join(LATEX.get(char) or (char if _in_latin1(char) else _letter(char)) for char in plain)
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", escaped.replace("--", "-{}-"))


def csv_cell(text: str) -> str:
    """Return the text for a CSV cell: unseen characters as escapes, and ' before a spreadsheet's formula."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(("=", "+", "-", "@")) and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    """Return whether every word of the text is a number: a cell may hold the values of several seeds."""
    return all(NUMBER.fullmatch(word) for word in text.split())


def _letter(char: str) -> str:
    return f"\\seqbenchletter{{{char}}}{{{ord(char):04X}}}"


def _in_latin1(char: str) -> bool:
    """Return whether the standard fonts can build it: ASCII and accented letters."""
    return " " <= char <= "~" or (char <= "ÿ" and len(unicodedata.normalize("NFD", char)) == 2)


def markdown_escape(text: str) -> str:
    """Return the text as Markdown source that shows it unchanged, on one line."""
    return visible(" ".join(text.split())).translate(MARKDOWN)

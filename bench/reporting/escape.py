"""Text made safe for LaTeX and Markdown (jinja2 does it for HTML)."""

from __future__ import annotations

import re
import unicodedata

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


def latex_escape(text: str) -> str:
    """Text as LaTeX sets it.

    A character outside the standard fonts goes through \\seqbenchletter{CHARACTER}{CODE}, which table.tex.j2 defines:
    xelatex and lualatex set the character where a font has it, pdflatex sets its code point.
    """
    plain = " ".join(text.split())
    escaped = "".join(LATEX.get(char) or (char if _in_latin1(char) else _letter(char)) for char in plain)
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", escaped.replace("--", "-{}-"))


def _letter(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs"):  # no engine sets these
        return f"U+{ord(char):04X}"
    return f"\\seqbenchletter{{{char}}}{{{ord(char):04X}}}"


def _in_latin1(char: str) -> bool:
    """ASCII, and the accented letters that the standard fonts can build."""
    return " " <= char <= "~" or (char <= "ÿ" and len(unicodedata.normalize("NFD", char)) == 2)


def markdown_escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return " ".join(text.translate(MARKDOWN).split())

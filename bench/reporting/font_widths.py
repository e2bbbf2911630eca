"""Estimate the width of a text in LaTeX's standard font, Computer Modern, so that a table fits its column.

Times, which many styles use, is narrower.
"""

from __future__ import annotations

POINTS = 72.27
"""Points of an inch, as TeX counts them."""
BOLD = 1.16
"""How much wider a bold digit is."""
_EMS = {
    0.30: "!',.:;<[]_`il ",
    0.32: "fj",
    0.35: "-",
    0.38: "I",
    0.41: "()rt‡",
    0.42: "s",
    0.47: "cez",
    0.53: '"$*/0123456789\\^ago{}~?>',
    0.56: "kqvxyJ",
    0.59: "Sbdhnpu",
    0.67: "LZ",
    0.70: "F",
    0.72: "EP",
    0.77: "BCTw",
    0.78: "R",
    0.81: "ADHNUVXY",
    0.83: "&+=@GKOQ±−≤≥",
    0.89: "#%m",
    1.09: "MW|",
}
_WIDTH = {char: ems for ems, chars in _EMS.items() for char in chars}
_OTHER = 1.0  # arrows, and letters of other scripts


def width(text: str, size: float) -> float:
    """Return the width in points of a line at a font size in points."""
    return size * sum(_WIDTH.get(char, _OTHER) for char in text)

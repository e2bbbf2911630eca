"""Names that plug-ins give to metrics, phases and numbers."""

from __future__ import annotations

import re
from typing import Any

from bench.contracts.visible import visible

LONGEST = 100  # characters of a name


def lacking(found: Any) -> str:
    """Return what a name needs, to follow "give it a name"; "" if it is fit for tables.

    A name is printable text of at most 100 characters with a letter or a digit.
    """
    if not isinstance(found, str) or not re.search(r"[^\W_]", found):
        return "with a letter in it"
    if not found.isprintable() or visible(found) != found:
        return "of printable characters only"
    if len(found) > LONGEST:
        return f"of at most {LONGEST} characters, not {len(found)}"
    return ""

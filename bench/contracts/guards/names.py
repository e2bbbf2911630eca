"""Names that plug-ins give to metrics, phases and numbers."""

from __future__ import annotations

import re
from typing import Any

LONGEST = 100  # characters of a name


def is_name(found: Any) -> bool:
    """Return whether it is printable text of at most 100 characters with a letter or a digit."""
    if not isinstance(found, str) or len(found) > LONGEST or not found.isprintable():
        return False
    return re.search(r"[^\W_]", found) is not None

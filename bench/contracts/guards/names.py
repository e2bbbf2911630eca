"""Names that plug-ins give to metrics, phases and numbers."""

from __future__ import annotations

import re
from typing import Any


def is_name(found: Any) -> bool:
    """Return whether it is text with a letter or a digit, so that a column or a curve can be called by it."""
    return isinstance(found, str) and re.search(r"[^\W_]", found) is not None

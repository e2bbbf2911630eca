"""The checksum that names content: cells, prepared data, published files, shared starts."""

from __future__ import annotations

import hashlib


def sha256(content: bytes | str) -> str:
    """Return the hex sha256 of bytes, or of a text as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()

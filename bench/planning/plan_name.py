"""What a plan may be called: its name is the name of a file."""

from __future__ import annotations

import re

from bench.contracts.errors import BenchError


def check_name(plan: str) -> None:
    """BenchError where a plan's name would be no good name of a file."""
    if not re.fullmatch(r"\w[\w. -]*", plan):
        raise BenchError(f"plan {plan!r:.80}: name it with letters, digits, spaces and . _ - only")
    if len(plan.encode()) > 100:  # a file's name may take 255 bytes, a letter of most alphabets takes two or three
        raise BenchError(f"plan {plan[:20]}...: its name takes {len(plan.encode())} bytes; give one of 100 at most")

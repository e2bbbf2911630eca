"""The tags that say where a run was made: its code, its packages, its machine."""

from __future__ import annotations

import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import __version__
from bench.contracts.visible import visible

PACKAGES = ("torch", "numpy", "scipy", "nltk", "pandas", "mlflow")


def tags() -> dict[str, str]:
    """Return tag -> value: the command, the commit ("+" if the checkout has changes), versions, Python, processor.

    There is no command if bench is used from Python.
    """
    versions = {f"version.{name}": _version(name) for name in PACKAGES}
    machine = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    command = {"command": typed} if (typed := command_of(sys.argv)) else {}
    return {"version.bench": __version__, "git_commit": _commit(), **versions, **machine, **command}


def command_of(words: Sequence[str]) -> str:
    """Return the words of a command line as the user types them, without passwords in URLs; "" if not of bench.

    Unseen characters are escapes: no UTF-8 file could hold a file name that is none in UTF-8.
    """
    program = Path(words[0]) if words else Path()
    if program.stem != "bench" and program.parts[-2:] != ("bench", "__main__.py"):
        return ""
    return visible(shlex.join(["bench", *(re.sub(r"(?<=://)[^/@]*@", "", word) for word in words[1:])]))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _commit() -> str:
    folder = Path(__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--match="],
            cwd=folder, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "none"
    return described.stdout.strip()

"""The tags that say where a run was made: its code, its packages, its machine."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import __version__

PACKAGES = ("torch", "numpy", "scipy", "nltk", "pandas", "mlflow")


def tags() -> dict[str, str]:
    """Return tag -> value: the commit (with "+" if the checkout has changes), package versions, Python, processor."""
    versions = {f"version.{name}": _version(name) for name in PACKAGES}
    machine = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    return {"version.bench": __version__, "git_commit": _commit(), **versions, **machine}


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

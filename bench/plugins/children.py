"""Processes that a plug-in starts itself, such as the spawned workers of a DataLoader, can import the plug-in.

A file plug-in is a module of a made-up name. A child that is not forked must import that name to unpickle an object of
the plug-in, and Python gives such a child the sys.path of its parent. So a file of that name lies in a temporary folder
on sys.path; in the child it runs the plug-in's own file.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from bench.files import write_whole

SHIM = '__import__("bench.plugins.loading").plugins.loading.run_again(__name__, {file!r})\n'


def let_import(name: str, file: Path) -> None:
    """Let the children of this process import the plug-in's file by that name.

    Where no temporary folder can be written they cannot, and nothing else is lost.
    """
    from multiprocessing.util import get_temp_dir

    with suppress(OSError):
        folder = get_temp_dir()  # of this process and its children; removed when it ends
        if folder not in sys.path:
            sys.path.append(folder)
        shim = Path(folder, f"{name}.py")
        if not shim.exists():
            write_whole(shim, SHIM.format(file=str(file)).encode())

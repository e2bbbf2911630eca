"""Import what most cells need. The server that forks their processes imports this module once.

It imports libraries and this package only, never a plug-in or code of the user. The imports start no thread and draw
no random number.
"""

from __future__ import annotations

import atexit
import os
import pkgutil
import signal
from contextlib import suppress
from functools import partial
from importlib import import_module

from bench.plugins import loading as plugins

LIBRARIES = (
    "cattrs",
    "torch.optim",
    "torch._inductor.config",  # imported by torch.use_deterministic_algorithms
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "pandas",
    "pooch",
    "psutil",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "safetensors.torch",
    "symusic",
)
TOOLKIT = ("bench.toolkit.corpora", "bench.toolkit.metrics", "bench.toolkit.models", "bench.toolkit.training")

for name in (*LIBRARIES, "bench.engine.job"):
    import_module(name)
for package in TOOLKIT:
    for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        import_module(module.name)
plugins.names("bench.baselines")  # reads and keeps the metadata of all packages; loads no plug-in
plugins.names("bench.datasets")


def _end_workers(server: int) -> None:
    """Kill the processes that the server forked, with those that plug-ins forked there. The server ends with bench."""
    import psutil

    if os.getpid() != server:  # a process that was forked from it
        return
    for child in psutil.Process().children():
        with suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        with suppress(psutil.Error):
            child.kill()


atexit.register(partial(_end_workers, os.getpid()))

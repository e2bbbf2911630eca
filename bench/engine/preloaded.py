"""Import what most cells need. The server that forks their processes imports this module once.

It imports libraries and this package only, never a plug-in or code of the user. The imports start no thread and draw
no random number.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from bench.plugins import loading as plugins

LIBRARIES = (
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

"""Set every global of torch and numpy that a cell's numbers depend on."""

from __future__ import annotations

import os
import warnings

from bench.planning.cell import Cell


def settle(cell: Cell) -> None:
    """Give torch and numpy the cell's threads and device, and their own defaults for all else.

    A plug-in may change these globals when it is imported, so call this before and after its import. On a GPU torch
    computes in full float32 (cuDNN's LSTM lacks three digits by default) and adds in a fixed order wherever it can, at
    some cost, so that a resumed run gives the same bits.
    """
    _numpy()
    _torch(cell.threads)
    _device(cell.device)


def _numpy() -> None:
    """Set how numpy reports errors and prints arrays."""
    import numpy as np

    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    np.set_printoptions(
        edgeitems=3, threshold=1000, precision=8, suppress=False, linewidth=75, nanstr="nan", infstr="inf", sign="-",
        floatmode="maxprec", formatter=None, legacy=False,
    )  # fmt: skip


def _torch(threads: int) -> None:
    """Set torch's types, precision, kernels, threads and gradients."""
    import torch

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_autocast_enabled("cpu", False)
    torch.set_autocast_enabled("cuda", False)
    torch.autograd.set_detect_anomaly(False)
    torch.set_flush_denormal(False)
    torch.backends.mkldnn.set_flags(True, False)  # type: ignore[no-untyped-call]
    torch.set_float32_matmul_precision("highest")  # last: the flags of mkldnn reset its share of the precision


def _device(device: str) -> None:
    """Set the flags with which a GPU gives the same bits each time."""
    import torch

    torch.backends.cudnn.enabled = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    if device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products need this
        warnings.filterwarnings("ignore", message=".*deterministic")
    torch.use_deterministic_algorithms(device != "cpu", warn_only=True)

"""What a plug-in did to torch's and numpy's globals is undone before its cell begins."""

import subprocess
import sys

HOSTILE = """
torch.set_float32_matmul_precision("medium")
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.set_autocast_enabled("cpu", True)
torch.set_num_threads(3)
torch.autograd.set_detect_anomaly(True)
torch.backends.mkldnn.set_flags(False, True)
torch.backends.cudnn.enabled = False
torch.backends.cudnn.benchmark = True
torch.use_deterministic_algorithms(True)
numpy.seterr(all="raise")
numpy.set_printoptions(precision=2, threshold=5, suppress=True)
""".strip().splitlines()

PROGRAM = """
import sys
import numpy, torch
from types import SimpleNamespace
from bench.engine.settle import settle

def state():
    kernels, cudnn = torch.backends.mkldnn, torch.backends.cudnn
    return (
        torch.get_float32_matmul_precision(), torch.get_default_dtype(), torch.get_default_device(),
        torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"), torch.get_num_threads(), torch.is_anomaly_enabled(),
        torch._C._get_mkldnn_enabled(), torch._C._get_mkldnn_deterministic(), cudnn.enabled, cudnn.benchmark,
        torch.are_deterministic_algorithms_enabled(), numpy.geterr(), repr(numpy.array([1 / 3] * 6)),
    )

cell = SimpleNamespace(threads=1, device="cpu")
settle(cell)
calm = state()
for line in sys.argv[1:]:
    exec(line)
    assert state() != calm, f"{line} does nothing here"
    settle(cell)
    assert state() == calm, line
"""


def test_each_global_is_set_again() -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM, *HOSTILE], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr

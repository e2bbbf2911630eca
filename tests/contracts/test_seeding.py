"""A seed depends on its names and on nothing else."""

import subprocess
import sys

from bench.contracts.seeding import derive, numpy_rng, torch_rng


def test_seeds_differ_by_name_order_and_boundary() -> None:
    names = [("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("a", 1), ("a", 11), ("a", 1, 1)]
    assert len({derive(*each) for each in names}) == len(names)
    assert all(0 <= derive(*each) < 2**63 for each in names) and derive("a", 1) == derive("a", "1")


def test_a_seed_is_the_same_in_every_process() -> None:
    code = "from bench.contracts.seeding import derive; print(derive('train', 3))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{derive('train', 3)}\n"}


def test_generators_start_from_the_derived_seed() -> None:
    assert torch_rng("train", 3).initial_seed() == derive("train", 3)
    draws = [numpy_rng("train", 3).integers(0, 2**60) for _ in range(2)]
    assert draws[0] == draws[1] != numpy_rng("train", 4).integers(0, 2**60)

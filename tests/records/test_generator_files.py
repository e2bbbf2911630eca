"""The parts that a run keeps restore its generator, whatever it consists of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.contracts.errors import BenchError, ContractError
from bench.records import generator_files


class Counts:
    """A generator that is not a module, with a state of tensors, numbers, lists and dicts."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        return self.held

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.held = state


class View:
    """A generator made of parts that it does not hold under any name."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> None: ...


class Arm:
    def __init__(self, generator: Any, /, **parts: Any) -> None:
        self.generator, self.parts = generator, parts

    def state(self) -> dict[str, Any]:
        return self.parts


def linear() -> torch.nn.Linear:
    return torch.nn.Linear(2, 2)


def test_the_part_that_is_the_generator_is_kept_by_any_name() -> None:
    model, other = linear(), linear()
    assert generator_files.parts_of(Arm(model, critic=other, actor=model)) == {"actor": model}
    assert generator_files.parts_of(Arm(View(), critic=other, generator=model)) == {"generator": model}


def test_of_a_view_all_is_kept_but_optimisers() -> None:
    model, counts = linear(), Counts()
    optimiser = torch.optim.SGD(model.parameters())
    found = generator_files.parts_of(Arm(View(), model=model, counts=counts, optimiser=optimiser))
    assert found == {"model": model, "counts": counts}


def test_state_of_every_kind_comes_back(tmp_path: Path) -> None:
    model, counts = linear(), Counts()
    counts.held = {"table": {(1, 2): torch.tensor([3.0]), "n": 4}, "names": ["a", None], "share": 0.5}
    generator_files.write(tmp_path, {"model": model, "counts": counts})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generator.pt", "generator.safetensors"]
    again = Arm(View(), critic=linear(), model=linear(), counts=Counts())
    assert generator_files.read(tmp_path, again)
    assert torch.equal(again.parts["model"].weight, model.weight) and again.parts["counts"].held == counts.held


def test_nothing_is_written_for_a_generator_without_state(tmp_path: Path) -> None:
    generator_files.write(tmp_path, generator_files.parts_of(Arm(View())))
    assert not list(tmp_path.iterdir()) and not generator_files.read(tmp_path, Arm(View()))


def test_what_could_not_be_read_back_is_refused(tmp_path: Path) -> None:
    counts = Counts()
    counts.held = {"where": Path()}
    with pytest.raises(ContractError, match=r"state\(\) part 'generator': 'where' is a pathlib"):
        generator_files.write(tmp_path, {"generator": counts})


@pytest.mark.parametrize("harm", [b"", b"no zip", None])
def test_a_damaged_file_is_one_line(tmp_path: Path, harm: bytes | None) -> None:
    generator_files.write(tmp_path, {"generator": Counts(), "model": linear()})
    if harm is not None:
        (tmp_path / "generator.pt").write_bytes(harm)
    arm = Arm(View(), generator=Counts(), model=linear() if harm is not None else torch.nn.Linear(3, 3))
    with pytest.raises(BenchError, match="does not fit its cell's generator: ") as caught:
        generator_files.read(tmp_path, arm)
    assert "\n" not in str(caught.value)


def test_a_part_that_the_trainer_lacks_is_named(tmp_path: Path) -> None:
    generator_files.write(tmp_path, {"former": Counts()})
    with pytest.raises(BenchError, match="no part for 'former'"):
        generator_files.read(tmp_path, Arm(View(), present=Counts()))

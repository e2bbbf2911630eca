"""Checkpoints are whole or absent, verified, and run no code."""

from __future__ import annotations

import collections
import enum
import hashlib
import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.errors import ContractError
from bench.contracts.seeding import torch_rng
from bench.records import checkpoint
from bench.toolkit.training.counter import Counter


def parts(seed: int) -> dict[str, Any]:
    """Return a model, its Adam after one step, and a counter. All depend on the seed."""
    rng = torch_rng("parts", seed)
    model = torch.nn.Linear(3, 2)
    model.register_buffer("mean", torch.empty(2))
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.normal_(generator=rng)
    adam = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.ones(1, 3)).sum().backward()
    adam.step()
    counter = Counter()
    counter.value = seed
    return {"generator": model, "adam": adam, "updates": counter}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    def bits(of: dict[str, Any]) -> Any:
        tensors = {**of["generator"].state_dict(), **of["adam"].state_dict()["state"][0]}
        return of["updates"].value, {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}

    return bool(bits(a) == bits(b))


def test_what_is_saved_comes_back_to_the_bit(tmp_path: Path) -> None:
    saved, rng = parts(1), torch_rng("test", 1)
    torch.rand(5, generator=rng)
    checkpoint.save(tmp_path, saved, rng, {"phase": 2, "best": None})
    expected = torch.rand(5, generator=rng)
    loaded, other = parts(2), torch_rng("test", 2)
    assert not same(saved, loaded)
    assert checkpoint.load(tmp_path, loaded, other) == {"phase": 2, "best": None}
    assert same(saved, loaded) and torch.equal(torch.rand(5, generator=other), expected)


def test_only_the_newest_is_kept(tmp_path: Path) -> None:
    for number in range(12):
        checkpoint.save(tmp_path, parts(number), torch_rng("test"), {"epoch": number})
    assert [path.name for path in tmp_path.iterdir()] == ["11"]
    assert checkpoint.load(tmp_path, parts(0), torch_rng("test")) == {"epoch": 11}


def test_nothing_there_is_none(tmp_path: Path) -> None:
    loaded = parts(2)
    assert checkpoint.load(tmp_path / "absent", loaded, torch_rng("test")) is None
    assert checkpoint.load(tmp_path, loaded, torch_rng("test")) is None
    assert same(loaded, parts(2))


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "step", ["safetensors.torch.save", "torch.save", "pathlib.Path.write_text", "pathlib.Path.rename"]
)
def test_a_killed_write_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    checkpoint.save(tmp_path, parts(1), torch_rng("test"), {"epoch": 1})

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(step, kill)
        checkpoint.save(tmp_path, parts(2), torch_rng("test"), {"epoch": 2})
    loaded = parts(3)
    assert checkpoint.load(tmp_path, loaded, torch_rng("test")) == {"epoch": 1} and same(loaded, parts(1))
    checkpoint.save(tmp_path, parts(4), torch_rng("test"), {"epoch": 4})
    assert checkpoint.load(tmp_path, loaded, torch_rng("test")) == {"epoch": 4} and same(loaded, parts(4))
    assert len(list(tmp_path.iterdir())) == 1


def test_killed_between_the_new_and_the_removal_of_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, parts(1), torch_rng("test"), {"epoch": 1})
    monkeypatch.setattr("shutil.rmtree", lambda path, **_: None)
    checkpoint.save(tmp_path, parts(2), torch_rng("test"), {"epoch": 2})
    assert len(list(tmp_path.iterdir())) == 2
    assert checkpoint.load(tmp_path, parts(0), torch_rng("test")) == {"epoch": 2}


@pytest.mark.parametrize("name", ["weights.safetensors", "state.pt", "position.json"])
@pytest.mark.parametrize("harm", ["cut", "flip", "gone"])
def test_a_damaged_file_falls_back_to_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, harm: str
) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda path, **_: None)  # as if killed before the older one was removed
    for number in (1, 2):
        checkpoint.save(tmp_path, parts(number), torch_rng("test"), {"epoch": number})
    file = tmp_path / "1" / name
    content = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        middle = len(content) // 2
        file.write_bytes(content[:middle] if harm == "cut" else content[:middle] + b"\xff" + content[middle + 1 :])
    loaded = parts(3)
    assert checkpoint.load(tmp_path, loaded, torch_rng("test")) == {"epoch": 1} and same(loaded, parts(1))


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("plain", [True, False])
def test_a_checkpoint_cannot_run_code(tmp_path: Path, plain: bool) -> None:
    folder, harm = tmp_path / "checkpoint", tmp_path / "harm"
    checkpoint.save(folder, parts(1), torch_rng("test"), {"epoch": 1})
    state, position = folder / "0" / "state.pt", folder / "0" / "position.json"
    if plain:
        state.write_bytes(pickle.dumps({"rng": Bomb(harm), "parts": {}}, protocol=2))
    else:
        torch.save({"rng": Bomb(harm), "parts": {}}, state)
    facts = json.loads(position.read_text())
    facts["sha256"]["state.pt"] = hashlib.sha256(state.read_bytes()).hexdigest()  # the attacker knows checksums
    position.write_text(json.dumps(facts))
    with pytest.raises(pickle.UnpicklingError):
        checkpoint.load(folder, parts(2), torch_rng("test"))
    assert not harm.exists()


class Box:
    """A part that holds what it is given."""

    def __init__(self, **held: Any) -> None:
        self.held: Any = held

    def state_dict(self) -> Any:
        return self.held

    def load_state_dict(self, state: Any) -> None:
        self.held = state


class Level(enum.IntEnum):
    LOW = 1


HOLDS = "a checkpoint holds tensors, numbers, text, lists, dicts"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Box(seen=np.zeros(2)), f"state() part 'box': 'seen' is a numpy.ndarray; {HOLDS}"),
        (Box(rate=np.float64(1)), f"state() part 'box': 'rate' is a numpy.float64; {HOLDS}"),
        (Box(deep={"best": [1, {"at": range(3)}]}), f"state() part 'box': 'at' is a range; {HOLDS}"),
        (Box(deep=[(1, Path())]), "state() part 'box': an item of an item of 'deep' is a pathlib.PosixPath;"),
        (Box(level=Level.LOW), f"state() part 'box': 'level' is a {__name__}.Level; {HOLDS}"),
        (Box(a=frozenset()), "'a' is a frozenset"),
        (Box(a=collections.defaultdict(int)), "'a' is a collections.defaultdict"),
        (Box(a={Level.LOW: 1}), f"a key of 'a' is a {__name__}.Level"),
        (3, "state() part 'box' is 3: it lacks state_dict() or load_state_dict()"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, part: Any, message: str) -> None:
    checkpoint.save(tmp_path, parts(1), torch_rng("test"), {"epoch": 1})
    with pytest.raises(ContractError, match=re.escape(message)):
        checkpoint.save(tmp_path, parts(2) | {"box": part}, torch_rng("test"), {"epoch": 2})
    assert checkpoint.load(tmp_path, parts(0), torch_rng("test")) == {"epoch": 1}


def test_a_module_that_holds_more_than_tensors_is_not_written(tmp_path: Path) -> None:
    class More(torch.nn.Module):
        def get_extra_state(self) -> Any:
            return {"epoch": 3}

    with pytest.raises(
        ContractError, match=r"state\(\) part 'model': '_extra_state' is a dict; a module holds tensors"
    ):
        checkpoint.save(tmp_path, {"model": More()}, torch_rng("test"), {})


def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    counts = collections.Counter("aab")
    plain: dict[str, Any] = {
        "a": [1, 2.0, True, None, "b", b"c", 1j, bytearray(b"c"), counts],
        "d": (torch.ones(2), {3}),
        "e": {(1, 2): {}},
    }
    plain |= {"f": collections.OrderedDict(g=torch.float32), "h": torch.Size([1]), "i": torch.device("cpu")}
    checkpoint.save(tmp_path, {"box": Box(**plain)}, torch_rng("test"), {})
    box = Box()
    checkpoint.load(tmp_path, {"box": box}, torch_rng("test"))
    assert str(box.held) == str(plain)


def test_weights_hold_the_modules_only() -> None:
    names = set(checkpoint.weights(parts(1)))
    assert names == {"generator/weight", "generator/bias", "generator/mean"}

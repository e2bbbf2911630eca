"""Checkpoints are whole or absent, verified, and run no code."""

from __future__ import annotations

import collections
import enum
import json
import os
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.checksum import sha256
from bench.contracts.errors import ContractError
from bench.contracts.seeding import torch_rng
from bench.records import checkpoint
from bench.records.checkpoint import Loaded, Place
from bench.toolkit.training.counter import Counter


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, "cell")


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


def test_what_is_saved_comes_back_to_the_bit(place: Place) -> None:
    saved, rng = parts(1), torch_rng("test", 1)
    torch.rand(5, generator=rng)
    checkpoint.save(place, saved, rng, {"phase": 2, "best": None})
    expected = torch.rand(5, generator=rng)
    loaded, other = parts(2), torch_rng("test", 2)
    assert not same(saved, loaded)
    assert checkpoint.load(place, loaded, other).position == {"phase": 2, "best": None}
    assert same(saved, loaded) and torch.equal(torch.rand(5, generator=other), expected)


def test_two_generations_are_kept(place: Place) -> None:
    for number in range(12):
        checkpoint.save(place, parts(number), torch_rng("test"), {"epoch": number})
    assert kept(place) == ["10", "11"]
    assert checkpoint.load(place, parts(0), torch_rng("test")).position == {"epoch": 11}


def kept(place: Place) -> list[str]:
    return sorted(path.name for path in place.folder.iterdir())


def test_nothing_there_is_none(place: Place, tmp_path: Path) -> None:
    loaded = parts(2)
    assert checkpoint.load(Place(tmp_path / "absent", "cell"), loaded, torch_rng("test")) == Loaded(None)
    assert checkpoint.load(place, loaded, torch_rng("test")) == Loaded(None)
    assert same(loaded, parts(2))


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "step", ["safetensors.torch.save", "torch.save", "pathlib.Path.write_bytes", "pathlib.Path.rename"]
)
def test_a_killed_write_leaves_the_earlier_one(place: Place, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    checkpoint.save(place, parts(1), torch_rng("test"), {"epoch": 1})

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(step, kill)
        checkpoint.save(place, parts(2), torch_rng("test"), {"epoch": 2})
    loaded = parts(3)
    assert checkpoint.load(place, loaded, torch_rng("test")).position == {"epoch": 1} and same(loaded, parts(1))
    checkpoint.save(place, parts(4), torch_rng("test"), {"epoch": 4})
    assert checkpoint.load(place, loaded, torch_rng("test")).position == {"epoch": 4} and same(loaded, parts(4))
    assert len(kept(place)) == 2


@pytest.mark.parametrize("name", ["weights.safetensors", "state.pt", "position.json"])
@pytest.mark.parametrize("harm", ["cut", "flip", "gone"])
def test_a_damaged_file_falls_back_to_the_one_before(place: Place, name: str, harm: str) -> None:
    for number in range(3):
        checkpoint.save(place, parts(number), torch_rng("test"), {"epoch": number})
    file = place.folder / "2" / name
    content = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        middle = len(content) // 2
        file.write_bytes(content[:middle] if harm == "cut" else content[:middle] + b"\xff" + content[middle + 1 :])
    loaded = parts(3)
    found = checkpoint.load(place, loaded, torch_rng("test"))
    assert found.position == {"epoch": 1} and same(loaded, parts(1))
    assert len(found.refused) == 1 and re.match(rf"checkpoint 2 is refused: its {re.escape(name)} ", found.refused[0])
    checkpoint.save(place, parts(4), torch_rng("test"), {"epoch": 4})
    assert kept(place) == ["1", "3"], "a refused checkpoint is no generation"


def test_an_edited_position_is_refused(place: Place) -> None:
    checkpoint.save(place, parts(1), torch_rng("test"), {"epoch": 1})
    path = place.folder / "0" / "position.json"
    path.write_text(path.read_text().replace('"epoch": 1', '"epoch": 2'))
    loaded = parts(3)
    found = checkpoint.load(place, loaded, torch_rng("test"))
    assert found.position is None and same(loaded, parts(3))
    assert found.refused == (
        "checkpoint 0 is refused: its position.json was changed, or written by a version that kept no checksum of it",
    )


def test_a_position_without_a_seal_is_refused(place: Place) -> None:
    checkpoint.save(place, parts(1), torch_rng("test"), {"epoch": 1})
    path = place.folder / "0" / "position.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({"position": facts["position"], "sha256": facts["sha256"]}))
    assert checkpoint.load(place, parts(3), torch_rng("test")).position is None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"cell": "another"}, "its cell is another, not cell"),
        ({"purpose": "best"}, "its purpose is best, not last"),
    ],
)
def test_a_checkpoint_of_another_place_is_refused(place: Place, other: dict[str, Any], reason: str) -> None:
    checkpoint.save(replace(place, **other), parts(1), torch_rng("test"), {"epoch": 1})
    loaded = parts(3)
    found = checkpoint.load(place, loaded, torch_rng("test"))
    assert found == Loaded(None, (f"checkpoint 0 is refused: {reason}",)) and same(loaded, parts(3))


def test_a_checkpoint_of_another_version_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "__version__", "0.0.9")
    checkpoint.save(place, parts(1), torch_rng("test"), {"epoch": 1})
    monkeypatch.undo()
    found = checkpoint.load(place, parts(3), torch_rng("test"))
    assert found.position is None and "its version is 0.0.9, not " in found.refused[0]


def test_a_position_with_an_objection_is_passed_over(place: Place) -> None:
    for number in range(2):
        checkpoint.save(place, parts(number), torch_rng("test"), {"epoch": number})
    found = checkpoint.load(place, parts(3), torch_rng("test"), lambda at: "too late" if at["epoch"] else "")
    assert found == Loaded({"epoch": 0}, ("checkpoint 1 is refused: too late",))
    assert list(checkpoint.positions(place)) == [{"epoch": 1}, {"epoch": 0}]


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("plain", [True, False])
def test_a_checkpoint_cannot_run_code(tmp_path: Path, plain: bool) -> None:
    folder, harm = tmp_path / "checkpoint", tmp_path / "harm"
    checkpoint.save(Place(folder, "cell"), parts(1), torch_rng("test"), {"epoch": 1})
    state, position = folder / "0" / "state.pt", folder / "0" / "position.json"
    if plain:
        state.write_bytes(pickle.dumps({"rng": Bomb(harm), "parts": {}}, protocol=2))
    else:
        torch.save({"rng": Bomb(harm), "parts": {}}, state)
    facts = json.loads(position.read_text())
    del facts["seal"]  # the attacker knows all checksums
    facts["sha256"]["state.pt"] = sha256(state.read_bytes())
    position.write_text(json.dumps({**facts, "seal": sha256(json.dumps(facts, sort_keys=True))}))
    with pytest.raises(pickle.UnpicklingError):
        checkpoint.load(Place(folder, "cell"), parts(2), torch_rng("test"))
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
def test_what_could_not_be_read_back_is_not_written(place: Place, part: Any, message: str) -> None:
    checkpoint.save(place, parts(1), torch_rng("test"), {"epoch": 1})
    with pytest.raises(ContractError, match=re.escape(message)):
        checkpoint.save(place, parts(2) | {"box": part}, torch_rng("test"), {"epoch": 2})
    assert checkpoint.load(place, parts(0), torch_rng("test")).position == {"epoch": 1}


def test_a_module_that_holds_more_than_tensors_is_not_written(place: Place) -> None:
    class More(torch.nn.Module):
        def get_extra_state(self) -> Any:
            return {"epoch": 3}

    with pytest.raises(
        ContractError, match=r"state\(\) part 'model': '_extra_state' is a dict; a module holds tensors"
    ):
        checkpoint.save(place, {"model": More()}, torch_rng("test"), {})


def test_what_is_written_can_be_read_back(place: Place) -> None:
    counts = collections.Counter("aab")
    plain: dict[str, Any] = {
        "a": [1, 2.0, True, None, "b", b"c", 1j, bytearray(b"c"), counts],
        "d": (torch.ones(2), {3}),
        "e": {(1, 2): {}},
    }
    plain |= {"f": collections.OrderedDict(g=torch.float32), "h": torch.Size([1]), "i": torch.device("cpu")}
    checkpoint.save(place, {"box": Box(**plain)}, torch_rng("test"), {})
    box = Box()
    checkpoint.load(place, {"box": box}, torch_rng("test"))
    assert str(box.held) == str(plain)


def test_weights_hold_the_modules_only() -> None:
    names = set(checkpoint.weights(parts(1)))
    assert names == {"generator/weight", "generator/bias", "generator/mean"}

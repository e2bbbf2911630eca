"""Make a blinded sheet, which mixes real and generated texts, and the sealed key that tells them apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.contracts.seeding import numpy_rng
from bench.contracts.visible import visible
from bench.planning.cell import REAL


@dataclass(frozen=True)
class Item:
    """One text to judge. Its id is random and tells nothing about its origin."""

    id: str
    origin: str
    text: str


@dataclass(frozen=True)
class Sheet:
    """The items in the order shown, and the origin of each; `origins` begins with "real".

    `cells` holds the id of the run behind each origin, so that a score is never printed beside another run. Texts made
    elsewhere have no run.
    """

    dataset: str
    seed: int
    origins: tuple[str, ...]
    items: tuple[Item, ...]
    cells: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def seal(self) -> str:
        """Return the sha256 of the whole key. The sheet prints it, so a later change of the key is noticed.

        It reveals nothing: to find the key from it, one must guess the origin of every item at once.
        """
        return sha256(json.dumps(asdict(self), sort_keys=True))

    def key(self) -> str:
        """Return the key as JSON, with the seal."""
        content = json.dumps({**asdict(self), "seal": self.seal}, indent=1, ensure_ascii=False)
        return visible(content, "\n") + "\n"


def make_sheet(
    real: Sequence[str],
    models: Mapping[str, Sequence[str]],
    n: int,
    seed: int,
    dataset: str = "",
    cells: Mapping[str, str] | None = None,
) -> Sheet:
    """Return a sheet with n texts of each origin, drawn and shuffled by seed. No text stands on it twice.

    A text drawn as real is not drawn again for a model that copied it. The paper shows 20 of each to 70 raters.
    BenchError if an origin has fewer than n different texts.
    """
    _check(models, n)
    chosen: dict[str, str] = {}
    for origin, texts in {REAL: real, **models}.items():
        chosen |= dict.fromkeys(_draw(origin, texts, n, seed, taken=chosen), origin)
    # The order depends on the drawn texts too, so knowing the seed is not enough to undo the shuffle.
    rng = numpy_rng("human", "order", seed, json.dumps(list(chosen.items())))
    ids = _ids(rng.choice(len(_LETTERS) ** _ID_LENGTH, size=len(chosen), replace=False).tolist())
    pairs = [list(chosen.items())[place] for place in rng.permutation(len(chosen))]
    items = tuple(Item(name, origin, text) for name, (text, origin) in zip(ids, pairs, strict=True))
    return Sheet(dataset, seed, (REAL, *models), items, dict(cells or {}))


def read_key(path: Path) -> Sheet:
    """Return the sheet of a key file; BenchError if it is not a key or was changed after it was sealed."""
    try:
        key = json.loads(path.read_text(encoding="utf-8"))
        sheet, seal = _sheet(key), key["seal"]
    except OSError as error:
        raise BenchError(
            f"{path}: {error.strerror}; --key takes the key.json that `bench human export` wrote"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BenchError(f"{path}: not a key; give the key.json that `bench human export` wrote") from None
    if seal != sheet.seal:
        raise BenchError(
            f"{path}: changed after it was sealed (seal {seal}, contents {sheet.seal}); restore the original"
        )
    return sheet


def _check(models: Mapping[str, Sequence[str]], n: int) -> None:
    if n < 2:
        raise BenchError(f"n = {n}: a sheet needs at least 2 texts of each origin")
    if not models:
        raise BenchError("a sheet needs at least one model beside the real texts")
    if REAL in models:
        raise BenchError(f"a model cannot be called {REAL!r}: that is the held-out data; give it another name")


def _draw(origin: str, texts: Iterable[str], n: int, seed: int, taken: Mapping[str, str]) -> list[str]:
    """Return n different texts that are not yet taken. A text that occurs more often is more likely to be drawn."""
    rng = numpy_rng("human", "draw", seed, origin)
    whole = [text.strip() for text in texts]
    shuffled = (whole[place] for place in rng.permutation(len(whole)))
    fresh = [text for text in dict.fromkeys(shuffled) if text and text not in taken]
    if len(fresh) < n:
        raise BenchError(f"{origin}: {len(fresh)} different texts where {n} are needed; lower --n or give more samples")
    return fresh[:n]


def _ids(numbers: Iterable[int]) -> list[str]:
    """Return random words without vowels. None has a meaning, and no spreadsheet reads one as a number or a date."""
    base = len(_LETTERS)
    return ["".join(_LETTERS[number // base**place % base] for place in range(_ID_LENGTH)) for number in numbers]


def _sheet(key: Mapping[str, Any]) -> Sheet:
    """Return the sheet that a key holds; KeyError, TypeError or ValueError if it holds none."""
    items = tuple(Item(**item) for item in key["items"])
    return Sheet(key["dataset"], key["seed"], tuple(key["origins"]), items, dict(key["cells"]))


_LETTERS = "bcdfghjkmnpqrstvwxz"
_ID_LENGTH = 5

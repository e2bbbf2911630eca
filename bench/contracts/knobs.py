"""Knobs: fields of a frozen dataclass that state their bounds; build() refuses unknown names and bad values."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bench.contracts.errors import BenchError, folded, unknown

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What a knob states beside its default: see `knob`."""

    low: float | None = None
    high: float | None = None
    quick: Any = None
    path: bool = False
    added: bool = False
    help: str = ""


def knob(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    quick: Any = None,
    path: bool = False,
    added: bool = False,
    help: str,
) -> Any:
    """Return a dataclass field with inclusive bounds, and a line of help for `bench list --knobs`.

    An annotation such as Literal["mean", "corpus"] states choices. `quick` is a small value for `bench check`; None
    leaves the default. `path` is true if the value is the path of a file or folder that is read: see
    bench/planning/paths.py. `added` is true if the knob is younger than the first cells of its class: at its default
    it is not part of a cell, so that older cells keep their ids.
    """
    rules = Rules(low=low, high=high, quick=quick, path=path, added=added, help=help)
    return dataclasses.field(default=default, metadata={"rules": rules})


def rules_of(cls: type) -> dict[str, Rules]:
    """Return knob -> its rules; a field that was made without `knob` has no bounds and no help."""
    return {field.name: field.metadata.get("rules", Rules()) for field in dataclasses.fields(cls)}


def without_unset(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the knobs that a cell is made of: all but the added ones at their default."""
    rules = rules_of(cls)
    unset = {field.name: field.default for field in dataclasses.fields(cls) if rules[field.name].added}
    return {name: value for name, value in values.items() if name not in unset or value != unset[name]}


def choices(cls: type, name: str) -> tuple[Any, ...]:
    """Return the values that a knob's annotation lists: Literal[...], or Literal[...] | None. () for any other knob."""
    kind = _annotations(cls).get(name)
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if any(get_origin(kind) is not Literal and kind is not type(None) for kind in kinds):
        return ()
    return tuple(value for kind in kinds for value in get_args(kind) or (None,))


@cache
def _annotations(cls: type) -> Mapping[str, Any]:
    """Return the resolved annotations of a settings class; {} if a name is unknown, which build() then reports."""
    try:
        return get_type_hints(cls)
    except Exception:  # an annotation is code of the plug-in's author
        return {}


def quick(cls: type, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the given values, and the quick values of the other knobs where the class accepts them together."""
    values = {name: rules.quick for name, rules in rules_of(cls).items() if rules.quick is not None}
    if not given or _takes(cls, values | dict(given), where):
        return values | dict(given)
    taken = dict(given)
    for name, value in values.items():
        if name not in given and _takes(cls, taken | {name: value}, where):
            taken[name] = value
    return taken


def _takes(cls: type, values: Mapping[str, Any], where: str) -> bool:
    try:
        build(cls, values, where)
    except BenchError:
        return False
    return True


def build(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """Return an instance of the settings dataclass; BenchError names the knob as `where.key` and what it may be."""
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for field in fields.values():
        if field.default is field.default_factory is dataclasses.MISSING:
            raise BenchError(f"settings of {where}: {field.name} has no default; every knob needs one")
    for key in values:
        if key not in fields:
            raise unknown(f"knob of {where}", key, fields)
    given: dict[str, Any] = {key: f.default for key, f in fields.items() if f.init and _is_plain(f.default)}
    given |= values
    rules = rules_of(cls)
    for key, value in given.items():
        _check(f"{where}.{key}", value, rules[key], choices(cls, key))
    try:
        made = _converter().structure(given, cls)
    except Exception as error:
        raise BenchError(f"settings of {where}: {_first_line(error)}") from None
    for name in fields:
        if not _is_plain(value := getattr(made, name)):
            kinds = "a number, true or false, text, None, or a tuple of such"
            raise BenchError(f"settings of {where}: {name} is a {type(value).__name__}; a knob is {kinds}")
    return made


def parse(text: str) -> tuple[str, str, Any]:
    """Return `seqgan.rollouts=8` as ("seqgan", "rollouts", 8); a value that is no TOML is text."""
    path, equals, raw = text.partition("=")
    owner, dot, key = path.strip().rpartition(".")
    if not (equals and dot and owner and key):
        raise BenchError(f"--set {text!r}: write it as NAME.KNOB=VALUE, for example seqgan.rollouts=8")
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw.strip()
    except ValueError:  # it has more digits than Python reads
        raise _too_large(f"{owner}.{key}") from None
    except RecursionError:
        raise BenchError(f"--set {owner}.{key}: the value is nested too deeply") from None
    return owner, key, value


def _too_large(place: str) -> BenchError:
    return BenchError(f"{place}: a whole number is below 2^63, which has 19 digits")


def _is_plain(value: Any) -> bool:
    """Return whether a cell can keep it: JSON brings it back, and nothing changes it."""
    return isinstance(value, bool | int | float | str | None) or (
        isinstance(value, tuple) and all(map(_is_plain, value))
    )


def _check(place: str, value: Any, rules: Rules, allowed: tuple[Any, ...]) -> None:
    if isinstance(value, int) and abs(value) >= 2**63:
        raise _too_large(place)
    if allowed and value not in allowed:
        raise BenchError(f"{place} = {value!r}: choose one of {', '.join(map(str, allowed))}")
    if isinstance(value, int | float):
        if not math.isfinite(value):  # nan is neither below nor above a bound
            raise BenchError(f"{place} = {value}: a finite number is needed")
        if rules.low is not None and value < rules.low:
            raise BenchError(f"{place} = {value}: the least allowed is {rules.low}")
        if rules.high is not None and value > rules.high:
            raise BenchError(f"{place} = {value}: the most allowed is {rules.high}")


@cache
def _converter() -> Converter:
    """Return a converter that refuses unknown keys and values of another type; `bench list` does without it."""
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    for cls in _NAMES:
        converter.register_structure_hook(cls, _strict)
    return converter


def _strict(value: Any, cls: type) -> Any:
    if cls is float and type(value) is int:
        return float(value)
    if type(value) is not cls:
        raise TypeError(f"{value!r} is not {_NAMES[cls]}")
    return value


def _first_line(error: BaseException) -> str:
    """Return the innermost message of a cattrs exception group, with the field it is about."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    notes = [str(note) for note in getattr(error, "__notes__", [])]
    field = next((note.rsplit(" ", 1)[-1] for note in notes if "attribute" in note), "")
    return f"{field}: {folded(error)}" if field else folded(error)


_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}

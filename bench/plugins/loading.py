"""Find a trainer or a dataset by reference: `mle` (entry point), `package.module:Object`, or `path/file.py:Object`.

A reference is text, so it crosses to a worker process as it is; the object is looked up there again.
"""

from __future__ import annotations

import dataclasses
import importlib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from bench.contracts.errors import BenchError, named, unknown
from bench.plugins import folders, relative, source_files

Group = Literal["bench.baselines", "bench.datasets"]

_METHODS: dict[Group, tuple[str, ...]] = {
    "bench.baselines": ("phases", "state"),
    "bench.datasets": ("load", "metrics", "real"),
}
_LOADED: dict[Path, str] = {}
"""The code of the plug-ins that were imported as modules, which Python does once: file -> its checksums."""


def names(group: Group) -> list[str]:
    """The installed entry points of a group, sorted; none is imported."""
    return sorted(_entries(group))


@cache
def _entries(group: Group) -> dict[str, EntryPoint]:
    """By name; the metadata of every installed package is read for it, so once."""
    return {entry.name: entry for entry in entry_points(group=group)}


def label(reference: str) -> str:
    """What a table calls it: the entry point's name, or the object's."""
    return reference.rpartition(":")[2]


def absolute(reference: str) -> str:
    """The reference as a worker in another folder finds it: a path made absolute, a name as it is."""
    head, _, name = reference.rpartition(":")
    return f"{Path(head).resolve()}:{name}" if head.endswith(".py") else reference


def module_of(reference: str) -> str:
    """The dotted name of the module that holds a plug-in named by entry point or module; "" for any other."""
    head, _, name = reference.rpartition(":")
    entry = next((_entries(group)[name] for group in _METHODS if name in _entries(group)), None)
    return "" if head.endswith(".py") else head or (entry.module if entry else "")


def kind(reference: str) -> Group:
    """Whether it is a trainer or a dataset: by its shelf, else by its methods. BenchError where there is none."""
    head, _, name = reference.rpartition(":")
    if not head and not reference.endswith(".py"):
        found: list[Group] = [group for group in _METHODS if name in _entries(group)]
        if not found:
            raise unknown("baseline or dataset", name, (name for group in _METHODS for name in _entries(group)))
        return found[0]
    plugin = _object(reference)
    return "bench.datasets" if not _missing("bench.datasets", plugin) else "bench.baselines"


def load(group: Group, reference: str) -> type[Any]:
    """The class a reference names, checked against its contract; BenchError says which of the two failed, and where."""
    head, _, name = reference.rpartition(":")
    if head or reference.endswith(".py"):
        return _checked(group, reference, _object(reference))
    if name not in _entries(group):
        raise unknown(group.removeprefix("bench.").removesuffix("s"), name, _entries(group))
    entry = _entries(group)[name]
    with blaming("import", entry.value):
        return _checked(group, reference, entry.load())


def _object(reference: str) -> Any:
    """What `package.module:Object` or `file.py:Object` names."""
    head, _, name = reference.rpartition(":")
    if reference.endswith(".py"):
        raise BenchError(f"{reference}: say which class of the file, as in {reference}:MyClass")
    module = _load_file(Path(head)) if head.endswith(".py") else _load_module(head)
    if not hasattr(module, name):
        raise unknown(f"object in {head}", name, (key for key in vars(module) if not key.startswith("_")))
    return getattr(module, name)


def _load_module(name: str) -> ModuleType:
    with blaming("import", name):
        module = importlib.import_module(name)
    _refuse_edited(module)
    return module


def _refuse_edited(module: ModuleType) -> None:
    """BenchError if the code of a module, or of its siblings, changed since this process imported it."""
    if source_files.ours(module.__name__) or not getattr(module, "__file__", None):
        return
    path = Path(str(module.__file__)).resolve()
    code = "".join(source_files.lines(path, source_files.root_of(path, module.__name__)))
    if _LOADED.setdefault(path, code) != code:
        raise BenchError(f"the code of {module.__name__} changed since this process loaded it: start it anew")


def _load_file(path: Path) -> ModuleType:
    """The module of a file: see bench/plugins/folders.py."""
    source_files.read(path)  # says why, if it cannot be read
    relative.refuse_absolute(path.resolve())
    with blaming("import", str(path)):
        return folders.load(path.resolve())


@contextmanager
def blaming(doing: str, where: str) -> Iterator[None]:
    """Turn whatever a plug-in raises into one line: what was being done, the last line reached in it, the error."""
    try:
        yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            places.append((error.filename, error.lineno))
        engine = Path(__file__).parent.parent
        places = [(file, line) for file, line in places if not _within(Path(file), engine) and "importlib" not in file]
        places = [
            (file, line) for file, line in places if Path(file) == Path(where.rpartition(":")[0] or where).resolve()
        ] or places
        place = f", {Path(places[-1][0]).name} line {places[-1][1]}" if places else ""
        raise BenchError(f"cannot {doing} {where}{place}: {folders.plain(named(error, 1))}") from error


def _within(file: Path, engine: Path) -> bool:
    """True if a file is the engine's own: it lies in bench/, and on no shelf, which a wheel puts there too."""
    inside = file.relative_to(engine).parts if file.is_relative_to(engine) else ()
    return bool(inside) and inside[0] not in ("baselines", "datasets")


def _checked(group: Group, reference: str, found: Any) -> type[Any]:
    """The object, if it is a class with the contract's Settings and methods."""
    if not isinstance(found, type):
        raise BenchError(f"{reference} is not a class but a {type(found).__name__}")
    settings = getattr(found, "Settings", None)
    if not dataclasses.is_dataclass(settings):
        raise BenchError(f"{reference} lacks Settings, a frozen dataclass of its knobs")
    if not isinstance(settings, type):
        raise BenchError(f"{reference}: Settings is {settings!r:.80}; give the dataclass itself, without ()")
    if missing := _missing(group, found):
        contract = "bench/contracts/trainer.py" if group == "bench.baselines" else "bench/contracts/dataset.py"
        raise BenchError(f"{reference} lacks {', '.join(f'{m}()' for m in missing)}; the contract is {contract}")
    return found


def _missing(group: Group, found: Any) -> list[str]:
    """The contract's methods that the object lacks."""
    return [method for method in _METHODS[group] if not callable(getattr(found, method, None))]

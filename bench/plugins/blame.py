"""Errors of a plug-in's own code, told in one line that names the line of its file."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.contracts.errors import BenchError, named
from bench.plugins import folders


@contextmanager
def blaming(doing: str, where: str) -> Iterator[None]:
    """Turn what a plug-in raises into a BenchError: what was being done, the last line reached in the plug-in, why."""
    try:
        yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        found = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            found.append((Path(error.filename), error.lineno))
        named_file = Path(where.rpartition(":")[0] or where).resolve()
        places = [at for at in found if at[0] == named_file] or [at for at in found if _is_foreign(at[0])]
        place = f", {places[-1][0].name} line {places[-1][1]}" if places else ""
        raise BenchError(f"cannot {doing} {where}{place}: {folders.plain(named(error, 1))}") from error


def _is_foreign(file: Path) -> bool:
    """Return whether a file is neither Python's import system nor the engine. A wheel puts the shelves into bench/."""
    bench = Path(__file__).parent.parent
    engine = bench in file.parents and not {bench / "baselines", bench / "datasets"} & set(file.parents)
    return not engine and "importlib" not in str(file)

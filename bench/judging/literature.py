"""Folders of samples that others published: a folder a paper, and files named by model, temperature and run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError

NAME = re.compile(r"(?P<model>.+?)(?:_(?P<temperature>\d+(?:\.\d+)?)(?:_(?P<run>\d+))?)?")


class SampleFile(NamedTuple):
    """A file of one model's samples; the temperature and the number of the run are None if its name tells none."""

    path: Path
    model: str
    temperature: float | None = None
    run: int | None = None


class SampleFolder(NamedTuple):
    """The sample files of one paper, by model, temperature and run."""

    name: str
    files: tuple[SampleFile, ...]


def folders(root: Path) -> list[SampleFolder]:
    """Return the folders under `root` that hold *.txt files, by name; `root` itself too if it holds some.

    BenchError if there are none.
    """
    if not root.is_dir():
        raise BenchError(f"no folder {root}: give a folder that holds a folder of sample files for each paper")
    places = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    found = [SampleFolder(place.resolve().name, _files(place)) for place in places]
    if not any(folder.files for folder in found):
        raise BenchError(
            f"{root} holds no folder with files NAME.txt, NAME_TEMPERATURE.txt or NAME_TEMPERATURE_RUN.txt"
        )
    return [folder for folder in found if folder.files]


def parse(path: Path) -> SampleFile:
    """Read NAME.txt, NAME_TEMPERATURE.txt or NAME_TEMPERATURE_RUN.txt."""
    found = NAME.fullmatch(path.stem)
    if found is None:  # a name of line breaks
        return SampleFile(path, path.stem)
    temperature, run = found["temperature"], found["run"]
    return SampleFile(path, found["model"], float(temperature) if temperature else None, int(run) if run else None)


def _files(folder: Path) -> tuple[SampleFile, ...]:
    files = [parse(path) for path in folder.glob("*.txt") if path.is_file()]
    return tuple(sorted(files, key=lambda file: (file.model, file.temperature or 0.0, file.run or 0, file.path.name)))

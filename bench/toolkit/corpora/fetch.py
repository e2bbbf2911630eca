"""Find a corpus: the user's own file, the published one (cached or downloaded), or a sample that the code makes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Literal, cast, get_args

import numpy as np

from bench.contracts.data import Source
from bench.contracts.errors import BenchError
from bench.files import read_bytes, write_whole
from bench.toolkit import shelf
from bench.toolkit.corpora.download import Unreachable, download
from bench.toolkit.corpora.manifest import Entry, File, checksum
from bench.toolkit.corpora.reading.formats import is_plain
from bench.toolkit.corpora.reading.rows import Rows, filled, parse, split_column

Policy = Literal["auto", "published", "sample"]
OUR_OWN = "MIT (made by bench)"


class Absent(BenchError):
    """The published files of a corpus are absent and cannot be downloaded, and a sample is not allowed."""


log = logging.getLogger("bench")


@dataclass(frozen=True)
class Corpus:
    """The files of a corpus, in the manifest's order, as verified bytes, and their source.

    `table` is the user's own file and its column, if the file is no plain text.
    """

    files: tuple[bytes, ...]
    source: Source
    table: tuple[Path, str] | None = None

    @property
    def contents(self) -> tuple[bytes, ...]:
        """The bytes of each file; a table gives its rows, one a line."""
        return ("\n".join(self._rows.texts).encode(),) if self._rows else self.files

    @property
    def notes(self) -> tuple[str, ...]:
        """Return notes on how a table was read, and on the rows left out."""
        return self._rows.notes if self._rows else ()

    @cached_property
    def _rows(self) -> Rows | None:
        return filled(parse(self.files[0], *self.table)) if self.table else None


@dataclass(frozen=True)
class Corpora:
    """Where to look for corpora.

    `root` is the cache folder; `files` are the user's own (`--corpus NAME=FILE`) by name of dataset: they come first.
    `policy` says what happens if published files are absent: with "auto" a sample stands in, with "published" that is
    an error; with "sample" the published files are never looked for. `absent` collects the datasets with a sample;
    workers get it, so that they neither look nor announce again. With `only_prepared`, arrays that are not in the cache
    of prepared ones are not made.
    """

    root: Path
    policy: Policy = "auto"
    files: Mapping[str, Path] = field(default_factory=dict)
    only_prepared: bool = False
    absent: set[str] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def from_environment(cls, policy: str = "auto", files: Sequence[str] = ()) -> Corpora:
        """Look in the folder BENCH_DATA, or else the user's cache; `files` are as typed: "obama=speeches.txt"."""
        if policy not in get_args(Policy):
            raise BenchError(f"--data {policy}: choose one of {', '.join(get_args(Policy))}")
        given = dict(_name_and_file(text) for text in files)
        root = Path(os.environ.get("BENCH_DATA") or user_cache()).expanduser()
        return cls(root.absolute(), cast(Policy, policy), given)  # a cluster's workers are in other folders

    def open(self, entry: Entry, sample: Callable[[], Sequence[bytes]]) -> Corpus:
        """Return the user's file, else the published ones, else `sample()`, with a warning; BenchError if forbidden."""
        return self.find(entry) or made(entry.dataset, _kept_sample(self, sample))

    def find(self, entry: Entry) -> Corpus | None:
        """Return the same as `open`, but None for a sample."""
        if entry.dataset in self.files:
            return own(*split_column(str(self.files[entry.dataset])))
        if self.policy == "sample" or entry.name in self.absent:
            return None
        try:
            contents = tuple(self.fetch(file) for file in entry.files)
        except Unreachable as reason:
            if self.policy == "published":
                raise Absent(f"{entry.name}: {reason}") from None
            self.absent.add(entry.name)
            log.warning("%s: a SAMPLE made by the code stands in for the published corpus: %s", entry.name, reason)
            return None
        names = ", ".join(file.path for file in entry.files)
        return Corpus(contents, Source(names, joint_checksum(contents), entry.licence, "published"))

    def fetch(self, file: File) -> bytes:
        """Return the verified bytes of a published file, downloaded if the cache lacks it; else raise Unreachable."""
        path = self.root / file.path
        if path.is_file():
            return verified(file, read_bytes(path), str(path), "replace it, or remove it to download it again")
        try:
            content = verified(
                file, download(file.url, file.size), file.url, f"nothing was kept; put it in place by hand as {path}"
            )
        except Unreachable as reason:
            raise Unreachable(f"{reason}; put {path.name} in place by hand as {path}") from None
        cache(path, content)
        return content


def user_cache() -> Path:
    """Return this program's folder among the caches of the operating system."""
    import pooch

    return Path(pooch.os_cache("seqbench"))


def local(*paths: Path) -> Corpus:
    """Return the user's own files."""
    contents = tuple(read_bytes(path) for path in paths)
    names = ", ".join(path.name for path in paths)
    return Corpus(contents, Source(names, joint_checksum(contents), "the user's own", "local"))


def own(path: Path, column: str) -> Corpus:
    """Return the user's own file, or a column of it, in place of a published one."""
    corpus = local(path)
    if is_plain(path) and not column:
        return corpus
    name = f"{path.name}#{column}" if column else path.name
    return replace(corpus, source=replace(corpus.source, file=name), table=(path, column))


def made(name: str, contents: Sequence[bytes]) -> Corpus:
    """Return a sample corpus that the code made."""
    return Corpus(tuple(contents), Source(f"sample of {name}", joint_checksum(contents), OUR_OWN, "sample"))


def _kept_sample(corpora: Corpora, sample: Callable[[], Sequence[bytes]]) -> Sequence[bytes]:
    """Return `sample()`, kept on disk, so that the cells of a plan do not each make it.

    Its key is the checksum of the code in its folder and of the versions of the libraries that it may use. Only a
    module's function is kept: it depends on nothing else.
    """
    if not isinstance(sample, FunctionType) or sample.__qualname__ != sample.__name__ or sample.__closure__:
        return sample()
    code = joint_checksum([path.read_bytes() for path in sorted(Path(sample.__code__.co_filename).parent.glob("*.py"))])
    versions = [version(library) for library in ("numpy", "symusic")]
    key = f"sample-{checksum(' '.join([sample.__module__, sample.__name__, code, *versions]).encode())[:32]}"
    if (found := shelf.find(shelves(corpora), key)) is not None:
        return [bytes(found.arrays[str(number)]) for number in range(len(found.arrays))]
    contents: Sequence[bytes] = sample()
    arrays = {str(number): np.frombuffer(content, np.uint8) for number, content in enumerate(contents)}
    shelf.keep(shelves(corpora), key, arrays, None)
    return contents


def shelves(corpora: Corpora) -> tuple[Path, ...]:
    """Return the folders for arrays made from the corpora; the first one that can be written is used."""
    return tuple(dict.fromkeys((corpora.root / "prepared", user_cache() / "prepared")))


def joint_checksum(contents: Sequence[bytes]) -> str:
    """Return the sha256 of one file, or of the sha256 sums of several."""
    sums = [checksum(content) for content in contents]
    return sums[0] if len(sums) == 1 else checksum("".join(sums).encode())


def verified(file: File, content: bytes, where: str, remedy: str) -> bytes:
    """Return the content; BenchError, with both checksums, if it is not the published one."""
    found = checksum(content, file.algorithm)
    if found != file.digest:
        kind = file.algorithm.replace("_", " ")
        raise BenchError(
            f"{where} is damaged or not the published file: {kind} {found}, expected {file.digest}; {remedy}"
        )
    return content


def cache(path: Path, content: bytes) -> bool:
    """Keep the file for the next time; return False if the folder cannot be written."""
    if not shelf.writable(path.parent):
        return False
    try:
        write_whole(path, content)
    except OSError:
        return False
    return True


def _name_and_file(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise BenchError(f"--corpus {text!r}: write it as NAME=FILE, for example obama=speeches.txt")
    return name, Path(path).expanduser().absolute()

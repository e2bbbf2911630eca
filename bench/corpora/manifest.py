"""manifest.toml: the published files of the datasets beside it, with their urls, checksums and licences."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class File:
    """A published file: `path` is its place in the cache folder, `algorithm` and `digest` say which bytes it holds."""

    path: str
    url: str
    algorithm: Literal["sha256", "git_sha1"]
    digest: str
    size: int | None

    def matches(self, content: bytes) -> bool:
        """Whether these are the published bytes."""
        return checksum(content, self.algorithm) == self.digest


@dataclass(frozen=True)
class Entry:
    """A dataset in the manifest; `split` is its rule in words."""

    name: str
    licence: str
    split: str
    files: tuple[File, ...]


def read(text: str) -> dict[str, Entry]:
    """Entries by name of dataset."""
    return {name: _entry(name, fields) for name, fields in tomllib.loads(text).items()}


def entry(plugin: str, name: str) -> Entry:
    """The entry of a dataset in the manifest.toml beside its module: `manifest.entry(__file__, "poems")`."""
    return read(Path(plugin).with_name("manifest.toml").read_text("utf-8"))[name]


def checksum(content: bytes, algorithm: str = "sha256") -> str:
    """The hex sha256 of some bytes, or ("git_sha1") the name that git gives them as a blob."""
    if algorithm == "git_sha1":
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return hashlib.sha256(content).hexdigest()


def _entry(name: str, fields: dict[str, object]) -> Entry:
    files = fields["files"]
    assert isinstance(files, list)
    return Entry(name, str(fields["licence"]), str(fields["split"]), tuple(_file(file) for file in files))


def _file(fields: dict[str, object]) -> File:
    size = fields.get("bytes")
    algorithm: Literal["sha256", "git_sha1"] = "sha256" if "sha256" in fields else "git_sha1"
    url, digest = str(fields.get("url", "")), str(fields[algorithm])
    return File(str(fields["path"]), url, algorithm, digest, size if isinstance(size, int) else None)

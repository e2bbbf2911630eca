"""Read manifest.toml: the published files of the datasets beside it, with their urls, checksums and licences."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.contracts.checksum import sha256


@dataclass(frozen=True)
class File:
    """A published file: `path` is its place in the cache folder, `digest` its checksum by `algorithm`.

    `size` is its number of bytes, which a download may not exceed; None if the manifest gives none.
    """

    path: str
    url: str
    algorithm: Literal["sha256", "git_sha1"]
    digest: str
    size: int | None = None


@dataclass(frozen=True)
class Entry:
    """A corpus in the manifest: what `dataset` reads with these `settings`; `split` tells its rule in words."""

    name: str
    dataset: str
    settings: dict[str, Any]
    licence: str
    split: str
    files: tuple[File, ...]


def read(text: str) -> dict[str, Entry]:
    """Return name -> entry."""
    return {name: _entry(name, fields) for name, fields in tomllib.loads(text).items()}


def entry(plugin: str, name: str) -> Entry:
    """Return an entry of the manifest.toml beside a dataset's module: `manifest.entry(__file__, "poems")`."""
    return read(Path(plugin).with_name("manifest.toml").read_text("utf-8"))[name]


def checksum(content: bytes, algorithm: str = "sha256") -> str:
    """Return the hex sha256 of some bytes, or ("git_sha1") the name that git gives them as a blob."""
    if algorithm == "git_sha1":
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return sha256(content)


def _entry(name: str, fields: dict[str, Any]) -> Entry:
    files = tuple(_file(file) for file in fields["files"])
    dataset, settings = fields.get("dataset", name), fields.get("settings", {})
    return Entry(name, dataset, settings, fields["licence"], fields["split"], files)


def _file(fields: dict[str, Any]) -> File:
    algorithm: Literal["sha256", "git_sha1"] = "sha256" if "sha256" in fields else "git_sha1"
    return File(fields["path"], fields.get("url", ""), algorithm, fields[algorithm], fields.get("size"))

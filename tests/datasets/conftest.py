"""Datasets built from knobs, on corpora that a test writes or on the published ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.dataset import Opened
from bench.plugins.open_dataset import open_dataset
from bench.toolkit.corpora.fetch import Corpora

Open = Callable[..., Opened]


def opened(name: str, corpora: Corpora, **settings: Any) -> Opened:
    return open_dataset(name, settings, name, corpora)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a user cache for this session only, so that everything is prepared once, from the start."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("xdg")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture
def own(tmp_path: Path, cache: Path) -> Open:
    """own("poems", content, valid=5): the dataset on a local file of that content."""

    def open_(name: str, content: bytes | str, **settings: Any) -> Opened:
        path = tmp_path / "own.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return opened(name, Corpora(tmp_path / "cache", files={name: path}), **settings)

    return open_


@pytest.fixture
def sample(tmp_path: Path, cache: Path) -> Open:
    """sample("poems"): the dataset on the sample that the code makes."""
    return lambda name, **settings: opened(name, Corpora(tmp_path, "sample"), **settings)


@pytest.fixture
def published(cache: Path) -> Open:
    """published("poems", "poems/shi.txt"): the dataset on files in BENCH_DATA; skips if one is absent."""

    def open_(name: str, *files: str, local: bool = False, **settings: Any) -> Opened:
        root = Path(os.environ.get("BENCH_DATA") or "nowhere")
        for file in files:
            if not (root / file).is_file():
                pytest.skip(f"corpus absent: {file} is not in BENCH_DATA")
        given = {name: root / files[0]} if local else {}
        return opened(name, Corpora(root, "published", given), **settings)

    return open_

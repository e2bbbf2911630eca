"""The public names of `import bench`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bench


def test_every_public_name_can_be_had() -> None:
    for name in bench.__all__:
        assert getattr(bench, name) is not None and name in dir(bench), name
    assert {name for names in bench._HOMES.values() for name in names} == set(bench.__all__) - {"__version__"}


def test_type_checkers_are_told_the_same_homes() -> None:
    tree = ast.parse(Path(bench.__file__).read_text(encoding="utf-8"))
    told = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "importlib"]
    told = [node for node in told if node.module != "typing"]
    assert {node.module: tuple(name.name for name in node.names) for node in told} == bench._HOMES


def test_star_imports_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from bench import *", names)
    assert set(bench.__all__) - {"__version__"} <= set(names)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'bench' has no attribute 'blue'; it has .*bleu"):
        bench.blue  # noqa: B018
    assert not hasattr(bench, "_ipython_display_")

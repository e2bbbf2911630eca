"""An error is one line, whatever the exception holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench.contracts.errors import folded, message_lines, named

ENGINE = Path(__file__).resolve().parents[2] / "bench"


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Odd(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


@pytest.mark.parametrize("error", [ValueError(), ValueError(""), TimeoutError(), OSError(" \n\t "), Mute(), Odd()])
def test_without_a_message_the_type_is_named(error: Exception) -> None:
    name = type(error).__name__
    assert message_lines(error) == [name]
    assert folded(error) == named(error) == named(error, 1) == name


def test_a_message_of_many_lines_is_one_line() -> None:
    error = ValueError("\n  first \t line\r\n\nsecond\u2028third\n")
    assert message_lines(error) == ["first line", "second", "third"]
    assert folded(error) == "first line second third"
    assert named(error) == "ValueError: first line second third"
    assert named(error, 1) == "ValueError: first line"


def test_no_other_module_takes_messages_apart() -> None:
    """`str(error).splitlines()[0]` fails if the message is empty: bench/contracts/errors.py does it for all."""
    for path in sorted(ENGINE.rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            split = isinstance(call.func, ast.Attribute) and call.func.attr in ("split", "splitlines", "partition")
            if path.name != "errors.py" and split:
                assert not ast.unparse(call.func).startswith(("str(error)", "str(reason)")), (path, call.lineno)

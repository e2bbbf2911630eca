"""Every `bench` command on a page exists, with the options that it is given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from bench.cli.main import bench
from bench.contracts.errors import BenchError

LISTED = re.compile(r"^\$ (bench .*?)(?: +#.*)?$", re.M)
INLINE = re.compile(r"`(bench [^`]*)`")


def commands(text: str) -> list[str]:
    """Return the lines of consoles and the commands in sentences; a line break in a command counts as a blank."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return LISTED.findall(text) + [" ".join(command.split()) for command in INLINE.findall(prose)]


def parse(command: click.Command, words: list[str]) -> None:
    """Let click parse a whole command; it is not run."""
    context = command.make_context("bench", list(words))
    if isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        _, found, after = command.resolve_command(context, rest)
        assert found is not None
        parse(found, after)


def check_names(command: click.Command, words: list[str]) -> None:
    """Raise UsageError if the words name a command or an option that does not exist; arguments may be missing."""
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        _, found, words = command.resolve_command(click.Context(command), words)
        assert found is not None
        command = found
    known = {"--help", *(name for parameter in command.params for name in parameter.opts)}
    for word in words:
        if word.startswith("-") and word.partition("=")[0] not in known:
            raise click.NoSuchOption(word)


def test_every_command_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in commands(text):
        try:
            check_names(bench, [word for word in shlex.split(line)[1:] if word not in ("COMMAND", "...")])
            if line in LISTED.findall(text) and "--help" not in line:
                parse(bench, shlex.split(line)[1:])
        except (click.UsageError, BenchError) as error:
            pytest.fail(f"{page.name}: {line}: {error}")


def test_what_is_not_there_is_found() -> None:
    for words in (["run", "--sede", "1"], ["human", "exprot"], ["socre"]):
        with pytest.raises((click.UsageError, BenchError), match=r"sede|exprot|socre"):
            check_names(bench, words)
    with pytest.raises(click.UsageError, match="Missing"):
        parse(bench, ["score", "--json"])


def test_pages_show_commands() -> None:
    readme = Path(__file__).parent.parent.parent / "README.md"
    assert "bench check my_model.py:MyModel" in commands(readme.read_text(encoding="utf-8"))

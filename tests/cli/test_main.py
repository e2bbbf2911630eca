"""The message and the exit code of `bench`, whatever happens inside."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bench.cli import main as cli
from bench.contracts.errors import BenchError, ContractError


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run `bench NAME`, a command that does what the test says; return exit code and standard error."""

    def end(act: Callable[[], object], *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: click.Command("act", callback=act))
        monkeypatch.setattr(sys, "argv", ["bench", "act", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return end


def throw(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_nothing_wrong(end: Callable[..., tuple[int, str]]) -> None:
    assert end(lambda: None) == (0, "")
    assert end(lambda: sys.exit(1)) == (1, "")


def test_bad_input(end: Callable[..., tuple[int, str]]) -> None:
    assert end(throw(BenchError("unknown baseline 'x'"))) == (2, "bench: unknown baseline 'x'\n")
    code, text = end(lambda: None, "--no-such-option")
    assert (
        code == 2
        and text.startswith("bench: No such option")
        and text.endswith("`bench act --help` lists what there is.\n")
    )
    assert text.count("\n") == 1


def test_a_plug_in_that_breaks_its_contract(end: Callable[..., tuple[int, str]]) -> None:
    assert end(throw(ContractError("two metrics are called 'x'"))) == (
        1,
        "bench: two metrics are called 'x'; `bench check` says more\n",
    )


def test_a_command_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, wanted in ((["rnu"], "unknown command 'rnu'"), ([], "Usage: bench")):
        monkeypatch.setattr(sys, "argv", ["bench", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2 and wanted in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOSPC])
def test_places_that_cannot_be_written(end: Callable[..., tuple[int, str]], number: int) -> None:
    code, text = end(throw(OSError(number, os.strerror(number), "results")))
    assert (
        code == 2
        and text == f"bench: cannot write results: {os.strerror(number)}; choose another folder or repair it\n"
    )


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP])
def test_names_that_lead_nowhere(end: Callable[..., tuple[int, str]], number: int) -> None:
    code, text = end(throw(OSError(number, os.strerror(number), "a" * 300)))
    wanted = f"bench: cannot find or make {'a' * 300}: {os.strerror(number)}; choose another name or repair it\n"
    assert (code, text) == (2, wanted)


def test_a_place_without_a_name(end: Callable[..., tuple[int, str]]) -> None:
    code, text = end(throw(OSError(errno.ENOSPC, "No space left on device")))
    assert code == 2 and text.startswith("bench: cannot write a file: No space left on device;")


def test_ctrl_c_anywhere(end: Callable[..., tuple[int, str]]) -> None:
    assert end(throw(KeyboardInterrupt())) == (130, "interrupted\n")


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), OSError(errno.EIO, "disk gone")])
def test_the_unexpected_keeps_its_traceback(end: Callable[..., tuple[int, str]], error: Exception) -> None:
    code, text = end(throw(error))
    assert code == 1 and text.startswith(f"bench: unexpected {type(error).__name__}: {error}")
    found = re.search(r"the traceback is in (.*)\n", text)
    assert found is not None
    log = Path(found[1])
    assert "Traceback" in log.read_text() and "in act" in log.read_text()
    log.unlink()


def every_command(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*names, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, *names, name)


def test_every_help_ends_with_examples_of_its_own_command() -> None:
    for names, _ in [((), cli.bench), *every_command(cli.bench)]:
        short, long = (CliRunner().invoke(cli.bench, [*names, option]).output for option in ("-h", "--help"))
        assert short == long
        _, _, examples = long.partition("\n  Examples:\n")
        lines = [line.strip() for line in examples.strip().splitlines()]
        assert lines and all(line.startswith(" ".join(["bench", *names])) for line in lines), names


def test_the_options_of_every_example_exist() -> None:
    for names, command in [((), cli.bench), *every_command(cli.bench)]:
        for line in (command.epilog or "").splitlines()[2:]:
            words = shlex.split(line)[1:]
            found: click.Command = cli.bench
            while isinstance(found, click.Group) and words and not words[0].startswith("-"):
                following = found.get_command(click.Context(found), words.pop(0))
                assert following is not None, line
                found = following
            found.make_context(" ".join(names), words)  # parses, and calls nothing


def test_the_list_of_commands_is_read_from_their_sources() -> None:
    """It holds the first line of each command's docstring."""
    said = {name: command.get_short_help_str(200) for (name, *more), command in every_command(cli.bench) if not more}
    assert said == {name: cli.summary(name) for name in said}
    output = CliRunner().invoke(cli.bench, ["--help"]).output
    assert [line.split()[0] for line in output.split("Commands:\n")[1].split("\n\n")[0].splitlines()] == sorted(said)


def test_help_imports_no_command() -> None:
    code = "import sys; from bench.cli.main import bench; bench(['--help'], standalone_mode=False); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "bench.cli.commands" in ended.stdout and "bench.cli.commands." not in ended.stdout


def test_every_command_has_help() -> None:
    context = click.Context(cli.bench)
    for name in cli.bench.list_commands(context):
        command = cli.bench.get_command(context, name)
        assert command is not None and command.get_short_help_str(), name

"""What `bench` says and the code it ends with, whatever happens inside."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from bench.cli import main as cli
from bench.contracts.errors import BenchError, ContractError


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run `bench NAME`, where NAME does what the test says; exit code and standard error."""

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
        code == 2 and text == f"bench: cannot write results: {os.strerror(number)}; choose another folder or mend it\n"
    )


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP])
def test_names_that_lead_nowhere(end: Callable[..., tuple[int, str]], number: int) -> None:
    code, text = end(throw(OSError(number, os.strerror(number), "a" * 300)))
    wanted = f"bench: cannot find or make {'a' * 300}: {os.strerror(number)}; choose another name or mend it\n"
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


def test_every_command_has_help() -> None:
    context = click.Context(cli.bench)
    for name in cli.bench.list_commands(context):
        command = cli.bench.get_command(context, name)
        assert command is not None and command.get_short_help_str(), name

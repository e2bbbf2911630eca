"""The command `bench`. Each subcommand is a module of bench/cli/commands, imported when the user calls it."""

from __future__ import annotations

import ast
import errno
import importlib
import pkgutil
import sys
import tempfile
import traceback
from importlib.resources import files
from typing import Any, NoReturn

import click

from bench import __version__
from bench.cli import commands, early, options
from bench.contracts.errors import BenchError, ContractError, folded, named, unknown
from bench.engine import signals, terminal
from bench.files import NO_ROOM

# Errors of a path that the user named, not of the code: no permission, a file in place of a folder, a full disk, a path
# that does not exist.
_PLACES = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    *NO_ROOM,
)
_NAMES = (errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP)


HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "color": True}
"""With `color`, escape sequences of other people's texts reach the stream, which shows them; click would drop them."""


class LazyGroup(click.Group):
    """A click group whose subcommands are the modules of bench.cli.commands, each with an object `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules, without importing them."""
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported; None if no command has that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"bench.cli.commands.{cmd_name}").command
        _short_help(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; if no command has that name, raise a BenchError with the nearest name."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Ctrl-C, SIGTERM and SIGHUP end it with the exit codes that shells use."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            click.echo("interrupted", err=True)
            ctx.exit(signals.exit_code(stop))


def _short_help(command: click.Command) -> None:
    """Give the command and its subcommands the option -h. Call it first, since click keeps the option that it makes."""
    command.context_settings.update(HELP)
    for subcommand in command.commands.values() if isinstance(command, click.Group) else ():
        _short_help(subcommand)


def summary(name: str) -> str:
    """Return the first line of a command's docstring, read from its source: importing the module takes longer."""
    source = files(commands).joinpath(f"{name}.py").read_text(encoding="utf-8")
    return next(
        (ast.get_docstring(node) or "").partition("\n")[0]
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "command"
    )


@click.group(
    cls=LazyGroup,
    context_settings=HELP,
    epilog=options.examples(
        "bench run --all", "bench run -b mle -d my_text=text:corpus.txt", "bench score samples.txt -d poems --name mine"
    ),
)
@click.version_option(__version__, prog_name="bench")
def bench() -> None:
    """Compare sequence generators on one oracle, one evaluator, many seeds."""


def main() -> None:
    """Run the command; bad input gives one line on standard error and exit code 2.

    If output cannot be written, the work goes on. A command with an exit code of its own, such as `bench run`, keeps
    it; any other then ends with 2, unless the reader closed the pipe.
    """
    terminal.name_files_in_utf8()
    terminal.escape_what_it_cannot_hold()
    terminal.never_fail()
    try:
        with signals.raised():
            _call()
    except SystemExit:
        early.leave_quietly()
        _say_what_is_lost()
        raise
    early.leave_quietly()
    sys.exit(2 if _say_what_is_lost() else 0)


def _say(text: str) -> None:
    """Write an error on one line. `color` lets the stream show escape sequences, where click would drop them."""
    click.echo(f"bench: {text}", err=True, color=True)


def _say_what_is_lost() -> bool:
    """Return whether output was lost, and say so on standard error."""
    lost = terminal.lost_output()
    if lost is not None:
        _say(f"cannot write standard output: {lost.strerror}; some lines are lost")
    return lost is not None


def _call() -> None:
    """Run the command. SystemExit if it fails or gives its own exit code."""
    try:
        early.listen()
        if code := bench(prog_name="bench", standalone_mode=False):
            sys.exit(code)
    except (KeyboardInterrupt, click.Abort) as stop:  # before the command began; click turns one into the other
        click.echo("interrupted", err=True)
        sys.exit(signals.exit_code(stop.__cause__ or stop))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "bench"
        _say(f"{' '.join(error.format_message().split())} `{command} --help` lists what there is.")
        sys.exit(error.exit_code)
    except BenchError as error:
        _say(folded(error))
        sys.exit(2)
    except ContractError as error:  # from a plug-in that is called outside a cell
        _say(f"{folded(error)}; `bench check` says more")
        sys.exit(1)
    except OSError as error:
        if error.errno not in (*_PLACES, *_NAMES):
            _unexpected(error)
        what, remedy = ("write", "folder") if error.errno in _PLACES else ("find or make", "name")
        place = " ".join(str(error.filename or "a file").split())
        _say(f"cannot {what} {place}: {error.strerror}; choose another {remedy} or repair it")
        sys.exit(2)
    except Exception as error:
        _unexpected(error)


def _unexpected(error: Exception) -> NoReturn:
    try:
        where = f"the traceback is in {_keep_traceback()}"
    except OSError as lack:
        where = f"its traceback cannot be kept: {lack.strerror}"
    _say(f"unexpected {named(error)}; {where}")
    sys.exit(1)


def _keep_traceback() -> str:
    """Write the traceback of the current error to a file of its own, and return the file's name."""
    with tempfile.NamedTemporaryFile("w", prefix="bench-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return file.name

"""A terminal or a pipe in Latin-1 or ASCII may lose letters, but never the work."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import click
import pytest
from rich.console import Console

from bench.cli import main as cli
from bench.engine import session, terminal
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.request import Request
from bench.toolkit.corpora.fetch import Corpora

LETTERS = "春秋寒明白青高古"


@pytest.fixture
def poems(at_once: None, folder: Path, corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the current folder, with a finished run on a corpus of Chinese letters and a file of samples."""
    monkeypatch.setenv("BENCH_DATA", str(corpora.root))
    lines = [" ".join(letters) for letters in product(LETTERS, repeat=3)]
    Path("诗.txt").write_text("\n".join(lines), encoding="utf-8")
    Path("模型.txt").write_text("\n".join(lines[::9]), encoding="utf-8")
    request = Request(("random-unigram",), ("text:诗.txt",), preset.read("smoke"))
    setup = session.Setup(corpora, Path("runs"), jobs=1)
    assert session.run(planning.make(request, corpora), setup, Console(file=io.StringIO())).code == 0
    return folder


def call(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: str) -> tuple[int, bytes, bytes]:
    """Run `bench` with streams of an encoding; return its exit code and output."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict", write_through=True) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["bench", *arguments])
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as end:
            cli.main()
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue() for stream in streams)  # type: ignore[attr-defined]
    return int(end.value.code or 0), out, err


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_every_command_that_prints_ends_as_it_should(
    poems: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    score = ("score", "模型.txt", "-d", "text:诗.txt", "--name", "模型")
    for code, *arguments in (
        (0, "list"),
        (0, "data"),
        (0, "status"),
        (0, "sample", "random-unigram", "--count", "3"),
        (0, *score),
        (0, *score, "--json"),
        (0, "report"),
        (0, "human", "export", "-d", "text:诗", "--models", "random-unigram", "--n", "4", "--out", "问卷"),
        (0, "sync"),
        (2, "sample", "没有"),
        (2, "score", "没有.txt", "-d", "text:诗.txt", "--name", "北"),
        (2, "没有"),
    ):
        found, out, err = call(monkeypatch, encoding, *arguments)
        assert found == code and b"UnicodeEncodeError" not in out + err, (arguments, err)
        assert (out if code == 0 else err).strip()


def test_letters_become_escapes_and_the_user_is_told(poems: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = call(monkeypatch, "latin-1", "sample", "random-unigram", "--count", "3")
    assert code == 0 and set(out.decode("latin-1").split()) <= {f"\\u{ord(letter):x}" for letter in LETTERS}
    assert err == b"standard output cannot hold all characters: some are escapes; --out FILE has them all\n"
    assert call(monkeypatch, "utf-8", "sample", "random-unigram", "--count", "3")[2] == b""


def test_files_are_utf_8_whatever_the_terminal_is(poems: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(monkeypatch, "latin-1", "sample", "random-unigram", "--out", "out.txt")
    assert set(Path("out.txt").read_text(encoding="utf-8").split()) <= set(LETTERS)
    code, out, _ = call(monkeypatch, "latin-1", "report")
    assert code == 0 and b"text:\\u8bd7" in out
    (page,) = Path("results").glob("*/index.html")
    assert "诗" in page.read_text(encoding="utf-8") and "诗" in Path("results/index.html").read_text(encoding="utf-8")


def test_json_is_ascii_and_holds_all(poems: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = call(monkeypatch, "latin-1", "score", "模型.txt", "-d", "text:诗.txt", "--name", "模型", "--json")
    assert code == 0 and json.loads(out)["name"] == "模型"


@pytest.mark.skipif(os.name != "posix", reason="Windows names files in UTF-8")
def test_a_file_called_by_other_letters_is_found_in_the_c_locale(poems: Path) -> None:
    """It needs a process of its own, since Python reads the locale when it starts."""
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "bench", "sample", "random-unigram", "-d", "text:诗.txt", "--out", "写.txt"]
    ended = subprocess.run(command, env=os.environ | locale, capture_output=True)
    assert ended.returncode == 0 and not ended.stderr and Path("写.txt").exists()
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "sample", "诗"], env=os.environ | locale, capture_output=True
    )
    assert ended.returncode == 2 and ended.stderr.startswith(b"bench: unknown finished run in runs '")


@pytest.mark.parametrize(
    ("encoding", "text", "held"), [("latin-1", "é", True), ("latin-1", "北", False), ("ascii", "北", False)]
)
def test_whether_a_text_is_held(monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, held: bool) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    assert terminal.holds(text) == held


def test_streams_that_cannot_be_changed_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)
    terminal.escape_what_it_cannot_hold()
    assert terminal.holds("北")


def bench_list(stdout: int, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", "list"]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=os.environ | environment)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_leaves_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = bench_list(writing)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_is_lost_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = bench_list(full.fileno())
    message = "bench: cannot write standard output: No space left on device; some lines are lost\n"
    assert (ended.returncode, ended.stderr) == (2, message)


@pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")
def test_a_closed_standard_stream_is_no_file_of_the_command(tmp_path: Path) -> None:
    """Else what the command opens first gets descriptor 1, and what a library prints goes there."""
    code = f"""
import os, sys
from bench.cli import main as cli
def get_command(*_):
    file = open({str(tmp_path / "file")!r}, "w")
    os.write(1, b"print")
    assert file.fileno() > 2
    sys.exit(0)
cli.LazyGroup.get_command = get_command
sys.argv = ["bench", "list"]
cli.main()
"""
    closing = f"""exec "$0" -c '{code.replace("'", '"')}' >&-"""
    ended = subprocess.run(["sh", "-c", closing, sys.executable], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "") and (tmp_path / "file").read_bytes() == b""


def test_streams_that_are_not_the_process_own_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal.unfailing(None) is None
    for stream in (io.StringIO(), io.TextIOWrapper(io.BytesIO())):
        assert terminal.unfailing(stream) is stream


def test_a_full_disk_is_remembered_and_a_reader_that_left_is_not(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    pipe = terminal.Unfailing(writing, "w")
    assert pipe.write(b"lost") == 4 and pipe.lost is None
    if Path("/dev/full").exists():
        full = terminal.Unfailing("/dev/full", "w")
        assert full.write(b"lost") == 4 and full.lost is not None and full.lost.strerror == "No space left on device"
        full.close()
    pipe.close()


def own_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a file the process's own standard output, as a pipe or a file is; return the file."""
    stream = (tmp_path / "out").open("w", encoding="utf-8")
    monkeypatch.setattr(sys, "__stdout__", stream)
    monkeypatch.setattr(sys, "stdout", terminal.unfailing(stream))
    return tmp_path / "out"


def test_text_from_outside_is_shown_and_styles_and_data_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = own_streams(tmp_path, monkeypatch)
    print("a\x1b[31m\u202e\tb")
    terminal.console(force_terminal=True, color_system="standard", highlight=False).print("[red]c\u200b[/red]")
    terminal.write_data("d\u200c\n")
    assert terminal.lost_output() is None
    assert out.read_text(encoding="utf-8") == "a\\u001b[31m\\u202e\tb\n\x1b[31mc\\u200b\x1b[0m\nd\u200c\n"


def test_click_does_not_go_around_it_in_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = (tmp_path / "out").open("w", encoding="ascii", errors="backslashreplace")
    monkeypatch.setattr(sys, "__stdout__", stream)
    monkeypatch.setattr(sys, "stdout", terminal.unfailing(stream))
    click.echo("\u5317\x1b[31m", color=True)
    sys.stdout.flush()
    assert (tmp_path / "out").read_bytes() == b"\\u5317\\u001b[31m\n"

"""Text from outside is text: no command prints or writes a character that commands a terminal or that nobody sees."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names of files that POSIX allows")

SHELF = Path(__file__).parent.parent / "shelf"
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
BLANK = "\u034f\u3164"
PLACE = "pl\x1b[31m\u202e\u200bace"
FILE = "=cmd\x1b[31m\u202e\u200b\r<b>\\input{x}$&%#_{}~^`|*'\"!A0\n.txt"
BINARY = (".png", ".pdf", ".parquet", ".safetensors", ".pt", ".db")
DATA = ("samples.txt", "output.log", "vocabulary.tsv")
"""Files for programs, which hold tokens, and what a plug-in printed, as they are."""
Call = Callable[..., "subprocess.CompletedProcess[bytes]"]


def unseen(text: str) -> set[str]:
    """Return the characters of a text that should be escapes."""
    return {char for char in text if (unicodedata.category(char) in UNSEEN and char not in "\n\t") or char in BLANK}


def formulas(text: str) -> list[str]:
    """Return the cells of a CSV file that a spreadsheet would compute."""
    cells = (cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row)
    number = re.compile(r"([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*)+", re.I)
    return [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@")) and not number.fullmatch(cell)]


def without_library(page: str) -> str:
    """Return an HTML page without the charting library, which holds such characters in its code."""
    for name in ("d3.min.js", "plot.min.js"):
        page = page.replace(files("bench.reporting.page.vendor").joinpath(name).read_text(encoding="utf-8"), "")
    return page


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file that commands wrote, also within zip files."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in BINARY):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if not name.endswith(BINARY)]
                yield from ((name, archive.read(name).decode("utf-8")) for name in names)
        else:
            yield str(path.relative_to(folder)), path.read_bytes().decode("utf-8")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder of a hostile name with plug-ins and a corpus of a hostile name."""
    place = tmp_path / PLACE
    place.mkdir()
    for name in ("trainers.py", "words.py", "outside.py"):
        shutil.copy(SHELF / name, place)
    rng = random.Random(1)
    tokens = ["=1\x1b[31m", "\u202ea", "b\u200b", "</script>", "\\input{x}", "@c", "d\ufeff", "e", "f", "+g"]
    lines = (" ".join(rng.choice(tokens) for _ in range(6)) for _ in range(200))
    (place / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


@pytest.fixture
def call(folder: Path) -> Call:
    """Run `bench` in a process; its output holds no unseen character, and it never fails unexpectedly."""

    def call(*arguments: str, code: int = 0, data: bool = False) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "bench", *arguments]
        ended = subprocess.run(command, cwd=folder, capture_output=True, env=os.environ | {"COLUMNS": "150"})
        out, err = ended.stdout.decode(), ended.stderr.decode()
        assert ended.returncode == code and "unexpected" not in err, (arguments, err)
        assert not unseen(err) and (data or not unseen(out)), (arguments, ascii(out + err))
        assert code != 2 or (err.startswith("bench: ") and err.count("\n") == 1), (arguments, ascii(err))
        return ended

    return call


@pytest.mark.slow
def test_no_output_holds_what_commands_a_terminal_or_computes(outside: Path, folder: Path, call: Call) -> None:
    data, text, trains = f"{outside / 'outside.py'}:Data", f"text:{outside / FILE}", f"{outside / 'outside.py'}:Trains"
    mood = f"{trains}[mood=\x1b[31m\u202e+evil\n</script>{'x' * 10_000}]"
    arms = [part for name in ("Fails", "Breaks") for part in ("-b", f"{outside / 'outside.py'}:{name}")]
    plan = ("--preset", "smoke", "--jobs", "2", "--seeds", "2", "--set", "evaluation.samples=30")
    call("list", "--knobs", trains)
    call("check", f"{outside / 'outside.py'}:Fails", code=1)
    call("run", "-b", trains, "-b", mood, *arms, "-d", data, *plan, code=1)
    call("run", "-b", "random-unigram", "-b", f"{outside / 'trainers.py'}:Tiny", "-d", text, *plan, "--plan", "texts")
    for command in (
        ("status",),
        ("verify",),
        ("report", "--plans", "smoke,texts"),
        ("sync",),
        ("compare", "Trains", "real", "-d", data),
        ("data", "list", "--corpus", f"obama={outside / FILE}"),
        ("human", "export", "-d", text, "--models", "random-unigram,Tiny", "--n", "3", "--out", "sheet"),
        ("score", str(outside / FILE), "-d", text, "--name", "=".join("ab"), "--plan", "texts", "--track"),
        ("sweep", "-b", "Trains", "-d", data, "--temperatures", "0.8,1.0,1.2", "--out", "swept"),
        ("rejudge", "--metric", f"{outside / 'outside.py'}:Strange"),
        ("pack", "texts", "--out", "texts.zip"),
        ("verify", "texts.zip", "--checksums"),
        ("report", "--plan", "texts", "--out", "again"),
    ):
        call(*command)
    for command in (("sample", "Trains", "-d", data), ("data", "vocabulary", "-d", data)):
        assert "\u202e" in call(*command, data=True).stdout.decode()  # data for programs stay as they are in a pipe
    found = dict(written(folder))
    assert {"results/index.html", "results/summary.json", "results/runs.csv", "sheet/sheet.csv"} <= set(found)
    for name, content in found.items():
        assert not unseen(name) and not formulas(content if name.endswith(".csv") else ""), name
        page = without_library(content) if name.endswith(".html") else content
        assert Path(name).name in DATA or not unseen(page.replace("\ufeff", "", 1)), name
        assert max(map(len, re.split(r"\s|,", page)), default=0) < 10**5, name
    json.loads(found["results/summary.json"])
    tags_and_names(folder)


def tags_and_names(folder: Path) -> None:
    """Assert that MLflow holds no unseen character."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    for experiment in client.search_experiments():
        assert not unseen(experiment.name)
        for run in client.search_runs([experiment.experiment_id]):
            texts = {**run.data.tags, **run.data.params, **run.data.metrics}
            assert not any(unseen(f"{key} {value}") for key, value in texts.items())


LINE = "\x1b[31m\u202e\u200b\r\n"


@pytest.mark.slow
def test_an_error_is_one_line_without_such_characters(outside: Path, folder: Path, call: Call) -> None:
    mle = ("run", "-b", "mle", "-d", "oracle")
    for command in (
        (LINE,),
        ("status", f"--{LINE}"),
        ("run", "-b", LINE, "-d", "oracle"),
        ("run", "-b", f"{outside / 'trainers.py'}:Tiny{LINE}", "-d", "oracle"),
        ("run", "-b", f"{outside / LINE}.py:Tiny", "-d", "oracle"),
        ("run", "-b", f"{outside / 'trainers.py'}:{'w' * 10_000}", "-d", "oracle"),
        ("run", "-b", "mle", "-d", f"{outside / 'outside.py'}:Surrogate"),
        (*mle, "--preset", f"{LINE}.toml"),
        (*mle, "--set", f"mle.{LINE}={LINE}"),
        (*mle, "--plan", f"a{LINE}"),
        ("score", str(outside / FILE), "-d", f"text:{outside / FILE}", "--name", "a\u202eb"),
        ("score", str(outside / FILE), "-d", f"text:{outside / FILE}", "--name", "a\u3164b"),
        ("score", str(outside / FILE), "-d", f"text:{outside / FILE}", "--name", "=b"),
        ("run", "-b", "mle", "-d", "text:\udcff.txt"),
        ("run", "-b", "\udcff.py:Tiny", "-d", "oracle"),
        ("sync", f"{LINE}"),
        ("verify", f"{LINE}"),
        ("pack", f"{LINE}"),
    ):
        call(*command, code=2)
    for table in (
        '["\u202e\\u001b[31m"]\n"=x\\n" = 3\n',
        '[run]\nseeds = "\\u001b\u202e\\n"\n',
        "[run]\nx = \x1b[31m\n",
    ):
        (folder / "bad.toml").write_text(table, encoding="utf-8")
        call(*mle, "--preset", "bad.toml", code=2)


@pytest.mark.slow
def test_a_terminal_is_not_commanded(outside: Path, folder: Path) -> None:
    """On a terminal click would pass escape sequences on, and samples, which are data in a pipe, are shown there."""
    import pty

    def shown(*arguments: str) -> str:
        master, slave = pty.openpty()
        command = [sys.executable, "-m", "bench", *arguments]
        with subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            read = b""
            try:
                while part := os.read(master, 65536):
                    read += part
            except OSError:  # its other end is closed
                pass
            process.wait()
        os.close(master)
        return read.decode().replace("\r\n", "\n")

    data = f"{outside / 'outside.py'}:Data"
    for arguments in (("run", "-b", LINE, "-d", data), ("data", "vocabulary", "-d", data), ("list", "--knobs", data)):
        out = shown(*arguments)
        assert out and not unseen(out), ascii(out)
    out = shown("run", "-b", f"{outside / 'outside.py'}:Breaks", "-d", data, "--preset", "smoke", "--jobs", "1")
    own = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", out)  # rich's styles and movements, of which it has no others
    assert "Breaks" in own and not unseen(own), ascii(own)
    assert "\x1b]" not in out and "\x1b[31m\u202e" not in out

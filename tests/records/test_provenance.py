"""Where a run was made: the command that the tags name."""

from __future__ import annotations

import pytest

from bench.records.provenance import command_of, tags


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["/opt/venv/bin/bench", "run", "-b", "my gan.py:Gan", "--all"], "bench run -b 'my gan.py:Gan' --all"),
        (["/opt/lib/bench/__main__.py", "run"], "bench run"),
        (["C:/venv/Scripts/bench.exe", "report"], "bench report"),
        (
            ["bench", "run", "--tracking-uri", "https://me:secret@host:5000/x"],
            "bench run --tracking-uri https://host:5000/x",
        ),
        (["/opt/bin/pytest", "-q"], ""),
        ([""], ""),
        ([], ""),
    ],
)
def test_the_command_is_as_typed_without_passwords(words: list[str], typed: str) -> None:
    assert command_of(words) == typed


def test_a_run_from_python_has_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["notebook.py"])
    assert "command" not in tags()
    monkeypatch.setattr("sys.argv", ["bench", "run", "--all"])
    assert tags()["command"] == "bench run --all"

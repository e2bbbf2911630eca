"""What an import changed around it is put back."""

from __future__ import annotations

import builtins
import os
import signal
import sys
from pathlib import Path

import pytest

from bench.plugins.surroundings import kept


def test_everything_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    before = Path.cwd(), list(sys.path), dict(os.environ), builtins.sum, signal.getsignal(signal.SIGALRM)
    with kept():
        os.chdir(tmp_path)
        sys.path.clear()
        os.environ.clear()
        os.environ["ADDED"] = "1"
        builtins.sum = max  # type: ignore[assignment]
        builtins.added = 1  # type: ignore[attr-defined]
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.alarm(60)
    assert before == (Path.cwd(), sys.path, dict(os.environ), builtins.sum, signal.getsignal(signal.SIGALRM))
    assert not hasattr(builtins, "added") and signal.alarm(0) == 0


def test_an_error_is_passed_on_and_a_lost_folder_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    monkeypatch.chdir(lost)
    with pytest.raises(ZeroDivisionError), kept():
        lost.rmdir()
        sys.path.clear()
        raise ZeroDivisionError
    assert sys.path

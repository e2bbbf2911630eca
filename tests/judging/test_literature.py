"""Folders of published samples: what the names of files say, and which files are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.judging.literature import SampleFile, folders, parse


@pytest.mark.parametrize(
    ("name", "model", "temperature", "run"),
    [
        ("mle.txt", "mle", None, None),
        ("mle_0.7.txt", "mle", 0.7, None),
        ("mle_1.0_3.txt", "mle", 1.0, 3),
        ("my_gan.txt", "my_gan", None, None),
        ("my_gan_1_2.txt", "my_gan", 1.0, 2),
        ("gpt_2_0.9_1.txt", "gpt_2", 0.9, 1),
        ("leak.gan_0.5_12.txt", "leak.gan", 0.5, 12),
    ],
)
def test_a_name_tells_model_temperature_and_run(
    name: str, model: str, temperature: float | None, run: int | None
) -> None:
    path = Path("papers", name)
    assert parse(path) == SampleFile(path, model, temperature, run)


def test_files_stand_by_model_temperature_and_run(tmp_path: Path) -> None:
    for name in ("b/x_1.0_10.txt", "b/x_1.0_2.txt", "b/x_0.5_1.txt", "b/a.txt", "b/notes.md", "a/y.txt", "c/z.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("one\n", encoding="utf-8")
    found = folders(tmp_path)
    assert [folder.name for folder in found] == ["a", "b"]
    assert [file.path.name for file in found[1].files] == ["a.txt", "x_0.5_1.txt", "x_1.0_2.txt", "x_1.0_10.txt"]
    assert [folder.name for folder in folders(tmp_path / "b")] == ["b"]


def test_a_folder_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="holds no folder with files"):
        folders(tmp_path)
    with pytest.raises(BenchError, match=r"no folder .*absent"):
        folders(tmp_path / "absent")

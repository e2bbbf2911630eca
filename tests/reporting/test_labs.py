"""Packs of several labs share a table, and each row says whether its scores came out again."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.records.journal import Journal
from bench.records.runs import RunsFolder
from bench.reporting.labs import contents, join
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture
def ours(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the packs of two labs and the plug-ins of both; it is the current one."""
    for name in ("words.py", "trainers.py"):
        shutil.copy(lab / name, tmp_path)
    for name in ("ours.zip", "theirs.zip"):
        shutil.copy(lab / "mine.zip", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def corpora() -> Corpora:
    return Corpora(Path("cache"), "sample")


def test_each_row_says_whose_it_is_and_that_it_came_out_again(ours: Path) -> None:
    (table,), left_out = join([Path("ours.zip"), Path("theirs.zip")], corpora())
    assert not left_out
    assert {row.label: row.done for row in table.rows} == {
        "real": 1,
        **{f"{arm} ({lab}: re-scored)": 2 for arm in ("Tiny", "Spoils") for lab in ("ours", "theirs")},
    }
    by_label = {row.label: row.scores["ones"].values for row in table.rows}
    assert by_label["Tiny (ours: re-scored)"] == by_label["Tiny (theirs: re-scored)"]
    assert table.comparisons
    files = contents([table])
    assert {Path(name).suffix for name in files} == {".tex", ".md", ".csv"}
    assert all(b"theirs: re-scored" in content for content in files.values())


def test_without_the_code_rows_are_claims(ours: Path) -> None:
    (ours / "trainers.py").unlink()
    (table,), _ = join([Path("ours.zip")], corpora())
    assert {row.label for row in table.rows} == {"real", "Tiny (ours: claimed)", "Spoils (ours: claimed)"}


@pytest.mark.slow
def test_a_row_that_is_trained_again_says_so(ours: Path) -> None:
    """Two seeds of Tiny: the first, then both. A run whose score came out otherwise is no row of the same bits."""

    def bench_(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(bench, [*words, "--data", "sample"])
        return found.exit_code, found.output

    def marks() -> set[str]:
        (table,), _ = join([Path("ours.zip")], corpora())
        return {row.label for row in table.rows} - {"real"}

    code, said = bench_("verify", "ours.zip", "--retrain", "Tiny")
    assert code == 0 and "re-trained Words Tiny seed 0: trained again: the same bits" in said
    assert marks() == {"Tiny (ours: re-trained 1 of 2)", "Spoils (ours: re-scored)"}
    code, said = bench_("verify", "ours.zip", "--retrain", "Tiny")
    assert code == 0 and "re-trained Words Tiny seed 1: trained again: the same bits" in said
    assert marks() == {"Tiny (ours: re-trained)", "Spoils (ours: re-scored)"}
    first = next(one for one in RunsFolder(Path("retrained")).records() if one.cell.seed == 0)
    assert first.done is not None
    scores = {**first.done.scores, "ones": replace(first.done.scores["ones"], value=9.0)}
    Journal(first.folder).finish(replace(first.done, scores=scores))
    assert any(mark.startswith("Tiny (ours: re-scored, re-trained within 0.") for mark in marks())
    code, said = bench_("verify", "ours.zip", "--retrain", "Tiny")
    assert (
        code == 1 and "otherwise  Words Tiny seed 0: trained again: within 0." in said and "ones differs most" in said
    )


def test_a_copy_of_the_packs_own_runs_is_not_trained_again(ours: Path, lab: Path) -> None:
    shutil.copytree(lab / "runs", ours / "retrained")
    (table,), _ = join([Path("ours.zip")], corpora())
    assert {row.label for row in table.rows} == {"real", "Tiny (ours: re-scored)", "Spoils (ours: re-scored)"}


def test_what_cannot_be_trained_again_is_refused(ours: Path) -> None:
    runs = CliRunner()
    with pytest.raises(BenchError, match="unknown trained row of the pack 'Tinny'; did you mean 'Tiny'"):
        runs.invoke(bench, ["verify", "ours.zip", "--retrain", "Tinny", "--checksums"], catch_exceptions=False)
    with pytest.raises(BenchError, match="--retrain is for a zip file of `bench pack`"):
        runs.invoke(bench, ["verify", "--retrain", "Tiny"], catch_exceptions=False)
    (ours / "trainers.py").write_text((ours / "trainers.py").read_text() + "# other\n")
    with pytest.raises(BenchError, match="Tiny cannot be trained again: its plug-in's code is not here, or changed"):
        runs.invoke(bench, ["verify", "ours.zip", "--retrain", "Tiny", "--checksums"], catch_exceptions=False)


def test_a_pack_that_was_tampered_with_is_left_out_and_named(ours: Path) -> None:
    with zipfile.ZipFile("theirs.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile("theirs.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content.replace(b"one", b"two", 1) if name.endswith("samples.txt") else content)
    found = CliRunner().invoke(bench, ["report", "--from", "ours.zip", "theirs.zip", "--data", "sample"])
    assert found.exit_code == 1 and "left out, theirs: " in found.output and "samples.txt was changed" in found.output
    (written,) = Path("results").glob("*-labs.csv")
    assert "ours: re-scored" in written.read_text() and "theirs" not in written.read_text()
    with pytest.raises(BenchError, match="no pack is sound: left out, theirs: "):
        join([Path("theirs.zip")], corpora())


def test_two_packs_of_one_name_are_refused(ours: Path) -> None:
    (ours / "more").mkdir()
    shutil.copy("ours.zip", "more/ours.zip")
    with pytest.raises(BenchError, match="two packs are called ours: rename one"):
        join([Path("ours.zip"), Path("more/ours.zip")], corpora())


def test_packs_need_their_option(ours: Path) -> None:
    found = CliRunner().invoke(bench, ["report", "ours.zip"])
    assert found.exit_code == 2 and "ours.zip: name packs with --from." in found.output

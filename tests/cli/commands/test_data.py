"""`bench data`: list, fetch, verify, prepare."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.toolkit.corpora import catalogue, download, manifest, stand_ins


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache; there is no network."""
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(download, "_can_connect", lambda url: False)
    return tmp_path / "data"


@pytest.fixture
def published(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a manifest that takes the sample poems for the published ones; return their place in the cache."""
    (content,) = stand_ins.poems()
    entry = catalogue.entries()["poems"]
    file = replace(entry.files[0], digest=hashlib.sha256(content).hexdigest(), url="http://127.0.0.1/poems")
    poems = replace(entry, files=(file,))
    monkeypatch.setattr(catalogue, "entries", lambda: {"poems": poems})
    monkeypatch.setattr(manifest, "entry", lambda plugin, name: poems)
    monkeypatch.setattr("bench.toolkit.corpora.fetch.download", lambda url, size: content)
    return root / file.path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(bench, ["data", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_names_every_corpus_with_its_licence_and_split(root: Path) -> None:
    output = run("list")
    assert output == run()
    for entry in catalogue.entries().values():
        assert f"\n{entry.name}\n" in output and entry.licence in output and entry.split in output
    assert output.count("absent") == 8 and not root.exists()


def test_fetch_then_prepare_then_list(published: Path) -> None:
    assert run("fetch") == f"ready    {published}\n"
    assert published.is_file()
    assert "not yet (bench data prepare)" in run("list")
    counts = "2,400 train, 300 valid, 300 test; length 20, 106 tokens"
    output = run("prepare", "poems")
    assert output.startswith("poems         published") and counts in output and "repeated" in output
    assert counts in run("list")


def test_fetch_offline_says_what_to_put_where(root: Path) -> None:
    with pytest.raises(BenchError, match=r"image_coco\.txt in place by hand.*test_coco\.txt in place by hand"):
        run("fetch", "coco")
    assert not root.exists()


def test_fetch_into_a_folder_that_is_read_only_is_an_error(published: Path) -> None:
    published.parents[1].mkdir(mode=0o555)
    with pytest.raises(BenchError, match="cannot write"):
        run("fetch")


def test_verify_tells_sound_damaged_and_absent(published: Path) -> None:
    assert run("verify") == f"absent   {published}\n"
    run("fetch")
    assert run("verify", "poems") == f"sound    {published}\n"
    published.write_bytes(b"damaged")
    with pytest.raises(BenchError, match=hashlib.sha256(b"damaged").hexdigest()):
        run("verify")
    assert "prepared  no: " in run("list")


def test_prepare_takes_the_users_file_and_the_policy(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_bytes(stand_ins.captions()[0])
    assert "coco          local " in run("prepare", "coco", "--corpus", f"coco={own}")
    listed = run("list", "--corpus", f"coco={own}")
    assert f"  instead   {own}\n  prepared  1,600 train, 200 valid, 200 test" in listed
    assert "coco          sample " in run("prepare", "coco", "--data", "sample")
    with pytest.raises(BenchError, match="by hand"):
        run("prepare", "coco", "--data", "published")


def test_prepare_refuses_a_corpus_that_it_would_not_read(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"dataset of --corpus 'poem'; did you mean 'poems'"):
        run("prepare", "--corpus", f"poem={tmp_path}")
    with pytest.raises(BenchError, match=r"dataset of --corpus 'obama'; known: poems"):
        run("prepare", "poems", "--corpus", f"obama={tmp_path}")


@pytest.mark.parametrize("subcommand", ["fetch", "verify", "prepare"])
def test_an_unknown_name_is_refused(root: Path, subcommand: str) -> None:
    with pytest.raises(BenchError, match="did you mean 'coco'"):
        run(subcommand, "cocoa")


def test_the_vocabulary_is_written_as_ids_and_tokens(root: Path, tmp_path: Path) -> None:
    from bench.plugins.open_dataset import open_dataset
    from bench.toolkit.corpora.fetch import Corpora

    result = CliRunner().invoke(bench, ["data", "vocabulary", "-d", "coco", "--data", "sample"], catch_exceptions=False)
    words = open_dataset("coco", {}, "coco", Corpora.from_environment("sample")).data.vocabulary
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [int(index) for index, _ in rows] == list(range(len(words)))
    assert tuple(token for _, token in rows) == words.tokens
    assert result.stderr == f"{len(words):,} tokens of sample of coco (sample): start 0, end 0\n"
    run("vocabulary", "-d", "coco", "--data", "sample", "--out", str(tmp_path / "words.tsv"))
    assert (tmp_path / "words.tsv").read_text(encoding="utf-8") == result.stdout


def test_characters_that_would_break_a_line_are_escaped(root: Path, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("".join(f"a\tb \\ {n}\n" for n in range(30)))
    output = CliRunner().invoke(
        bench,
        ["data", "vocabulary", "-d", f"text:{tmp_path / 'own.txt'}", "--set", "text.tokens=char"],
        catch_exceptions=False,
    )
    tokens = [line.split("\t") for line in output.stdout.splitlines()]
    assert all(len(row) == 2 for row in tokens)
    assert {"\\t", "\\\\", " "} <= {token for _, token in tokens}


def test_the_vocabulary_of_an_absent_corpus_is_refused(root: Path) -> None:
    with pytest.raises(BenchError, match="--data sample"):
        run("vocabulary", "-d", "poems")


def test_the_list_reads_a_file_of_the_users(published: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_bytes(stand_ins.poems()[0])
    assert f"instead   {mine}" in run("--corpus", f"poems={mine}")
    with pytest.raises(BenchError, match="stands behind the subcommand: bench data list --corpus"):
        run("--corpus", f"poems={mine}", "list")


def test_clean_removes_what_is_out_of_date(published: Path, root: Path) -> None:
    run("prepare", "poems")
    (new,) = [path.parent for path in root.rglob("entry.json")]
    old = new.with_name("0" * 32)
    shutil.copytree(new, old)
    os.utime(old / "entry.json", (1, 1))
    said = run("clean")
    assert said.startswith(f"removed  {old}: ") and said.splitlines()[-1].startswith("1 removed, ")
    assert new.is_dir() and not old.exists()
    assert run("clean") == "0 removed, 0 bytes\n"

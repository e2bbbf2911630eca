"""A pack verifies without training, and every way of tampering with it is named."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.records.runs import RunsFolder
from bench.reporting.pack import pack, sealed
from bench.reporting.unpack import Checked, examine, unpacked
from bench.toolkit.corpora.fetch import Corpora

pytestmark = pytest.mark.slow

Files = dict[str, bytes]
Tamper = Callable[[Files, str], None]
"""Changes the files of a pack; the text is the id of the first seed of Tiny."""


@pytest.fixture
def files(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.chdir(lab)
    with zipfile.ZipFile(lab / "mine.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def tiny(lab: Path) -> str:
    found = [cell for cell in RunsFolder(lab / "runs").whole_cells() if cell.label == "Tiny"]
    return min(found, key=lambda cell: cell.seed).id


def other(files: Files, key: str) -> str:
    """Return the id of the second seed of the same arm."""
    facts = json.loads(files[f"{key}/cell.json"])
    cells = {name.partition("/")[0]: json.loads(text) for name, text in files.items() if name.endswith("/cell.json")}
    return next(one for one, cell in cells.items() if cell["label"] == facts["label"] and cell["seed"] == 1)


def checked(files: Files, folder: Path) -> Checked:
    path = folder / "tampered.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with unpacked(path) as found:
        return examine(found, Corpora(folder / "cache", "sample"))


def told(found: Checked) -> str:
    """Return all that is said of a pack that is not sound."""
    wrong = [note for one in found.findings if one.state in ("differs", "damaged", "missing") for note in one.notes]
    return "\n".join([*found.faults, *wrong])


def list_again(files: Files) -> None:
    """Write pack.json as a forger does who knows its checksums."""
    facts = json.loads(files.pop("pack.json"))
    del facts["seal"]
    facts["files"] = {name: sha256(content) for name, content in files.items()}
    files["pack.json"] = json.dumps({**facts, "seal": sealed(facts)}).encode()


def end_again(files: Files, key: str, change: Callable[[dict[str, Any]], None] = lambda done: None) -> None:
    """Write the end of a journal as a forger does who knows all checksums, with another last event."""
    *lines, done, last = files[f"{key}/journal.jsonl"].decode().splitlines()
    facts, end = json.loads(done), json.loads(last)
    change(facts)
    before = "".join(f"{line}\n" for line in [*lines, json.dumps(facts)])
    end["journal"] = sha256(before)
    end["files"] = {name: sha256(files[f"{key}/{name}"]) for name in end["files"]}
    files[f"{key}/journal.jsonl"] = f"{before}{json.dumps(end)}\n".encode()
    list_again(files)


def edit(files: Files, name: str, old: bytes, new: bytes) -> None:
    assert old in files[name], (name, files[name][:200])
    files[name] = files[name].replace(old, new, 1)


def change_cell(files: Files, key: str, **facts: Any) -> None:
    files[f"{key}/cell.json"] = json.dumps(json.loads(files[f"{key}/cell.json"]) | facts).encode()
    list_again(files)


def change_frame(files: Files, key: str, change: Callable[[pd.DataFrame], None]) -> None:
    frame = pd.read_parquet(io.BytesIO(files[f"{key}/scores.parquet"]))
    change(frame)
    files[f"{key}/scores.parquet"] = frame.to_parquet()
    end_again(files, key)


def change_table(files: Files, column: str, value: str) -> None:
    frame = pd.read_csv(io.BytesIO(files["tables/Words.csv"]), dtype=str, keep_default_na=False)
    row = frame.index[frame[column] != ""][0]
    frame.loc[row, column] = value
    files["tables/Words.csv"] = frame.to_csv(index=False).encode()
    list_again(files)


def flip_samples(files: Files, key: str) -> None:
    edit(files, f"{key}/samples.txt", b"one", b"two")


def flip_weights(files: Files, key: str) -> None:
    content = files[f"{key}/generator.safetensors"]
    files[f"{key}/generator.safetensors"] = content[:-4] + b"\x00\x00\xa0\x40"


def forge_samples(files: Files, key: str) -> None:
    flip_samples(files, key)
    end_again(files, key)


def forge_weights(files: Files, key: str) -> None:
    flip_weights(files, key)
    end_again(files, key)


def more_samples(files: Files, key: str) -> None:
    files[f"{key}/samples.txt"] += b"one one one one one\n"
    end_again(files, key)


def foreign_words(files: Files, key: str) -> None:
    edit(files, f"{key}/samples.txt", b"one", b"four")
    end_again(files, key)


def swap(name: str) -> Tamper:
    def swap(files: Files, key: str) -> None:
        files[f"{key}/{name}"] = files[f"{other(files, key)}/{name}"]
        end_again(files, key)

    return swap


def forge(**changes: Any) -> Tamper:
    return lambda files, key: end_again(files, key, lambda done: done.update(changes))


def forge_score(metric: str, **changes: Any) -> Tamper:
    return lambda files, key: end_again(files, key, lambda done: done["scores"][metric].update(changes))


def drop_score(files: Files, key: str) -> None:
    end_again(files, key, lambda done: done["scores"].pop("nll_test"))


def edit_curve(files: Files, key: str) -> None:
    edit(files, f"{key}/journal.jsonl", b'"x": 0, ', b'"x": 7, ')
    list_again(files)


def unseal(files: Files, key: str) -> None:
    lines = files[f"{key}/journal.jsonl"].decode().splitlines()[:-1]
    lines[-1] = lines[-1].replace(', "sealed": true', "")
    files[f"{key}/journal.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
    list_again(files)


def cut_journal(files: Files, key: str) -> None:
    lines = files[f"{key}/journal.jsonl"].splitlines(keepends=True)
    files[f"{key}/journal.jsonl"] = b"".join(lines[:-2])
    list_again(files)


def forge_column(files: Files, key: str) -> None:
    change_frame(files, key, lambda frame: frame.__setitem__("ones", frame["ones"][::-1].to_numpy()))


def forge_test_column(files: Files, key: str) -> None:
    change_frame(files, key, lambda frame: frame.__setitem__("nll_test", frame["nll_test"] / 2))


def drop_cell(files: Files, key: str) -> None:
    for name in [name for name in files if name.startswith(key)]:
        del files[name]
    list_again(files)


def drop_from_plan(files: Files, key: str) -> None:
    files["plans/mine.json"] = json.dumps(
        {one: entry for one, entry in json.loads(files["plans/mine.json"]).items() if one != key}
    ).encode()
    list_again(files)


def drop_seed(files: Files, key: str) -> None:
    drop_from_plan(files, key)
    drop_cell(files, key)


def rename_row(files: Files, key: str) -> None:
    edit(files, "plans/mine.json", b'"label": "Tiny"', b'"label": "Best"')
    list_again(files)


def add_plan(files: Files, key: str) -> None:
    files["plans/other.json"] = files["plans/mine.json"]
    list_again(files)


def drop_table(files: Files, key: str) -> None:
    del files["tables/Words.csv"]
    list_again(files)


def add_file(files: Files, key: str) -> None:
    files["notes.txt"] = b"all is well"


def add_listed_file(files: Files, key: str) -> None:
    files["notes.txt"] = b"all is well"
    list_again(files)


def edit_environment(files: Files, key: str) -> None:
    edit(files, "pack.json", b'"version.torch": "', b'"version.torch": "9')


def lose_weights(files: Files, key: str) -> None:
    del files[f"{key}/generator.safetensors"]
    list_again(files)


TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "samples flipped": (flip_samples, "samples.txt was changed after packing"),
    "samples forged": (forge_samples, "ones is "),
    "samples added": (more_samples, "samples.txt is damaged (31 lines, and the journal says 30)"),
    "words outside": (foreign_words, "'four' is no token of Words"),
    "samples of another seed": (swap("samples.txt"), "ones is "),
    "weights flipped": (flip_weights, "generator.safetensors was changed after packing"),
    "weights forged": (forge_weights, "nll_test is "),
    "weights of another seed": (swap("generator.safetensors"), "nll_test is "),
    "weights lost": (lose_weights, "generator.safetensors is missing"),
    "score of the samples": (forge_score("ones", value=0.99), "ones is 0.99, and comes out as "),
    "score of the weights": (forge_score("nll_test", value=0.01), "nll_test is 0.01, and comes out as "),
    "score undefined": (forge_score("ones", value=None), "ones is None, and comes out as "),
    "signature": (forge_score("ones", signature="ones|version:2"), "ones: its signature is ones|version:2"),
    "direction": (forge_score("ones", better="lower"), "ones: its better is lower"),
    "bound": (forge_score("ones", bound="upper"), "ones: its bound is upper"),
    "score dropped": (drop_score, "nll_test is missing among the scores"),
    "number of samples": (forge(hypotheses=40), "30 lines, and the journal says 40"),
    "copied share": (forge(copied=0.5), "copied is 0.5, and comes out as "),
    "learning curve": (edit_curve, "journal.jsonl was changed after the cell ended"),
    "seal removed": (unseal, "has lost its checksums"),
    "journal cut": (cut_journal, "did not end: it is running"),
    "scores per sequence": (forge_column, "ones: scores.parquet differs from its samples in row "),
    "test scores per sequence": (forge_test_column, "nll_test: scores.parquet differs from its samples in row 1"),
    "scores of another seed": (swap("scores.parquet"), "scores.parquet differs from its samples in "),
    "seed": (lambda f, k: change_cell(f, k, seed=5), "cell.json is damaged (it describes cell "),
    "data fingerprint": (lambda f, k: change_cell(f, k, fingerprint="0" * 16), "cell.json is damaged (it describes"),
    "code checksum": (lambda f, k: change_cell(f, k, code="0" * 64), "cell.json is damaged (it describes cell "),
    "knob": (lambda f, k: change_cell(f, k, settings=[["epochs", 99]]), "cell.json is damaged (it describes cell "),
    "plug-in": (lambda f, k: change_cell(f, k, reference="trainers.py:Spoils"), "cell.json names the plug-in "),
    "cell of no type": (lambda f, k: change_cell(f, k, seed="x"), "cell.json is damaged (ValueError: seed is 'x')"),
    "cell dropped": (drop_cell, "named by plan mine"),
    "cell dropped from the plan": (drop_from_plan, "is not in the plan"),
    "seed dropped everywhere": (drop_seed, "tables/Words.csv: done of Tiny on ones is '2', and comes out as '1'"),
    "row renamed": (rename_row, "tables/Words.csv: Best on copied_rows is missing; "),
    "plan added": (add_plan, "plans/other.json is not its plan"),
    "mean": (lambda f, k: change_table(f, "mean", "0.123"), "tables/Words.csv: mean of "),
    "p-value": (lambda f, k: change_table(f, "p_t", "1e-7"), "tables/Words.csv: p_t of "),
    "verdict": (lambda f, k: change_table(f, "verdict", "the winner"), "tables/Words.csv: verdict of "),
    "table dropped": (drop_table, "tables/Words.csv is missing"),
    "file added": (add_file, "notes.txt is not in the list of pack.json"),
    "file added and listed": (add_listed_file, "notes.txt is no file of a pack"),
    "environment": (edit_environment, "pack.json was changed after packing"),
}


def test_a_pack_verifies_and_is_the_same_bytes_again(files: Files, lab: Path, tmp_path: Path) -> None:
    found = checked(files, tmp_path)
    assert found.faults == () and [one.state for one in found.findings] == ["whole"] * 5
    assert pack(RunsFolder(lab / "runs"), "mine") == (lab / "mine.zip").read_bytes()


def test_no_path_of_this_machine_is_in_a_pack(files: Files, lab: Path) -> None:
    assert not [name for name, content in files.items() if str(lab).encode() in content]


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_caught_and_named(files: Files, tiny: str, tmp_path: Path, kind: str) -> None:
    tamper, name = TAMPERINGS[kind]
    tamper(files, tiny)
    assert name in told(checked(files, tmp_path))


def test_without_the_code_scores_are_claims(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = checked(files, tmp_path)
    assert found.faults == () and {one.state for one in found.findings} == {"claimed"}


@pytest.mark.parametrize("harm", ["no pack", "cut", "twice", "outside", "link", "format", "no zip"])
def test_what_is_no_pack_is_refused(files: Files, lab: Path, tmp_path: Path, harm: str) -> None:
    path, content = tmp_path / "odd.zip", (lab / "mine.zip").read_bytes()
    path.write_bytes(content[: len(content) // 2] if harm == "cut" else b"no zip" if harm == "no zip" else content)
    if harm in ("no pack", "format"):
        facts = json.loads(files.pop("pack.json")) | {"format": 99}
        more = {"pack.json": json.dumps(facts).encode()} if harm == "format" else {}
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in {**files, **more}.items():
                archive.writestr(name, text)
    elif harm in ("twice", "outside", "link"):
        info = zipfile.ZipInfo({"twice": "pack.json", "outside": "../x", "link": "link"}[harm])
        info.external_attr = (stat.S_IFLNK | 0o777) << 16 if harm == "link" else 0
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning) if harm == "twice" else io.StringIO():
            archive.writestr(info, b"/etc/passwd")
    with pytest.raises(BenchError, match=r"odd\.zip"), unpacked(path):
        pass
    assert not (tmp_path / "x").exists()

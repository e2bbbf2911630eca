"""bench sample: fresh sequences of finished runs, as text, ids or tunes."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.judging.evaluator import draw
from bench.records import plans as kept_plans
from bench.records.plans import Entry

DATA = ("--data", "sample")


def lines(call, *arguments):
    return call("sample", *arguments, *DATA).stdout.splitlines()


def test_samples_are_those_of_the_trained_generator(finish):
    """The weights on disk, with the seed of the run's own evaluation, give the run's own samples."""
    from bench.records import revive
    from bench.toolkit.corpora.fetch import Corpora

    _, mle = finish("text:tiny.txt", "mle")
    opened = revive.reopen(mle.cell, Corpora.from_environment("sample"))
    rng = torch_rng(mle.cell.seed_for("evaluate", "final"))
    again = draw(revive.generator(mle, opened), 20, opened.data, rng)
    text = "".join(f"{opened.data.vocabulary.decode(row)}\n" for row in again.tolist())
    assert text == (mle.folder / "samples.txt").read_text()


def test_the_seed_alone_decides(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    first = lines(call, mle.cell.id, "--count", 12)
    assert len(first) == 12 and first == lines(call, mle.cell.id, "--count", 12)
    assert first != lines(call, mle.cell.id, "--count", 12, "--seed", 1)


def test_a_run_is_found_by_name_seed_or_beginning_of_its_id(finish, call):
    records = finish("text:tiny.txt", "mle", "random-unigram", seeds=2)
    by_seed = {r.cell.seed: r for r in records if r.cell.label == "mle"}
    assert lines(call, "mle") == lines(call, by_seed[0].cell.id[:8])
    assert lines(call, "mle") == lines(call, "mle", "-d", "text:tiny") == lines(call, "mle", "-d", "text:tiny.txt")
    assert lines(call, "mle") == lines(call, "mle", "-d", "text:./tiny.txt")
    assert lines(call, "mle", "--run-seed", 1) == lines(call, by_seed[1].cell.id) != lines(call, "mle")


def test_a_run_is_found_by_the_name_that_any_plan_gives_it(finish, call):

    _, mle = finish("text:tiny.txt", "mle")
    kept_plans.write("sweep", {mle.cell.id: Entry(label="mle[mle_epochs=3]")}, mle.folder.parent)
    assert lines(call, "mle[mle_epochs=3]") == lines(call, "mle")
    with pytest.raises(BenchError, match="unknown finished run"):
        call("sample", "mle[mle_epochs=4]", *DATA)


def test_generators_without_weights_and_the_real_row_can_be_drawn_from(finish, call):
    real, _ = finish("text:tiny.txt", "random-unigram")
    assert len(lines(call, "random-unigram", "--count", 7)) == 7
    with pytest.raises(BenchError, match="real sequences have no temperature"):
        call("sample", "real", "--temperature", 0.5, *DATA)
    assert lines(call, "real", "--count", 7) == (real.folder / "samples.txt").read_text().splitlines()[:7]


def test_a_low_temperature_says_the_likeliest_again_and_again(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    cold, warm = (set(lines(call, mle.cell.id, "--count", 50, "--temperature", t)) for t in (0.01, 1))
    assert len(cold) < 0.6 * len(warm)


def test_ids_and_out(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    rows = [[int(index) for index in line.split()] for line in lines(call, mle.cell.id, "--ids")]
    assert np.array(rows).shape == (10, 6) and np.array(rows).max() < 7
    assert call("sample", mle.cell.id, *DATA, "--out", "deep/er.txt").stdout == ""
    assert Path("deep/er.txt").read_text().splitlines() == lines(call, mle.cell.id)


def test_tunes_become_midi_files_that_score_as_themselves(finish, call):
    _, mle = finish("nottingham", "random-unigram", samples=4)
    assert {"pianoroll.png", "tune-1.mid", "tune-4.mid"} <= {path.name for path in mle.folder.iterdir()}
    assert call("sample", "real", *DATA, "--count", 12, "--midi", "tunes").stdout == ""
    assert sorted(path.name for path in Path("tunes").iterdir())[::11] == ["real-01.mid", "real-12.mid"]
    Path("real.txt").write_text("".join(f"{line}\n" for line in lines(call, "real", "--count", 12)))
    heard, read = (
        json.loads(call("score", file, "-d", "nottingham", *DATA, "--name", "m", "--json").stdout)
        for file in ("tunes", "real.txt")
    )
    assert (heard["format"], read["format"], heard["hypotheses"]) == ("midi", "text", 12)
    assert heard["scores"] == read["scores"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("seqgam",), "unknown finished run in runs 'seqgam'"),
        (("mle", "-d", "poems"), "no finished run of poems in runs"),
        (("mle", "--run-seed", 5), "no finished run of mle with seed 5: there are seeds 0"),
        (("mle", "--midi", "tunes"), "text:tiny is not music"),
    ],
)
def test_bad_input_is_one_line(finish, call, arguments, message):
    finish("text:tiny.txt", "mle")
    with pytest.raises(BenchError, match=message):
        call("sample", *arguments, *DATA)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--temperature", "nan", "nan is not a number"),
        ("--count", 99_999_999_999_999, "99999999999999 is not in the range"),
    ],
)
def test_numbers_out_of_range(finish, call, option, value, message):
    finish("text:tiny.txt", "random-unigram")
    with pytest.raises(AssertionError, match=message):
        call("sample", "random-unigram", option, value, *DATA)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
        MemoryError("Unable to allocate 7.28 TiB for an array"),
    ],
)
def test_more_than_the_memory_holds(finish, call, monkeypatch, error):
    finish("text:tiny.txt", "random-unigram")

    def draw(*_):
        raise error

    monkeypatch.setattr("bench.judging.evaluator.draw", draw)
    with pytest.raises(BenchError, match="--count 1000: not enough memory; draw fewer at a time"):
        call("sample", "random-unigram", "--count", 1000, *DATA)


def test_other_data_than_the_run_had_is_refused(finish, call):
    finish("text:tiny.txt", "mle")
    Path("tiny.txt").write_text(Path("tiny.txt").read_text() + "mat mat\n")
    with pytest.raises(BenchError, match=r"the data of .* is not that of mle seed 0"):
        call("sample", "mle", *DATA)


def test_two_settings_under_one_name_need_a_cell(finish, call):
    finish("text:tiny.txt", "mle")
    _, newest = finish("text:tiny.txt", "mle", samples=10, plan="later")
    with pytest.raises(BenchError, match=r"mle was run with several knobs, data or code .*: say which with --plan"):
        call("sample", "mle", *DATA)
    drawn = call("sample", newest.cell.id, *DATA).stdout
    assert call("sample", "mle", "--plan", "later", *DATA).stdout == drawn
    entry = kept_plans.read_all(Path("runs"))["later"][newest.cell.id]
    kept_plans.write("later", {newest.cell.id: replace(entry, label="mle[told]")}, Path("runs"))
    assert call("sample", "mle[told]", "--plan", "later", *DATA).stdout == drawn
    with pytest.raises(BenchError, match=r"unknown finished run in runs 'mle'; did you mean 'mle\[told\]'"):
        call("sample", "mle", "--plan", "later", *DATA)
    with pytest.raises(BenchError, match="unknown plan in runs 'latter'; did you mean 'later'"):
        call("sample", "mle", "--plan", "latter", *DATA)


def test_the_code_of_a_plug_in_must_be_that_of_the_run(finish, call, trainers):
    file = Path(trainers("Tiny").rpartition(":")[0])
    _, tiny = finish("text:tiny.txt", trainers("Tiny"))
    call("sample", tiny.cell.id, *DATA)
    file.write_text(file.read_text() + "\n")
    with pytest.raises(BenchError, match="Tiny seed 0: its plug-in's code changed since it was run"):
        call("sample", tiny.cell.id, *DATA)


def test_lost_or_damaged_weights_are_named(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    weights = mle.folder / "generator.safetensors"
    weights.write_bytes(b"nonsense")
    with pytest.raises(BenchError, match=r"generator\.safetensors was changed after the cell ended: bring a copy"):
        call("sample", "mle", *DATA)
    weights.unlink()
    with pytest.raises(
        BenchError, match=r"mle seed 0 \(cell \w+\) is damaged \(generator\.safetensors is missing\): run it again"
    ):
        call("sample", "mle", *DATA)


def test_a_row_made_elsewhere_cannot_be_sampled(finish, call):
    call("score", "tiny.txt", "-d", "text:tiny.txt", "--name", "mine", "--plan", "smoke", *DATA)
    with pytest.raises(BenchError, match="mine is a file of samples made elsewhere"):
        call("sample", "mine", *DATA)


def test_tunes_stay_in_their_folder_whatever_the_row_is_called(finish, call):

    _, tuner = finish("nottingham", "random-unigram", samples=4)
    kept_plans.write("sweep", {tuner.cell.id: Entry(label="mine[path=../../b]")}, tuner.folder.parent)
    cell = json.loads((tuner.folder / "cell.json").read_text())
    (tuner.folder / "cell.json").write_text(json.dumps(cell | {"label": "mine[path=../../b]"}))
    call("sample", "mine[path=../../b]", *DATA, "--count", 2, "--midi", "tunes")
    assert sorted(path.name for path in Path("tunes").iterdir()) == [
        "mine[path=.._.._b]-d22e5c-1.mid",
        "mine[path=.._.._b]-d22e5c-2.mid",
    ]


def test_out_is_written_whole_or_not_at_all(finish, call, monkeypatch):
    finish("text:tiny.txt", "random-unigram")
    Path("out.txt").write_text("before")
    Path("out.txt").chmod(0o600)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BenchError, match=r"cannot write out\.txt: No space left on device"):
            call("sample", "random-unigram", *DATA, "--out", "out.txt")
    assert Path("out.txt").read_text() == "before"
    call("sample", "random-unigram", *DATA, "--out", "out.txt")
    assert Path("out.txt").stat().st_mode & 0o777 == 0o600
    Path("link.txt").symlink_to("out.txt")
    call("sample", "random-unigram", *DATA, "--out", "link.txt")
    assert Path("link.txt").is_symlink() and len(Path("out.txt").read_text().splitlines()) == 10
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
    call("sample", "random-unigram", *DATA, "--out", "pipe")
    assert Path("pipe").is_fifo() and os.read(reader, 10**6) == Path("out.txt").read_bytes()
    os.close(reader)

"""bench score: samples made elsewhere are judged as runs are, and enter plans, reports and MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError, ContractError
from bench.judging import statistics
from bench.records import plans as kept_plans
from bench.records.events import Start
from bench.records.journal import read_record
from bench.records.scores import to_json
from bench.reporting.paper import paper

ORACLE = ("oracle.parameters=fresh", "oracle.length=5", "oracle.train=64", "oracle.valid=64", "oracle.test=64")
TEXT = ("-d", "text:tiny.txt", "--data", "sample")

MADE_UP = """
from dataclasses import dataclass

import numpy as np

from bench.contracts.data import SequenceData, Source
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.bleu import bleu_metrics


class MadeUp:
    @dataclass(frozen=True)
    class Settings:
        pass

    def __init__(self, settings, corpora):
        pass

    def load(self):
        rows = np.arange(80).reshape(20, 4) % 7
        words = Vocabulary(tuple("abcdefg"))
        return SequenceData(rows[:10], rows[10:15], rows[15:], words, Source("made up", "", "MIT", "sample"))

    def metrics(self, data):
        return bleu_metrics(data)

    def real(self, data):
        return Replay(data.valid)
"""


def read_scores(record):
    import pandas as pd

    return pd.read_parquet(record.folder / "scores.parquet")


def score(call, file, *more):
    return json.loads(call("score", file, *TEXT, "--name", "mine", "--json", *more).stdout)


def test_a_runs_own_samples_score_as_the_run_did(finish, call):
    real, mle = finish("text:tiny.txt", "mle")
    facts = score(call, mle.folder / "samples.txt")
    ours, theirs = facts["scores"], to_json(mle.scores)
    assert list(ours) == list(theirs) and facts["hypotheses"] == 20 and facts["outside_vocabulary"] == 0
    assert ours["nll_test"]["value"] is None
    for name in set(theirs) - {"nll_test"}:
        assert ours[name] == theirs[name], name
    assert facts["anchors"]["real"]["scores"] == to_json(real.scores)


def test_copies_of_training_rows_are_counted(finish, call):
    real, mle = finish("text:tiny.txt", "mle")
    facts = score(call, "tiny.txt", "--plan", "new")
    sizes = real.last(Start)
    of_corpus = sizes.train / (sizes.train + sizes.valid + sizes.test)
    assert facts["copied_from_training"] == pytest.approx(of_corpus)
    assert read_record(Path(facts["folder"])).done.copied == facts["copied_from_training"]
    assert real.done.copied == 0, "the real row is held out"
    assert mle.done.copied == score(call, mle.folder / "samples.txt")["copied_from_training"]
    told = call("score", "tiny.txt", *TEXT, "--name", "mine").stdout
    assert f"{facts['copied_from_training']:.1%} of the sequences are copies of training rows" in told
    held_out = call("score", "tiny.txt", *TEXT, "--name", "other", "--set", "text.references=test").stdout
    assert "copies of training rows\n" in held_out and "BLEU's references" not in held_out


def test_the_anchor_random_unigram_is_the_row_of_the_first_seed(finish, call):
    *_, unigram = finish("text:tiny.txt", "random-unigram")
    facts = score(call, unigram.folder / "samples.txt")
    assert facts["anchors"]["random-unigram"] == {"hypotheses": 20, "scores": to_json(unigram.scores)}


def test_tests_are_welch_on_the_scores_of_sequences_of_the_lowest_seed(finish, call):
    records = finish("text:tiny.txt", "mle", seeds=2)
    mle = next(r for r in records if r.cell.label == "mle" and r.cell.seed == 0)
    other = next(r for r in records if r.cell.label == "mle" and r.cell.seed == 1)
    facts = score(call, other.folder / "samples.txt")
    found = {(t["label"], t["metric"]): t for t in facts["tests"]}
    assert {label for label, _ in found} == {"real", "mle"}
    for metric in ("bleu-2", "self-bleu-3"):
        test, mine, stored = (
            found["mle", metric],
            read_scores(other)[metric].dropna(),
            read_scores(mle)[metric].dropna(),
        )
        assert (test["seed"], test["cell"], test["value"]) == (0, mle.cell.id, mle.scores[metric].value)
        assert test["p_sequences"] == pytest.approx(statistics.welch(mine, stored))
        assert test["difference"]["value"] == pytest.approx(float(mine.mean() - stored.mean()))


def test_runs_of_other_signatures_are_not_tested_against(finish, call):
    finish("text:tiny.txt", "mle")
    facts = score(call, "tiny.txt", "--samples", "7")
    assert not facts["tests"] and any("--samples" in note for note in facts["notes"])


def test_runs_of_other_presets_hide_none_of_the_same_signature(finish, call):
    """It holds for every order of the cells' ids."""
    for samples in (5, 6, 7, 8):
        finish("text:tiny.txt", "random-unigram", samples=samples, plan=f"of {samples}")
    for samples in (5, 6, 7, 8):
        facts = score(call, "tiny.txt", "--samples", samples)
        cells = {(t["label"], t["cell"]) for t in facts["tests"] if t["label"] == "random-unigram"}
        assert len(cells) == 1
        (record,) = [read_record(Path("runs") / cell) for _, cell in cells]
        assert record.cell.evaluation.samples == samples
        assert not any("same signatures" in note for note in facts["notes"])


def test_every_setting_of_a_row_is_tested_and_named_and_a_plan_narrows_them(finish, call):
    cells = {}
    for plan, threads in (("slow", 1), ("fast", 2)):
        _, *both = finish("text:tiny.txt", "mle", seeds=2, plan=plan, overrides=(f"run.threads={threads}",))
        assert {record.cell.label for record in both} == {"mle"}
        cells[plan] = next(record.cell.id for record in both if record.cell.seed == 0)

    def tested(*more):
        facts = score(call, "tiny.txt", "--samples", 20, *more)
        return sorted({test["cell"] for test in facts["tests"] if test["label"] == "mle"})

    assert tested() == tested("--plan", "new") == sorted(cells.values())
    shown = call("score", "tiny.txt", *TEXT, "--name", "mine", "--samples", 20).stdout
    assert all(cell in shown for cell in cells.values())
    assert tested("--plan", "fast") == [cells["fast"]] and tested("--plan", "slow") == [cells["slow"]]
    assert tested("--plan", "new") == sorted(cells.values())  # the file's own row is no rival


def test_stored_runs_are_read_once(finish, call, monkeypatch):
    records = finish("text:tiny.txt", "mle", "random-unigram")
    times = Counter()
    read_text, opened = Path.read_text, os.open

    def counted_text(path, *given, **more):
        times[path] += 1
        return read_text(path, *given, **more)

    def counted_open(path, *given, **more):
        times[Path(path)] += 1
        return opened(path, *given, **more)

    monkeypatch.setattr(Path, "read_text", counted_text)
    monkeypatch.setattr(os, "open", counted_open)
    score(call, "tiny.txt", "--plan", "small")
    for record in records:
        for name in ("cell.json", "journal.jsonl"):
            assert times[Path("runs", record.cell.id, name)] == 1


def test_the_row_is_a_finished_cell_that_plans_can_hold(finish, call, workplace):
    records = finish("text:tiny.txt", "mle")
    facts = score(call, records[1].folder / "samples.txt", "--plan", "small")
    record = read_record(Path(facts["folder"]))
    assert record.status == "done" and to_json(record.scores) == facts["scores"] and record.cell.id == facts["cell"]
    assert (record.cell.label, record.cell.baseline, record.cell.seed) == ("mine", "score:mine", 0)
    assert record.cell.code == facts["sha256"] and record.done.hypotheses == 20
    assert set(kept_plans.read_all(workplace / "runs")["small"]) == {r.cell.id for r in records} | {facts["cell"]}
    assert (record.folder / "samples.txt").read_text() == (records[1].folder / "samples.txt").read_text()
    assert np.array_equal(read_scores(record)["bleu-2"], read_scores(records[1])["bleu-2"].dropna())
    assert not (record.folder / "generator.safetensors").exists()


def test_the_same_file_again_is_the_same_cell_and_leaves_it_alone(call):
    first = score(call, "tiny.txt", "--plan", "new")
    before = (Path(first["folder"]) / "journal.jsonl").read_bytes()
    assert score(call, "tiny.txt", "--plan", "new") == first
    assert (Path(first["folder"]) / "journal.jsonl").read_bytes() == before


def test_an_edited_file_is_another_cell(call, workplace):
    first = score(call, "tiny.txt")
    with Path("tiny2.txt").open("w") as file:
        file.write(Path("tiny.txt").read_text() + "the cat\n")
    assert score(call, "tiny2.txt")["cell"] != first["cell"]


def test_a_plans_settings_prepare_the_data(finish, call):
    real, mle = finish("text:tiny.txt", "mle", overrides=("text.length=3", "text.seed=4"))
    assert score(call, "tiny.txt")["fingerprint"] != real.cell.fingerprint
    facts = score(call, mle.folder / "samples.txt", "--plan", "small")
    assert facts["fingerprint"] == real.cell.fingerprint and facts["dataset_settings"]["length"] == 3
    assert facts["scores"]["bleu-2"] == to_json(mle.scores)["bleu-2"]


def test_runs_on_other_data_are_counted_in_a_note(finish, call):
    finish("text:tiny.txt", "mle", overrides=("text.length=3",))
    assert any(note.startswith("2 stored runs were made from other data") for note in score(call, "tiny.txt")["notes"])


def test_a_file_is_judged_on_as_many_sequences_as_the_plan_has(finish, call):
    finish("text:tiny.txt", "mle")
    assert score(call, "tiny.txt")["hypotheses"] == 278
    assert score(call, "tiny.txt", "--plan", "small")["hypotheses"] == 20
    with pytest.raises(BenchError, match=r"made of 20 sequences, tiny.txt of 30: no column .*; give --samples 20"):
        call("score", "tiny.txt", *TEXT, "--name", "mine", "--plan", "small", "--samples", 30)
    Path("few.txt").write_text("\n".join(Path("tiny.txt").read_text().splitlines()[:9]))
    with pytest.raises(BenchError, match=r"give a file of 20, or .*--set evaluation.samples=9 --plan small-9`"):
        call("score", "few.txt", *TEXT, "--name", "mine", "--plan", "small")


def test_a_row_on_other_data_is_refused(finish, call, workplace):
    finish("text:tiny.txt", "mle")
    with Path("tiny.txt").open("a") as file:
        file.write("mat mat mat\n")
    with pytest.raises(BenchError, match="made from other data of text:tiny: no column could hold both; give"):
        call("score", "tiny.txt", *TEXT, "--name", "mine", "--plan", "small")


def test_without_a_plan_nothing_is_written(call, workplace):
    before = {path for path in workplace.rglob("*") if "cache" not in path.parts}
    facts = score(call, "tiny.txt")
    assert facts["folder"] is None and facts["plan"] is None
    shown = call("score", "tiny.txt", *TEXT, "--name", "mine").stdout
    assert "nothing is written: --track keeps the row" in shown
    assert f"signature of bleu-2: {facts['scores']['bleu-2']['signature']}; those" in " ".join(shown.split("\n"))
    assert {path for path in workplace.rglob("*") if "cache" not in path.parts} == before


def test_samples_takes_the_first_lines(call):
    Path("few.txt").write_text("".join(Path("tiny.txt").read_text().splitlines(keepends=True)[:9]))
    assert score(call, "tiny.txt", "--samples", 9)["scores"] == score(call, "few.txt")["scores"]


def test_words_outside_the_vocabulary_are_counted_and_match_nothing(call):
    Path("out.txt").write_text("the cat\nzebra yak\nzebra okapi\nyak cat\n")
    facts = score(call, "out.txt", "--plan", "new")
    assert facts["outside_vocabulary"] == pytest.approx(5 / 8)
    assert any("62.50% of tokens are outside" in note for note in facts["notes"])
    bleu = read_scores(read_record(Path(facts["folder"])))["bleu-2"]
    assert bleu[1] == bleu[2] == 0 and bleu[0] > 0 and bleu[3] > 0
    assert (Path(facts["folder"]) / "samples.txt").read_text() == Path("out.txt").read_text()


OWN = """
from dataclasses import dataclass

import numpy as np

from bench.contracts.data import SequenceData, Source
from bench.contracts.metric import Scores
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.replay import Replay


class First:
    better = "higher"

    def __init__(self, name, unknown_words):
        self.name = name
        if unknown_words:
            self.unknown_words = unknown_words

    def signature(self):
        return self.name

    def score(self, generated, data):  # a table by token id, and a row for strangers
        table = np.arange(len(data.vocabulary) + (self.name == "says-miss"), dtype=float)
        return Scores.mean_of(table[np.minimum(generated.sequences[:, 0], len(data.vocabulary))])


@dataclass(frozen=True)
class Settings:
    said: str = ""


class Own:
    Settings = Settings

    def __init__(self, settings, corpora):
        self.settings = settings

    def load(self):
        train, valid, test = np.random.default_rng(0).integers(0, 4, (3, 30, 3))
        return SequenceData(train, valid, test, Vocabulary(tuple("abcd")), Source("o", "", "", "generated"))

    def metrics(self, data):
        said = [("says-miss", "miss"), ("says-nothing", "")]
        return [First(*pair) for pair in said + ([("says-more", self.settings.said)] if self.settings.said else [])]

    def real(self, data):
        return Replay(data.valid)
"""


def score_own(call, text, *more):
    Path("own.py").write_text(OWN)
    Path("mine.txt").write_text(text)
    command = ("score", "mine.txt", "-d", "own.py:Own", "--name", "mine", "--format", "text", "--json")
    return json.loads(call(*command, *more).stdout)


def test_a_metric_says_what_words_outside_the_vocabulary_are_to_it(call):
    facts = score_own(call, "a b c\nzebra b c\nd b yak\n")
    values = {name: score["value"] for name, score in facts["scores"].items()}
    assert values["says-miss"] == pytest.approx((0 + 4 + 3) / 3) and values["says-nothing"] is None
    (note,) = [note for note in facts["notes"] if "undefined" in note]
    assert note.startswith("says-nothing: undefined, as the samples hold words outside the vocabulary")
    assert facts["anchors"]["real"]["scores"]["says-nothing"]["value"] is not None


def test_with_the_vocabularys_own_words_every_metric_is_asked(call):
    facts = score_own(call, "a b c\nd b c\n", "--set", "Own.said=error")
    assert {score["value"] for name, score in facts["scores"].items() if name.startswith("says-")} == {1.5}
    assert not any("undefined" in note for note in facts["notes"])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("error", "line 2: 'zebra' is not in the vocabulary, and says-more is defined on its 4 tokens alone"),
        ("ignore", "says-more: unknown_words is 'ignore'; say 'miss', 'error' or 'undefined'"),
    ],
)
def test_words_outside_are_refused_where_a_metric_says_so(call, said, message):
    with pytest.raises((BenchError, ContractError), match=message):
        score_own(call, "a b c\nzebra b c\n", "--set", f"Own.said={said}")


def test_the_commonest_words_outside_are_printed_with_counts_and_causes(call):
    Path("out.txt").write_text("the CAT sat. <pad> <pad>\n" * 3 + "the okapi\n" * 3)
    shown = call("score", "out.txt", *TEXT, "--name", "mine").stdout
    assert "outside the vocabulary: '<pad>' 6, 'CAT' 3, 'okapi' 3, 'sat.' 3: of these, 3 are words" in shown
    assert "special tokens of another program stand in the rows: '<pad>' 6: --drop-special leaves them out" in shown
    assert "3 are words of the vocabulary in another case" in shown and "with punctuation attached" in shown
    facts = score(call, "out.txt")
    assert facts["outside_tokens"] == {"<pad>": 6, "CAT": 3, "okapi": 3, "sat.": 3}
    assert any(note.startswith("71.43% of tokens are outside") for note in facts["notes"])


def test_cleaned_samples_are_another_row_than_the_file_as_it_is(call):
    Path("marked.txt").write_text('"the cat </s> <pad>"\n' * 3 + '"a mat"\n')
    Path("plain.txt").write_text("the cat\n" * 3 + "a mat\n")
    clean = score(call, "marked.txt", "--drop-special", "--unquote", "--plan", "new")
    assert clean["scores"] == score(call, "plain.txt")["scores"]
    assert clean["cleaned"] == {"drop_special": True, "unquote": True} and clean["outside_vocabulary"] == 0
    left = score(call, "marked.txt")
    assert left["cell"] != clean["cell"] and left["scores"]["bleu-2"] != clean["scores"]["bleu-2"]
    kept = read_record(Path(clean["folder"])).last(Start).notes
    assert any("special tokens dropped: '</s>' 3, '<pad>' 3" in note for note in kept)


def test_padding_ids_are_named_then_taken_off(call):
    ids = dict(line.split("\t")[::-1] for line in call("data", "vocabulary", *TEXT).stdout.splitlines())
    rows = [" ".join(ids[word] for word in words.split()) for words in ("the cat", "a mat sat on", "the mat")]
    Path("ids.txt").write_text("".join(f"{row}{' 999' * (5 - len(row.split()))}\n" for row in rows))
    Path("text.txt").write_text("the cat\na mat sat on\nthe mat\n")
    with pytest.raises(BenchError, match="give --pad-id 999"):
        score(call, "ids.txt")
    facts = score(call, "ids.txt", "--pad-id", 999)
    assert facts["format"] == "ids" and facts["scores"] == score(call, "text.txt")["scores"]
    assert any("the numbers are read as token ids 0.." in note for note in facts["notes"])


def test_midi_numbers_score_as_the_ids_do(call):
    from bench.plugins.open_dataset import open_dataset
    from bench.toolkit.corpora.fetch import Corpora

    rows = open_dataset("nottingham", {}, "nottingham", Corpora.from_environment("sample")).data.valid[:20]
    Path("ids.txt").write_text("".join(f"{' '.join(map(str, row))}\n" for row in rows.tolist()))
    Path("pitches.txt").write_text("".join(f"{' '.join(map(str, row + 20))}\n" for row in rows))
    facts = {}
    for file, form in (("ids.txt", "ids"), ("pitches.txt", "midi-numbers"), ("pitches.txt", "ids")):
        arguments = (
            "score",
            file,
            "-d",
            "nottingham",
            "--data",
            "sample",
            "--format",
            form,
            "--name",
            "mine",
            "--json",
        )
        facts[file, form] = json.loads(call(*arguments).stdout)
    right, read, mistaken = facts.values()
    assert read["scores"] == right["scores"] != mistaken["scores"]
    assert any("MIDI pitch - 20" in note for note in right["notes"])
    assert any("if these are MIDI pitches, give --format midi-numbers" in note for note in mistaken["notes"])


def test_a_corpus_that_does_not_recur_is_said_loudly(call):
    Path("unsplit.txt").write_text("".join(f"{'春山秋水'[n % 4]}{n} {n}江\n" for n in range(60)), encoding="utf-8")
    shown = call("score", "unsplit.txt", "-d", "text:unsplit.txt", "--name", "mine").stdout
    assert "The real row scores BLEU-2 of 0" in shown and "--set text.tokens=char" in shown


def test_an_absent_corpus_stops_unless_the_sample_is_asked_for(call, workplace, monkeypatch):
    from bench.toolkit.corpora import download

    monkeypatch.setattr(download, "_can_connect", lambda url: False)
    Path("poem.txt").write_text("春" * 20, encoding="utf-8")
    for more in ((), ("--data", "published")):
        with pytest.raises(BenchError) as error:
            call("score", "poem.txt", "-d", "poems", "--name", "mine", *more)
        for part in (
            "poems: offline",
            "BENCH_DATA",
            "`bench data fetch poems`",
            "--corpus poems=FILE",
            "--data sample",
        ):
            assert part in str(error.value)
    assert not (workplace / "runs").exists()
    shown = call("score", "poem.txt", "-d", "poems", "--name", "mine", "--data", "sample").stdout
    assert "SAMPLE CORPUS: made by the code" in shown


def test_a_plug_ins_own_sample_stops_too(call, workplace):
    Path("made_up.py").write_text(MADE_UP)
    Path("rows.txt").write_text("0 1 2 3\n" * 5)
    with pytest.raises(BenchError, match=r"MadeUp: the published corpus is absent\. .*--data sample"):
        call("score", "rows.txt", "-d", "made_up.py:MadeUp", "--name", "mine")
    call("score", "rows.txt", "-d", "made_up.py:MadeUp", "--name", "mine", "--data", "sample")


def test_the_printed_table_names_source_anchors_and_meaning(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    text = call("score", mle.folder / "samples.txt", *TEXT, "--name", "mine", "--plan", "small").stdout
    for part in ("tiny.txt (local)", "mine", "real", "random-unigram", "self-bleu-5", "bleu-2 against", "mle seed 0"):
        assert part in text
    assert text.count("Welch's test") == 1 and "bench report --plan small" in text


def test_a_file_of_ids_scores_as_its_text_does(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    ids = call("sample", mle.cell.id, "--data", "sample", "--ids", "--count", 30).stdout
    text = call("sample", mle.cell.id, "--data", "sample", "--count", 30).stdout
    Path("ids.txt").write_text(ids)
    Path("text.txt").write_text(text)
    as_ids, as_text = score(call, "ids.txt"), score(call, "text.txt")
    assert (as_ids["format"], as_text["format"]) == ("ids", "text") and as_ids["scores"] == as_text["scores"]


def test_the_oracle_judges_ids_that_it_knows_and_no_others(finish, call):
    _, mle = finish("oracle", "mle", overrides=ORACLE)
    settings = [part for text in ORACLE for part in ("--set", text)]
    facts = json.loads(
        call("score", mle.folder / "samples.txt", "-d", "oracle", *settings, "--name", "m", "--json").stdout
    )
    assert facts["scores"]["nll_oracle"] == to_json(mle.scores)["nll_oracle"]
    assert facts["scores"]["reverse_kl"]["value"] is None
    Path("high.txt").write_text("1 2 3 4 5\n\n1 2 3 4 5000\n")
    with pytest.raises(BenchError, match=r"high.txt, line 3: '5000' is not in the vocabulary, and nll_oracle"):
        call("score", "high.txt", "-d", "oracle", *settings, "--name", "m")


def test_tracked_rows_stand_in_the_report(finish, call, workplace):
    from bench.records.tracker import Tracker

    _, mle = finish("text:tiny.txt", "mle")
    facts = score(call, mle.folder / "samples.txt", "--track")
    assert facts["plan"] == "small"
    frame = Tracker().frame("small")
    mine = frame[(frame["label"] == "mine") & (frame["metric"] == "bleu-2")]
    assert list(mine["value"]) == [facts["scores"]["bleu-2"]["value"]]
    assert list(mine["signature"]) == [mle.scores["bleu-2"].signature]


def test_names_are_printed_as_they_are(finish, call):
    _, mle = finish("text:tiny.txt", "mle")
    for name in ("Bigram[epochs=8]", ":x:[b]"):
        text = call("score", mle.folder / "samples.txt", *TEXT, "--name", name).stdout
        assert name in text


def test_a_dataset_in_two_plans_needs_one_named(finish, call):
    finish("text:tiny.txt", "random-unigram", plan="one")
    finish("text:tiny.txt", "random-unigram", plan="two")
    with pytest.raises(BenchError, match=r"several plans.*one, two"):
        score(call, "tiny.txt", "--track")


@pytest.mark.parametrize("name", ["real", "mle", "random-unigram"])
def test_a_name_of_other_runs_is_refused(call, name):
    with pytest.raises(BenchError, match="name of other runs"):
        call("score", "tiny.txt", *TEXT, "--name", name)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("MLE", "mle"),
        (" mle", "mle"),
        ("random  (unigram)", "random-unigram"),
        ("real data", "real"),
        ("seqgan[mine]", "seqgan"),
    ],
)
def test_a_name_that_prints_as_another_row_does_is_refused(call, name, twin):
    with pytest.raises(BenchError, match=f"name of other runs, since tables print {twin} as"):
        call("score", "tiny.txt", *TEXT, "--name", name)


def test_names_of_files_are_told_apart_as_they_print(call):
    call("score", "tiny.txt", *TEXT, "--name", "mine[a]", "--plan", "one")
    call(
        "score", "tiny.txt", *TEXT, "--name", "mine[a]", "--samples", 9, "--plan", "two"
    )  # the same row, with another number
    with pytest.raises(BenchError, match=r"tables print mine\[a\] as mine \[a\]"):
        call("score", "tiny.txt", *TEXT, "--name", "mine [a]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("absent.txt", *TEXT, "--name", "m"), "no file absent.txt"),
        (("tiny.txt", *TEXT, "--name", "it's"), "--name"),
        (("tiny.txt", *TEXT, "--name", "a/b"), "--name"),
        (("tiny.txt", *TEXT, "--name", "m", "--plan", "a(b):*"), r"plan 'a\(b\):\*': name it with letters"),
        (("tiny.txt", "-d", "poem", "--name", "m"), "did you mean 'poems'"),
        (("tiny.txt", *TEXT, "--name", "m", "--samples", 500), "holds .* sequences, --samples asks for 500"),
        (("tiny.txt", *TEXT, "--name", "m", "--set", "text.lenght=3"), "did you mean 'length'"),
        (("tiny.txt", *TEXT, "--name", "m", "--set", "poems.valid=3"), "poems"),
    ],
)
def test_bad_input_is_one_line(call, workplace, arguments, message):
    with pytest.raises(BenchError, match=message):
        call("score", *arguments)
    assert not (workplace / "runs").exists()


def test_the_command_exits_2_with_one_line(workplace):
    (workplace / "empty.txt").write_text("\n")
    command = [sys.executable, "-m", "bench", "score", "empty.txt", *TEXT, "--name", "m", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bench: empty.txt is empty: one sequence a line is expected\n"


def test_standard_output_holds_json_only(workplace):
    command = [sys.executable, "-m", "bench", "score", "tiny.txt", *TEXT, "--name", "m", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["name"] == "m"


@pytest.mark.corpus
def test_published_captions_score_as_nltk_says(tmp_path, monkeypatch):
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    root = Path(os.environ.get("BENCH_DATA", "")) / "coco"
    if not (root / "image_coco.txt").is_file() or not (root / "test_coco.txt").is_file():
        pytest.skip("corpus absent: coco")
    monkeypatch.chdir(tmp_path)
    words = NLTKWordTokenizer().tokenize
    lines = (root / "image_coco.txt").read_text().splitlines(keepends=True)
    Path("train.txt").write_text("".join(lines[:3]) + "a man's zebra of unheard-of splendour.\n")
    arguments = ["score", "train.txt", "-d", "coco", "--data", "published", "--name", "train", "--plan", "p", "--json"]
    facts = json.loads(CliRunner().invoke(bench, arguments, catch_exceptions=False).stdout)
    references = [words(line) for line in (root / "test_coco.txt").read_text().splitlines()]
    found = read_scores(read_record(Path(facts["folder"])))
    for order in (2, 4):
        expected = [
            sentence_bleu(references, words(line), [1 / order] * order, SmoothingFunction().method1)
            for line in Path("train.txt").read_text().splitlines()
        ]
        assert list(found[f"bleu-{order}"]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.corpus
def test_texygens_samples_score_as_texygen_publishes(tmp_path, monkeypatch):
    """All 9,984 of them, more than are held out; tests/datasets/test_coco.py has the other models."""
    data = Path(os.environ.get("BENCH_DATA", "nowhere"))
    file = data / "literature" / "texygen" / "leakgan.txt"
    needed = (file, data / "coco" / "image_coco.txt", data / "coco" / "test_coco.txt")
    if absent := [path.name for path in needed if not path.is_file()]:
        pytest.skip(f"corpus absent: {', '.join(absent)} not in BENCH_DATA")
    monkeypatch.chdir(tmp_path)
    arguments = ["score", str(file), "-d", "coco", "--data", "published", "--name", "leakgan", "--json"]
    facts = json.loads(CliRunner().invoke(bench, arguments, catch_exceptions=False).stdout)
    assert facts["hypotheses"] == 9_984 and facts["source"]["file"] == "coco/image_coco.txt, coco/test_coco.txt"
    spec = paper().tables["coco"]
    for metric, values in spec.published.items():
        score = facts["scores"][metric]
        assert score["value"] == pytest.approx(float(values["leakgan"]), abs=0.00101)
        assert set(spec.signature_of(metric)) <= set(score["signature"].split("|"))


@pytest.mark.parametrize("name", ["LeakGAN", "MaliGAN[a]"])
def test_a_name_that_prints_as_a_published_row_does_is_refused(call, name):
    listed = name.partition("[")[0].lower()
    with pytest.raises(BenchError, match=f"tables print the published row {listed} as .*; take {listed}"):
        call("score", "tiny.txt", *TEXT, "--name", name)
    call("score", "tiny.txt", *TEXT, "--name", listed)

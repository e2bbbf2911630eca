from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from bench.contracts.dataset import Opened, Playable
from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated
from bench.toolkit.corpora.midi import to_midi


def tunes(*numbers: int, steps: int = 70) -> bytes:
    """Return a zip of tunes; each begins with its number as pitch."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in numbers:
            melody = np.random.default_rng(number).integers(30, 60, steps)
            melody[0] = number
            archive.writestr(f"folder/reel_{number}.mid", to_midi(melody.tolist()))
    return stream.getvalue()


def two_instruments(first: Iterable[int], second: Iterable[int]) -> bytes:
    """Return one MIDI track: a flute plays the pitches `first`, then a violin the pitches `second`, 0.4 s each."""
    events = b"\0\xff\x51\3" + (400_000).to_bytes(3, "big")
    for program, pitches in ((73, first), (40, second)):
        events += bytes([0, 0xC0, program])
        for pitch in pitches:
            events += bytes([0, 0x90, pitch, 80, 96, 0x80, pitch, 0])
    events += b"\0\xff\x2f\0"
    head = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


def test_tunes_are_split_by_number_and_cut_into_whole_windows(own: Callable[..., Opened]) -> None:
    _, data = own("nottingham", tunes(*range(1, 13)))
    assert {int(row[0]) for row in data.valid[::2]} == {4, 10} and {int(row[0]) for row in data.test[::2]} == {5, 11}
    assert {int(row[0]) for row in data.train[::2]} == {1, 2, 3, 6, 7, 8, 9, 12}
    assert data.train.shape == (16, 32) and len(data.vocabulary) == 89 and data.source.kind == "local"


def test_overlap_is_told_and_the_split_kept(own: Callable[..., Opened]) -> None:
    stream = io.BytesIO(tunes(1, 4, 5))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("copy_10.mid", archive.read("folder/reel_1.mid"))
    _, data = own("nottingham", stream.getvalue())
    assert data.notes[0] == "2 of 4 valid windows also occur in train"
    assert data.notes[1].startswith("near-copies: 2 of the 4 valid rows and 0 of the 2 test rows")


def with_more(content: bytes, **files: bytes) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, more in files.items():
            archive.writestr(f"more/{name}.midi", more)
    return stream.getvalue()


def test_a_tune_that_cannot_be_read_is_left_out_with_a_note(own: Callable[..., Opened]) -> None:
    whole = tunes(*range(1, 13))
    _, data = own("nottingham", with_more(whole, broken_7=b"MThd nonsense", mute_8=to_midi([0] * 40)))
    assert np.array_equal(data.train, own("nottingham", whole)[1].train)
    (note,) = data.notes
    assert note.startswith("2 of 14 tunes cannot be read and are left out: ")
    assert "more/broken_7.midi is not a readable MIDI file" in note and "more/mute_8.midi: no melody" in note


def test_tunes_of_either_suffix_are_read(own: Callable[..., Opened]) -> None:
    _, data = own("nottingham", with_more(tunes(*range(1, 13)), reel_13=to_midi([13] * 32)))
    assert data.train[-1].tolist() == [13] * 32 and not data.notes


def test_a_tune_that_changes_its_instrument_is_named_as_read_in_part(own: Callable[..., Opened]) -> None:
    changes = two_instruments(first=range(41, 76), second=range(80, 45, -1))
    stream = io.BytesIO(tunes(1, 4, 5))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("changes_7.mid", changes)
    dataset, data = own("nottingham", stream.getvalue())
    (note,) = (note for note in data.notes if note.startswith("read in part"))
    assert note.startswith("read in part, 1 of the tunes:") and note.endswith(": changes_7.mid (1 windows)")
    assert len(dataset.from_midi(changes, "tune")) == 1, "70 notes make two windows, each half of them one"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no zip", "sound zip"),
        (
            with_more(tunes(), a_1=b"", b_4=b"", c_5=b""),
            r"a_1\.midi is not a .*nor can any of the 2 other tunes be read",
        ),
        (tunes(1, 2, 4), "no tune of 32 steps for the test split"),
        (tunes(1, 4, 5, steps=31), "no tune of 32 steps for the train split"),
    ],
)
def test_archives_that_will_not_do_are_refused(own: Callable[..., Opened], content: bytes, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        own("nottingham", content)


def test_a_tune_without_a_number_is_refused(own: Callable[..., Opened]) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("reel.mid", to_midi([40] * 40))
    with pytest.raises(BenchError, match=r"reel\.mid.*no number"):
        own("nottingham", stream.getvalue())


def test_samples_can_be_played_read_back_and_seen(own: Callable[..., Opened], tmp_path: Path) -> None:
    dataset, data = own("nottingham", tunes(*range(1, 13)))
    assert isinstance(dataset, Playable)
    assert dataset.from_midi(dataset.to_midi(data.test[0]), "tune") == [tuple(data.test[0])]
    dataset.artifacts(data.test, tmp_path)
    assert list(tmp_path.glob("*.png")) and list(tmp_path.glob("*.mid"))


@pytest.mark.corpus
def test_the_published_tunes(published: Callable[..., Opened]) -> None:
    dataset, data = published("nottingham", "nottingham/Nottingham.zip")
    assert (len(data.train), len(data.valid), len(data.test)) == (2_924, 756, 741)
    scores = {metric.name: metric.score(Generated(data.test), data).value for metric in dataset.metrics(data)[:3]}
    (note,) = (note for note in data.notes if note.startswith("read in part"))
    assert note.startswith("read in part, 1 of the tunes") and "jigs_simple_chords_111.mid (3 windows)" in note
    assert scores["bleu-4"] == pytest.approx(0.946, abs=0.005)
    assert scores["mse"] == pytest.approx(23.0, abs=0.1)

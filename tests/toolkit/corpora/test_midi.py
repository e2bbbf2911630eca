"""Melodies from MIDI files and back."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import symusic
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import midi

Note = tuple[float, float, int]


class Drums(list[Note]):
    """A track on the drum channel."""


def tune(*tracks: list[Note], tempo: float = 120) -> bytes:
    """Return a MIDI file from (onset, duration, pitch), times in seconds."""
    score: Any = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, tempo))
    for notes in tracks:
        track: Any = symusic.Track(is_drum=isinstance(notes, Drums))
        for onset, duration, pitch in notes:
            ticks = [round(seconds * 480 * tempo / 60) for seconds in (onset, duration)]
            track.notes.append(symusic.Note(*ticks, pitch, 80))
        score.tracks.append(track)
    return bytes(score.dumps_midi())


def slowly(notes: list[Note]) -> list[int]:
    """The rule as it is written: look at every whole step; hold the last pitch through a rest."""
    first, end = min(note[0] for note in notes), max(onset + duration for onset, duration, _ in notes)
    line = []
    for step in range(int((end - first) / midi.STEP + 1e-3)):
        time = first + step * midi.STEP + 1e-6
        sounding = [pitch for onset, duration, pitch in notes if onset <= time < onset + duration]
        line.append(max(sounding) - midi.BELOW if sounding else line[-1])
    return line


# Onsets and durations in 64ths of a second: never on the edge of a step, but for the steps of 0.4 s * 5.
times = st.integers(0, 600).map(lambda number: number / 64)
notes = st.tuples(times, st.integers(1, 200).map(lambda number: number / 64), st.integers(21, 108))


@settings(deadline=None, max_examples=200)
@given(st.lists(notes, min_size=1, max_size=12, unique_by=lambda note: note[2]))
def test_the_melody_is_what_sounds_at_each_step(played: list[Note]) -> None:
    assert midi.read_melody(tune(played), "tune") == slowly(played)


def test_the_first_track_with_notes_is_read_from_its_first_onset() -> None:
    content = tune([], [(3.0, 0.8, 60), (3.0, 0.4, 64)], [(0.0, 9.0, 100)])
    assert midi.read_melody(content, "tune") == [44, 40]


def type_0(*notes: tuple[int, int, int, int]) -> bytes:
    """Return a MIDI file of type 0: its track has notes of (channel from 1, onset, duration, pitch).

    Onsets and durations are in steps.
    """
    events = sorted(
        event
        for channel, onset, duration, pitch in notes
        for event in ((onset, 0x90 | (channel - 1), pitch, 80), (onset + duration, 0x80 | (channel - 1), pitch, 0))
    )
    body, now = b"", 0
    for step, *message in events:
        delta, now = (step - now) * 384, step
        body += bytes((delta >> 14 & 127 | 128, delta >> 7 & 127 | 128, delta & 127)) + bytes(message)
    body += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(body)) + body


@settings(deadline=None, max_examples=100)
@given(
    st.lists(notes, min_size=1, max_size=6, unique_by=lambda note: note[2]),
    st.lists(notes, min_size=1, max_size=6),
    st.lists(notes, max_size=6),
)
def test_drums_are_never_the_melody_wherever_they_stand(played: list[Note], beat: list[Note], bass: list[Note]) -> None:
    expected = slowly(played)
    for tracks in ([played, Drums(beat)], [Drums(beat), played], [[], Drums(beat), played, bass, Drums(beat)]):
        assert midi.read_melody(tune(*tracks), "tune") == expected


def test_drums_off_the_piano_do_no_harm() -> None:
    assert midi.read_melody(tune(Drums([(0, 9, 5), (0, 9, 127)]), [(0, 0.8, 60)]), "tune") == [40, 40]


@pytest.mark.parametrize(
    "content", [tune(Drums([(0, 1, 36)])), type_0((10, 0, 1, 36)), tune([(0, 0, 60)], Drums([(0, 1, 36)]))]
)
def test_a_tune_of_drums_alone_has_no_melody(content: bytes) -> None:
    with pytest.raises(BenchError, match=r"^tune: no melody, only the drum channel has notes$"):
        midi.read_melody(content, "tune")


def test_the_channels_of_one_track_are_tracks_of_their_own() -> None:
    assert midi.read_melody(type_0((10, 0, 9, 100), (1, 1, 2, 60)), "tune") == [40, 40]
    assert midi.read_melody(type_0((1, 0, 2, 60), (10, 0, 9, 36), (2, 0, 9, 70)), "tune") == [40, 40]
    assert midi.read_melody(type_0((16, 0, 3, 72), (10, 0, 9, 36)), "tune") == [52] * 3
    assert midi.read_melody(type_0((11, 0, 3, 72), (9, 1, 1, 50)), "tune") == [30]  # the lowest channel with a note


def files(*contents: bytes) -> list[tuple[str, Callable[[], bytes]]]:
    return [(f"{number}.mid", partial(bytes, content)) for number, content in enumerate(contents)]


def read(content: bytes, where: str) -> list[tuple[int, ...]]:
    return midi.windows(midi.read_melody(content, where), 2)


GOOD, LOW, MUTE, DRUMS = tune([(0, 0.8, 60)]), tune([(0, 1, 20)]), tune([]), tune(Drums([(0, 1, 36)]))


def test_tunes_that_cannot_be_read_are_left_out_and_told() -> None:
    found = midi.read_tunes(files(GOOD, LOW, b"", GOOD, MUTE, DRUMS), read)
    assert found.windows == [("0.mid", [(40, 40)]), ("3.mid", [(40, 40)])]
    (note,) = found.notes
    assert note.startswith(
        "4 of 6 tunes cannot be read and are left out: 1.mid: a pitch outside A0..C8; 2.mid is not a"
    )
    assert note.endswith("; 4.mid: no melody, no track has a note; and 1 more")
    assert midi.read_tunes(files(GOOD, DRUMS), read).notes == (
        "1 of 2 tunes cannot be read and are left out: 1.mid: no melody, only the drum channel has notes",
    )


def test_tunes_that_can_be_read_need_no_note() -> None:
    assert midi.read_tunes(files(GOOD, tune([(0, 0.4, 60)])), read) == ([("0.mid", [(40, 40)]), ("1.mid", [])], ())
    assert midi.read_tunes(files(), read) == ([], ())


def test_strictly_every_tune_is_read() -> None:
    with pytest.raises(BenchError, match=r"^1\.mid: a pitch outside A0\.\.C8; mend or remove it: --strict"):
        midi.read_tunes(files(GOOD, LOW, GOOD), read, strict=True)


def test_where_no_tune_can_be_read_the_first_reason_is_given() -> None:
    with pytest.raises(
        BenchError, match=r"^0\.mid: a pitch outside A0\.\.C8; nor can any of the 2 other tunes be read$"
    ):
        midi.read_tunes(files(LOW, MUTE, DRUMS), read)
    with pytest.raises(BenchError, match=r"^0\.mid: no melody, only the drum channel has notes$"):
        midi.read_tunes(files(DRUMS), read)


def test_notes_without_duration_are_not_heard() -> None:
    assert midi.read_melody(tune([(0, 0, 60), (0.8, 1.2, 62)]), "tune") == [42] * 3
    assert midi.read_melody(tune([(0, 0, 60)], [(0.8, 1.2, 62)]), "tune") == [42] * 3
    with pytest.raises(BenchError, match="no track has a note"):
        midi.read_melody(tune([(0, 0, 60)]), "tune")


def test_tempo_is_obeyed() -> None:
    assert midi.read_melody(tune([(0, 4.0, 60)], tempo=90), "tune") == [40] * 10


def test_a_rest_holds_the_last_pitch_and_a_part_of_a_step_is_dropped() -> None:
    assert midi.read_melody(tune([(0, 0.4, 60), (1.2, 0.7, 62)]), "tune") == [40, 40, 40, 42]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 88), min_size=1, max_size=64))
def test_what_is_written_reads_the_same(ids: list[int]) -> None:
    assert midi.read_melody(midi.to_midi(ids), "tune") == ids


def test_equal_pitches_are_one_held_note_and_0_is_silence() -> None:
    score: Any = symusic.Score.from_midi(midi.to_midi([0, 5, 5, 5, 0, 7]), ttype="second")
    (track,) = score.tracks
    assert [(round(n.time, 3), round(n.duration, 3), n.pitch) for n in track.notes] == [(0.4, 1.2, 25), (2.0, 0.4, 27)]


def test_silence_is_a_midi_file_too() -> None:
    with pytest.raises(BenchError, match="no track has a note"):
        midi.read_melody(midi.to_midi([0] * 8), "tune")


@pytest.mark.parametrize("content", [b"", b"MThd", b"no midi at all", tune([(0, 1, 60)])[:30]])
def test_what_is_no_midi_is_refused(content: bytes) -> None:
    with pytest.raises(BenchError, match=r"^tune"):
        midi.read_melody(content, "tune")


@pytest.mark.parametrize("pitch", [20, 109])
def test_a_pitch_off_the_piano_is_refused(pitch: int) -> None:
    with pytest.raises(BenchError, match="outside A0"):
        midi.read_melody(tune([(0, 1, pitch)]), "tune")


def test_a_note_at_the_end_of_time_is_refused() -> None:
    with pytest.raises(BenchError, match="steps"):
        midi.read_melody(tune([(0, 1, 60), (100_000, 1, 60)]), "tune")


def test_windows_do_not_overlap_and_are_whole() -> None:
    assert midi.windows(list(range(10)), 4) == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert midi.windows([1, 2, 3], 4) == []


def test_the_vocabulary_names_the_keys_of_the_piano() -> None:
    words = midi.note_vocabulary()
    assert len(words) == 89 and (words.tokens[0], words.tokens[1], words.tokens[88]) == ("rest", "A0", "C8")
    assert words.ids["C4"] == 60 - midi.BELOW
    assert words.decode(np.array([40, 49, 1])) == "C4 A4 A0"

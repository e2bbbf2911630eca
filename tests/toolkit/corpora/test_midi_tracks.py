"""Tracks that symusic reads as several: bench/toolkit/corpora/midi_tracks.py."""

from __future__ import annotations

import pytest

from bench.toolkit.corpora.midi import to_midi
from bench.toolkit.corpora.midi_tracks import parts_of_first_track

FLUTE, VIOLIN, DRUMS = (0, 73), (0, 40), (9, 0)
SECOND_CHANNEL = (1, 73)


def track(*parts: tuple[int, int], notes: int = 2) -> bytes:
    """An MTrk chunk in which each (channel, program) plays so many notes of a quarter."""
    events = b"\0\xff\x03\4tune"
    for channel, program in parts:
        events += bytes([0, 0xC0 | channel, program])
        for pitch in range(60, 60 + notes):
            events += bytes([0, 0x90 | channel, pitch, 80, 96, 0x80 | channel, pitch, 0])
    events += b"\0\xff\x2f\0"
    return b"MTrk" + len(events).to_bytes(4, "big") + events


def file(*chunks: bytes) -> bytes:
    tracks = sum(chunk.startswith(b"MTrk") for chunk in chunks)
    return b"MThd" + (6).to_bytes(4, "big") + bytes([0, 1, 0, tracks, 0, 96]) + b"".join(chunks)


@pytest.mark.parametrize(
    ("chunks", "parts"),
    [
        ([track(FLUTE)], 1),
        ([track(FLUTE, VIOLIN)], 2),
        ([track(FLUTE, VIOLIN, FLUTE)], 2),
        ([track(FLUTE, SECOND_CHANNEL)], 2),
        ([track(FLUTE, DRUMS)], 1),
        ([track(DRUMS), track(FLUTE, VIOLIN)], 2),
        ([track(FLUTE, notes=0), track(VIOLIN)], 1),
        ([track(FLUTE), track(FLUTE, VIOLIN)], 1),
        ([b"XYZW\0\0\0\2ab", track(FLUTE, VIOLIN)], 2),
        ([track()], 0),
    ],
)
def test_the_parts_of_the_first_track_with_notes_are_counted(chunks: list[bytes], parts: int) -> None:
    assert parts_of_first_track(file(*chunks)) == parts


def test_a_tune_of_our_own_is_one_track() -> None:
    assert parts_of_first_track(to_midi([40, 41, 0, 42])) == 1


@pytest.mark.parametrize("content", [b"", b"no MIDI", b"MThd", file(track(FLUTE))[:20], file(b"MTrk\xff\xff\xff\xff")])
def test_what_cannot_be_read_has_no_parts(content: bytes) -> None:
    assert parts_of_first_track(content) == 0

"""Find MIDI tracks that symusic reads as several: it makes one of each channel and instrument in a track."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def parts_of_first_track(content: bytes) -> int:
    """Return how many tracks without drums symusic makes of the first MIDI track that has any; 0 if none is read.

    If there are two or more, the first of them is not the whole track.
    """
    import symusic

    for chunk in _tracks(content):
        with suppress(Exception):  # symusic raises several kinds for what is no MIDI
            score: Any = symusic.Score.from_midi(_alone(content, chunk))
            if parts := sum(_sounds(track) for track in score.tracks):
                return parts
    return 0


def _tracks(content: bytes) -> Iterator[bytes]:
    """Yield the MTrk chunks of a file, each with its head of eight bytes."""
    at = 0
    while at + 8 <= len(content):
        after = at + 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        if content[at : at + 4] == b"MTrk":
            yield content[at:after]
        at = after


def _alone(content: bytes, track: bytes) -> bytes:
    """Return a file of one track, with the time division of its file."""
    return b"MThd\0\0\0\6\0\0\0\1" + content[12:14] + track


def _sounds(track: Any) -> bool:
    return not track.is_drum and any(note.duration > 0 for note in track.notes)

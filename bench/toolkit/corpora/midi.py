"""Read MIDI files as melodies, a token id for each step of 0.4 seconds, and write melodies as MIDI files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from bench.contracts.data import TokenArray
from bench.contracts.errors import BenchError, folded
from bench.contracts.metric import FloatArray
from bench.contracts.vocabulary import Vocabulary

STEP = 0.4
"""Seconds of a token."""
BELOW = 20
"""MIDI pitch = id + 20, so that the 88 keys of the piano are 1..88."""
HIGHEST = 88
MOST_STEPS = 100_000
SUFFIXES = (".mid", ".midi")
"""The suffixes of MIDI files, in small letters."""

_TICKS_A_QUARTER = 480
_TICKS_A_STEP = 384  # 0.4 s at 120 quarters a minute
_TOLD = 3  # tunes left out that a note names
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_vocabulary() -> Vocabulary:
    """Return the vocabulary: id 0 is a rest (and the start token), 1..88 are the keys A0..C8."""
    pitches = range(BELOW + 1, BELOW + HIGHEST + 1)
    return Vocabulary(("rest", *(f"{_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in pitches)))


class Tunes(NamedTuple):
    """The windows of each tune that was read, in the files' order, and a note on the others."""

    windows: list[tuple[str, list[tuple[int, ...]]]]
    notes: tuple[str, ...]


def read_tunes(
    files: Iterable[tuple[str, Callable[[], bytes]]],
    read: Callable[[bytes, str], list[tuple[int, ...]]],
    *,
    strict: bool = False,
) -> Tunes:
    """Return what `read` makes of each file; a file is its name and a function that returns its bytes.

    A tune that raises BenchError is left out and told in a note. BenchError if `strict`, or if no tune is left: its
    reason is that of the first tune.
    """
    found, reasons = list[tuple[str, list[tuple[int, ...]]]](), list[str]()
    for name, content in files:
        try:
            found.append((name, read(content(), name)))
        except BenchError as error:
            if strict:
                raise BenchError(f"{error}; mend or remove it: --strict leaves no tune out") from None
            reasons.append(str(error))
    if reasons and not found:
        others = f"; nor can any of the {len(reasons) - 1} other tunes be read" if len(reasons) > 1 else ""
        raise BenchError(f"{reasons[0]}{others}")
    return Tunes(found, _left_out(reasons, len(found)))


def _left_out(reasons: Sequence[str], read: int) -> tuple[str, ...]:
    """Return a note on the tunes that cannot be read; empty if there are none."""
    if not reasons:
        return ()
    more = (f"and {len(reasons) - _TOLD} more",) if len(reasons) > _TOLD else ()
    told = "; ".join((*reasons[:_TOLD], *more))
    return (f"{len(reasons)} of {len(reasons) + read} tunes cannot be read and are left out: {told}",)


def read_melody(content: bytes, where: str) -> list[int]:
    """Return the id of the pitch that sounds at each step from the first onset on, in the first melodic track.

    The drum channel (10 of 1..16) is never the melody. A track of several channels counts as several tracks, from the
    lowest channel up, in a file of type 0 too. If several pitches sound, the top one counts; a rest repeats the last
    pitch; a note without duration does not count. BenchError if the file is no MIDI, has no melody, has a pitch outside
    A0..C8, or more than 100,000 steps.
    """
    import symusic

    try:
        score: Any = symusic.Score.from_midi(content, ttype="second")
    except Exception as error:  # symusic raises several kinds for files that are no MIDI
        raise BenchError(f"{where} is not a readable MIDI file: {folded(error)}") from None
    notes = _melody(score.tracks, where)
    onset, pitch = notes["time"].astype(np.float64), notes["pitch"].astype(np.int64) - BELOW
    if pitch.min() < 1 or pitch.max() > HIGHEST:
        raise BenchError(f"{where}: a pitch outside A0..C8")
    first, offset = onset.min(), onset + notes["duration"]
    # A thousandth of a step forgives what float32 seconds lose.
    steps = int((offset.max() - first) / STEP + 1e-3)
    if steps > MOST_STEPS:
        raise BenchError(f"{where}: {steps} steps of {STEP} s; at most {MOST_STEPS} are read")
    return _sounding(onset - first, offset - first, pitch, steps)


def _melody(tracks: Iterable[Any], where: str) -> dict[str, Any]:
    """Return the columns of the audible notes of the first track, without drums, that has any."""
    heard = [(track.is_drum, notes) for track in tracks if len((notes := _audible(track))["time"])]
    if not heard:
        raise BenchError(f"{where}: no melody, no track has a note")
    melodic = (notes for is_drum, notes in heard if not is_drum)
    if (first := next(melodic, None)) is None:
        raise BenchError(f"{where}: no melody, only the drum channel has notes")
    return first


def _audible(track: Any) -> dict[str, Any]:
    """Return the columns of the track's notes that have a duration."""
    notes: dict[str, Any] = track.notes.numpy()
    return {name: column[notes["duration"] > 0] for name, column in notes.items()}


def _sounding(onset: FloatArray, offset: FloatArray, pitch: TokenArray, steps: int) -> list[int]:
    """Return the top pitch at each step; notes are entered from low to high, so the top one is written last."""
    line = np.zeros(steps, dtype=np.int64)
    for note in np.argsort(pitch, kind="stable"):
        first, last = (int(np.ceil(time / STEP - 1e-3)) for time in (onset[note], offset[note]))
        line[first:last] = pitch[note]
    # Index of the last step with a sound, at or before each step; the first step always has one.
    held = np.maximum.accumulate(np.where(line > 0, np.arange(steps), 0))
    return [int(token) for token in line[held]]


def windows(melody: Sequence[int], length: int) -> list[tuple[int, ...]]:
    """Return the melody cut into whole windows that do not overlap."""
    return [tuple(melody[at : at + length]) for at in range(0, len(melody) - length + 1, length)]


def held_notes(ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (start, length, id) of each held note, in steps: a held note is a run of equal ids. Rests are left out."""
    found, at = [], 0
    for token, held in groupby(int(token) for token in ids):
        length = len(list(held))
        if token:
            found.append((at, length, token))
        at += length
    return found


def to_midi(ids: Sequence[int]) -> bytes:
    """Return a MIDI file of one track; a run of equal pitches is one held note, id 0 is silence."""
    import symusic

    score: Any = symusic.Score(_TICKS_A_QUARTER)
    score.tempos.append(symusic.Tempo(0, 120))
    track: Any = symusic.Track(program=0)
    for start, length, token in held_notes(ids):
        track.notes.append(symusic.Note(start * _TICKS_A_STEP, length * _TICKS_A_STEP, token + BELOW, 80))
    score.tracks.append(track)
    return bytes(score.dumps_midi())

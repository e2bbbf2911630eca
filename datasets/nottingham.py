"""Folk tunes of the Nottingham database as melodies of 32 steps (Yu et al. 2017, Table 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.toolkit.corpora import archive, manifest, midi, midi_tracks, scoring, stand_ins
from bench.toolkit.corpora.fetch import Corpora, Corpus
from bench.toolkit.corpora.part import PartKnobs, part
from bench.toolkit.corpora.pianoroll import save_pianoroll
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.mse import mse_metrics
from bench.toolkit.metrics.nll import NLLTest

if TYPE_CHECKING:
    from bench.contracts.metric import Metric

TUNES = 4  # of a run, kept to listen to


@dataclass(frozen=True)
class NottinghamSettings(scoring.BleuKnobs, PartKnobs):
    """How long the windows are, and how they are judged."""

    length: int = knob(32, low=2, high=1_000, help="steps of 0.4 s in a window")


class Nottingham:
    """Windows of a tune, not overlapping; id = MIDI pitch - 20. The published split is kept, repeats and all."""

    Settings = NottinghamSettings
    below = midi.BELOW

    def __init__(self, settings: NottinghamSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return windows, split by the number in a file's name modulo 6: 4 is valid, 5 is test, else train."""
        corpus = self.corpora.open(manifest.entry(__file__, "nottingham"), stand_ins.tunes)
        rules = scoring.other_knobs(self.settings)
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return BLEU-4 and MSE, as in the paper, then the rest."""
        headline, *others = scoring.bleu(data, self.settings, headline=4)
        return [headline, *mse_metrics(data), *others, NLLTest(data)]

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)

    def from_midi(self, content: bytes, where: str) -> list[tuple[int, ...]]:
        """Return the windows of a tune."""
        return midi.windows(midi.read_melody(content, where), self.settings.length)

    def to_midi(self, sequence: TokenArray) -> bytes:
        """Return the tune of one window."""
        return midi.to_midi(sequence.tolist())

    def artifacts(self, samples: TokenArray, folder: Path) -> None:
        """Write a piano roll of the first samples, and tunes to listen to."""
        save_pianoroll(samples, folder / "pianoroll.png")
        for number, sequence in enumerate(samples[:TUNES], 1):
            (folder / f"tune-{number}.mid").write_bytes(self.to_midi(sequence))

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where = corpus.source.file
        splits: dict[str, list[tuple[int, ...]]] = {"train": [], "valid": [], "test": []}
        files = archive.members(corpus.contents[0], where, midi.SUFFIXES)
        members = ((name, partial(bytes, content)) for name, content in files)
        tunes = midi.read_tunes(members, lambda content, name: self.from_midi(content, f"{where}: {name}"))
        for name, windows in tunes.windows:
            splits[_split_of(name, where)] += windows
        for split, rows in splits.items():
            if not rows:
                raise BenchError(f"{where}: no tune of {self.settings.length} steps for the {split} split")
        notes = list(tunes.notes)
        for split, others in (("valid", ("train",)), ("test", ("train", "valid"))):
            known = {row for other in others for row in splits[other]}
            if again := sum(row in known for row in splits[split]):
                notes.append(f"{again} of {len(splits[split])} {split} windows also occur in {' or '.join(others)}")
        notes += self._read_in_part(corpus)
        parts, name, read = part(list(splits.values()), self.settings.rows, corpus.source)
        train, valid, test = (np.array(rows, dtype=np.int64) for rows in parts)
        words = midi.note_vocabulary()
        return SequenceData(train, valid, test, words, corpus.source, (*notes, *read), part=name)

    def _read_in_part(self, corpus: Corpus) -> list[str]:
        """Return a note on the tunes whose melody is read in part; empty if there are none."""
        where = corpus.source.file
        found = []
        for name, content in archive.members(corpus.contents[0], where, midi.SUFFIXES):
            if midi_tracks.parts_of_first_track(content) > 1:
                with suppress(BenchError):  # what cannot be read is not read in part
                    found.append(f"{name} ({len(self.from_midi(content, name))} windows)")
        if not found:
            return []
        return [
            f"read in part, {len(found)} of the tunes: the track of the melody has several instruments or channels, "
            f"each a track to symusic, and the first of these with notes is taken: {', '.join(found)}"
        ]


def _split_of(name: str, where: str) -> str:
    number = re.search(r"(\d+)\.midi?$", name, re.IGNORECASE)
    if number is None:
        raise BenchError(f"{where}: {name!r} has no number at its end, by which the tunes are split")
    return {4: "valid", 5: "test"}.get(int(number[1]) % 6, "train")

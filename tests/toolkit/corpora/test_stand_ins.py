"""The corpora that the code makes are the same everywhere, large enough to split, and have something to learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bench.toolkit.corpora import archive, midi, stand_ins, text


@pytest.mark.parametrize("make", [stand_ins.poems, stand_ins.speech, stand_ins.captions, stand_ins.tunes])
def test_they_are_seeded(make: Callable[[], Sequence[bytes]]) -> None:
    assert make() == make()


def test_poems_have_the_published_layout() -> None:
    (content,) = stand_ins.poems()
    lines = text.lines(content, "poems")
    assert len(lines) == stand_ins.POEMS == len(set(lines))
    for line in lines[:100]:
        characters = line.split(" ")
        assert len(characters) == 24 and "".join(characters[5::6]) == "，。，。"


def test_the_second_couplet_answers_the_first() -> None:
    (content,) = stand_ins.poems()
    for line in text.lines(content, "poems")[:100]:
        verses = [line.split(" ")[at : at + 5] for at in (0, 6, 12, 18)]
        for above, below in ((0, 2), (1, 3)):
            assert (verses[above][2], verses[above][4]) == (verses[below][2], verses[below][4])


def test_speeches_are_set_apart_by_blank_lines() -> None:
    (content,) = stand_ins.speech()
    assert content.count(b"\n\n") >= stand_ins.PARAGRAPHS // 10 - 1
    assert all(len(line.split()) >= 20 for line in text.lines(content, "speech"))


def test_captions_vary_in_length_and_agree_in_number() -> None:
    files = [text.lines(content, "captions") for content in stand_ins.captions()]
    assert [len(file) for file in files] == [stand_ins.CAPTIONS] * 2
    assert len({len(line.split()) for line in files[0]}) > 4
    assert all((" are " in line) == line.startswith(("two", "three", "some")) for line in files[0])


def test_tunes_are_split_by_number_and_end_on_their_key_note() -> None:
    (content,) = stand_ins.tunes()
    tunes = [midi.read_melody(file, name) for name, file in archive.members(content, "tunes", ".mid")]
    assert len(tunes) == stand_ins.TUNES and {len(tune) for tune in tunes} == {64}
    assert all(tune[31] == tune[63] for tune in tunes)

"""Sample corpora that the code makes from seeded grammars; they stand in for published files that are absent.

They have structure to learn (agreement, order, rhyme, metre) and small vocabularies, so that quick runs show something.
Their scores say nothing about the published corpora, and every table of them says "sample".
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np

from bench.contracts.metric import FloatArray
from bench.contracts.seeding import numpy_rng
from bench.toolkit.corpora.midi import to_midi

T = TypeVar("T")

POEMS = 3_000

# A line of five characters: a scene (its look and its place), a link, a thing and what it does.
_LOOKS_OF_PLACES = "春秋寒明白青高古东长空远夕落细孤南北清深红绿苍幽"
_PLACES = "山水江月云松楼寺风亭林浦阳花雨舟门窗池桥溪峰城野沙岸"
_LINKS = "中外前边上下里间"
_THINGS = "鸟人叶雪客声影马酒灯草星雁钟鹤蝉莺燕柳梅竹笛琴帆"
_ACTS = "飞归开鸣行流生来去残照闲迟起坐眠望吹歌舞过停散香"


def poems() -> tuple[bytes]:
    """Return quatrains of four lines of five characters, with the punctuation of the published file."""
    rng = numpy_rng("sample", "poems")
    return ("\n".join(_poem(rng) for _ in range(POEMS)).encode(),)


def _poem(rng: np.random.Generator) -> str:
    """Return four lines; the second couplet keeps the links and acts of the first."""
    links, acts = _pick(rng, _LINKS, 2), _pick(rng, _ACTS, 2)
    looks, places, things = _pick(rng, _LOOKS_OF_PLACES, 4), _pick(rng, _PLACES, 4), _pick(rng, _THINGS, 4)
    lines = zip(looks, places, (*links, *links), things, (*acts, *acts), strict=True)
    text = "".join(character for line in lines for character in line)
    marked = "".join(text[at : at + 5] + mark for at, mark in zip(range(0, 20, 5), "，。，。", strict=True))
    return " ".join(marked)


def _pick(rng: np.random.Generator, choices: str, count: int) -> list[str]:
    """Return different characters; those near each other in the table occur together more often (a theme).

    The smallest of exponential variables divided by their weights are a draw without replacement.
    """
    theme = int(rng.integers(len(choices)))
    places = np.argsort(rng.exponential(size=len(choices)) / _weights(len(choices), theme))
    return [choices[place] for place in places[:count]]


@cache
def _weights(size: int, theme: int) -> FloatArray:
    distance = np.abs(np.arange(size) - theme)
    weights: FloatArray = 0.8 ** np.minimum(distance, size - distance)
    return weights


TUNES = 600


def tunes() -> tuple[bytes]:
    """Return a zip of MIDI files, numbered as the published ones are."""
    rng = numpy_rng("sample", "tunes")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(TUNES):
            # A fixed date: the same bytes whenever they are made.
            archive.writestr(zipfile.ZipInfo(f"tunes_{number}.mid"), to_midi(_tune(rng)))
    return (stream.getvalue(),)


def _tune(rng: np.random.Generator) -> list[int]:
    """Return two parts in a major key, the second higher: each moves by small steps and ends on the key note."""
    key = int(rng.choice((40, 42, 45, 47)))
    first, second = _part(rng, 0), _part(rng, 4)
    return [key + 12 * (degree // 7) + _SCALE[degree % 7] for degree in (*first, *second)]


def _part(rng: np.random.Generator, start: int) -> list[int]:
    """Return 32 steps: the second half repeats the first, but for its end."""
    moves = rng.choice((-2, -1, 0, 1, 2), size=15, p=(0.1, 0.25, 0.3, 0.25, 0.1))
    bars = [start]
    for move in moves:
        bars.append(min(max(bars[-1] + int(move), -2), 9))
    return [*bars, *bars[:12], 4, 2, 1, 0]


_SCALE = (0, 2, 4, 5, 7, 9, 11)


PARAGRAPHS = 3_000
CAPTIONS = 2_000  # in each of the two splits

# Templates of speech; {} is filled from the theme that the paragraph keeps to. Modal verbs agree with any subject.
_OPENINGS = (
    "thank you , everybody . tonight i want to talk about {} .",
    "my fellow citizens , we meet today because of {} .",
    "let me be clear about {} .",
    "now , there are some who say that we cannot afford {} .",
    "over the past year , we have worked hard for {} .",
    "a few years ago , i made a promise about {} .",
)
_CLAUSES = (
    "{} will keep {} strong in every town .",
    "we will not rest until {} and {} belong to all of us .",
    "they told us that {} would have to wait for {} .",
    "that is why i asked the congress to invest in {} and in {} .",
    "and without {} we would lose {} .",
    "because {} must begin with {} .",
    "i believe that {} can bring back {} .",
    "nobody should have to choose between {} and {} .",
)
_QUALITIES = ("good", "strong", "new", "fair", "american", "better", "lasting", "safe", "our", "your", "these", "more")
_THEMES = (
    ("schools", "teachers", "students", "classrooms", "colleges", "books", "skills", "grades"),
    ("jobs", "businesses", "workers", "factories", "wages", "unions", "roads", "markets"),
    ("energy", "rivers", "farms", "forests", "engines", "winds", "coasts", "science"),
    ("troops", "veterans", "allies", "treaties", "borders", "sailors", "peace", "talks"),
    ("hospitals", "families", "doctors", "nurses", "parents", "care", "medicines", "insurance"),
)


def speech() -> tuple[bytes]:
    """Return paragraphs, one a line; blank lines separate speeches, as in the published file."""
    rng = numpy_rng("sample", "speech")
    paragraphs = (_paragraph(rng) + ("\n" if number % 10 == 9 else "") for number in range(PARAGRAPHS))
    return ("\n".join(paragraphs).encode(),)


def _paragraph(rng: np.random.Generator) -> str:
    theme = _draw(rng, _THEMES)
    clauses = [_CLAUSES[place] for place in rng.choice(len(_CLAUSES), size=3, replace=False)]
    skeleton = " ".join((_draw(rng, _OPENINGS), *clauses))
    phrases = (f"{_draw(rng, _QUALITIES)} {_draw(rng, theme)}" for _ in range(skeleton.count("{}")))
    return skeleton.format(*phrases)


# Captions: things, what they do, and where; noun and verb agree in number.
_SCENARIOS = (
    ("cat dog bird horse sheep cow", "sitting sleeping lying standing resting", "sofa bench table bed rug chair"),
    (
        "boy girl player skier surfer rider",
        "walking standing jumping posing waiting",
        "beach field hill court road ramp",
    ),
    ("bus train truck car boat plane", "parked stopped waiting stuck", "street bridge station corner dock runway"),
    ("plate bowl cup pizza cake sandwich", "served placed left ready", "counter tray stove shelf towel desk"),
)
_COUNTS = (("a", "", "is"), ("one", "", "is"), ("two", "s", "are"), ("three", "s", "are"), ("some", "s", "are"))
_LOOKS = ("", "", "", "small", "large", "white", "black", "brown", "tall", "young", "red", "green", "blue", "wooden")
_RELATIONS = ("on", "near", "next to", "behind", "in front of", "under")
_ENDINGS = ("", "", "in a kitchen", "by a window", "on a sunny day", "in the city", "in the snow", "at night")


def captions() -> tuple[bytes, bytes]:
    """Return a train and a test file of captions of varying length, split on spaces."""
    rng = numpy_rng("sample", "captions")
    train, test = ("\n".join(_caption(rng) for _ in range(CAPTIONS)).encode() for _ in range(2))
    return train, test


def _caption(rng: np.random.Generator) -> str:
    things, acts, places = (words.split() for words in _draw(rng, _SCENARIOS))
    count, plural, verb = _draw(rng, _COUNTS)
    noun, look, place = _draw(rng, things), _draw(rng, _LOOKS), _draw(rng, places)
    noun = noun if noun == "sheep" else noun + ("es" if plural and noun.endswith(("s", "ch")) else plural)
    parts = (count, look, noun, verb, _draw(rng, acts), _draw(rng, _RELATIONS), "a", _draw(rng, _LOOKS), place)
    return " ".join(part for part in (*parts, _draw(rng, _ENDINGS), ".") if part)


def _draw(rng: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(rng.integers(len(choices)))]

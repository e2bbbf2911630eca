"""Sample corpora that the code makes from seeded grammars: stand-ins of our own where the published files are absent.

They have structure to learn (agreement, order, rhyme, metre) and small vocabularies, so that quick runs show something;
their scores say nothing about the published corpora, and every table that shows them says "sample".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.seeding import numpy_rng

POEMS = 3_000

# A line of five characters: scene (2), link (1), thing and its act (2), each drawn from the poem's theme or at large.
_SCENES = (
    "春山",
    "秋水",
    "寒江",
    "明月",
    "白云",
    "青松",
    "高楼",
    "古寺",
    "东风",
    "长亭",
    "空林",
    "远浦",
    "夕阳",
    "落花",
    "细雨",
    "孤舟",
)
_LINKS = "中外前边上下里间"
_THINGS = "鸟人花叶雪客声影舟马酒灯草星雁钟"
_ACTS = "飞归落开鸣行流生来去残照鸣深闲迟"


def poems() -> tuple[bytes]:
    """Quatrains of four lines of five characters, with the marks of the published file."""
    rng = numpy_rng("sample", "poems")
    return ("\n".join(_poem(rng) for _ in range(POEMS)).encode(),)


def _poem(rng: np.random.Generator) -> str:
    """The second couplet answers the first: its lines keep the links and acts of the lines above them."""
    links, acts = _pick(rng, _LINKS, 2), _pick(rng, _ACTS, 2)
    pairs = zip(_pick(rng, _SCENES, 4), _pick(rng, _THINGS, 4), (*links, *links), (*acts, *acts), strict=True)
    text = "".join(scene + link + thing + act for scene, thing, link, act in pairs)
    marked = "".join(text[at : at + 5] + mark for at, mark in zip(range(0, 20, 5), "，。，。", strict=True))
    return " ".join(marked)


def _pick(rng: np.random.Generator, choices: Sequence[str], count: int) -> list[str]:
    """Different choices, near ones in the table more often together than far ones (a theme)."""
    theme = rng.integers(len(choices))
    places = rng.choice(len(choices), size=count, replace=False, p=_weights(len(choices), int(theme)))
    return [choices[place] for place in places]


def _weights(size: int, theme: int) -> NDArray[np.float64]:
    distance = np.abs(np.arange(size) - theme)
    weights: NDArray[np.float64] = 0.8 ** np.minimum(distance, size - distance)
    weights /= weights.sum()
    return weights

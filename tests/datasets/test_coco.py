from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.corpora import text
from bench.dataset import Opened
from bench.errors import BenchError
from bench.metric import Generated
from bench.metrics.bleu import bleu_metrics

CAPTIONS = [
    f"a {colour} {thing} ." for colour in ("red", "blue", "green") for thing in ("cat", "dog on a mat", "bus", "cow")
]


def test_captions_vary_in_length_and_end(own: Callable[..., Opened]) -> None:
    _, data = own("coco", "\n".join([*CAPTIONS, CAPTIONS[0]]), valid=1)
    assert (len(data.train), len(data.valid), len(data.test), data.length) == (10, 1, 1, 7)
    assert data.vocabulary.end == 0 and data.vocabulary.unknown is None
    splits = (data.train, data.valid, data.test)
    assert {data.vocabulary.decode(row) for split in splits for row in split} == set(CAPTIONS)


def test_captions_can_be_cut(own: Callable[..., Opened]) -> None:
    """Cut first, then de-duplicated: captions that differ only after T would leak."""
    _, data = own("coco", "\n".join([*CAPTIONS, "a red dog on his way ."]), length=4, valid=1)
    assert data.length == 4 and len(data.train) + len(data.valid) + len(data.test) == len(CAPTIONS)
    assert data.notes == ("1 repeated sequences removed", "4 captions cut to 4 words")


def test_the_protocol_of_the_field_is_the_default(sample: Callable[..., Opened]) -> None:
    dataset, data = sample("coco")
    assert f"refs:{len(data.test)}|split:test" in dataset.metrics(data)[0].signature()
    dataset, data = sample("coco", references="train")
    assert f"refs:{len(data.train)}|split:train" in dataset.metrics(data)[0].signature()


def test_an_unknown_protocol_is_refused(sample: Callable[..., Opened]) -> None:
    with pytest.raises(BenchError, match="choose one of train, test"):
        sample("coco", references="both")


@pytest.mark.corpus
def test_the_published_captions(published: Callable[..., Opened]) -> None:
    _, data = published("coco", "coco/gfs_coco_train.txt", "coco/gfs_coco_test.txt")
    assert (len(data.train), len(data.valid), len(data.test), data.length) == (8_938, 1_000, 10_000, 37)
    assert data.notes[0].startswith("overlap: 7 training rows")


GFS = ("coco/gfs_coco_train.txt", "coco/gfs_coco_test.txt")
TEXYGEN = ("coco/image_coco.txt", "coco/test_coco.txt")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("edition", "files", "expected"),
    [("texygen", TEXYGEN, [0.687, 0.459, 0.284, 0.180]), ("gfs", GFS, [0.726, 0.499, 0.314, 0.198])],
)
def test_500_real_training_captions_against_the_test_split(
    published: Callable[..., Opened], edition: str, files: tuple[str, str], expected: list[float]
) -> None:
    """The figures .687/.459/.284/.180 are of Texygen's own files; the captions of the other edition score higher."""
    _, data = published("coco", *files, edition=edition)
    captions = text.lines(Path(os.environ["BENCH_DATA"], files[0]).read_bytes(), files[0])[:500]
    rows = text.encode([tuple(caption.split()) for caption in captions], data.vocabulary, data.length)
    judged = [metric.score(Generated(rows), data).value for metric in bleu_metrics(data, references="test")]
    np.testing.assert_allclose(np.array(judged, dtype=float), expected, atol=0.01)

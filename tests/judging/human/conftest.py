"""A sheet of texts that tell their origin, and raters who judge it by chance."""

import numpy as np
import pytest

from bench.judging.human.answers import Answers
from bench.judging.human.sheet import make_sheet


def numbered(name, count=30):
    return [f"{name} sentence {index}" for index in range(count)]


@pytest.fixture(scope="session")
def texts():
    return numbered


@pytest.fixture(scope="session")
def a_sheet():
    def a_sheet(n=4, seed=0, **models):
        models = models or {"seqgan": numbered("s"), "mle": numbered("m")}
        return make_sheet(numbered("r"), models, n, seed, dataset="poems")

    return a_sheet


@pytest.fixture(scope="session")
def judged():
    """judged(sheet, origin=share judged real, ...) -> the answers of some raters."""

    def judged(sheet, raters=6, seed=0, **shares):
        rng = np.random.default_rng(seed)
        chance = [shares[item.origin] for item in sheet.items]
        return Answers(tuple("abcdefghij"[:raters]), rng.random((raters, len(chance))) < chance)

    return judged

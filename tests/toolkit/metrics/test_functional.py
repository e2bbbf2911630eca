"""bench.bleu and bench.self_bleu: values by NLTK, forms of input, and the errors of wrong input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu, sentence_bleu

from bench import BenchError, bleu, self_bleu

SAMPLES = ["a cat sat on a mat", "a dog sat on the mat today", "the cat"]
REFERENCES = ["the cat sat on the mat", "a dog sat", "on a mat sat a dog and a cat"]
SMOOTH = SmoothingFunction().method1


def by_nltk(samples, references, order):
    weights = (1 / order,) * order
    return [sentence_bleu(references, sample, weights, SMOOTH) for sample in samples]


@pytest.mark.parametrize("order", [1, 2, 4])
def test_equals_nltk(order):
    samples, references = [s.split() for s in SAMPLES], [r.split() for r in REFERENCES]
    found = bleu(SAMPLES, REFERENCES, order)
    assert found.per_sequence == pytest.approx(by_nltk(samples, references, order), rel=1e-12)
    assert found.value == float(found) == pytest.approx(np.mean(found.per_sequence))
    whole = bleu(SAMPLES, REFERENCES, order, average="corpus").value
    weights = (1 / order,) * order
    assert whole == pytest.approx(corpus_bleu([references] * 3, samples, weights, SMOOTH), rel=1e-12)


def test_self_bleu_leaves_each_sample_out():
    rows = [s.split() for s in SAMPLES]
    expected = [by_nltk([row], rows[:at] + rows[at + 1 :], 2)[0] for at, row in enumerate(rows)]
    assert self_bleu(SAMPLES, 2).per_sequence == pytest.approx(expected, rel=1e-12)
    with pytest.raises(BenchError, match="two sequences or more"):
        self_bleu(SAMPLES[:1])


def test_every_form_of_the_same_samples_has_the_same_value():
    ids = [[1, 2, 3, 4], [4, 3, 2, 2]], [[1, 2, 3, 3], [2, 2, 4, 4]]
    value = bleu(*ids, 2).value
    texts = [[" ".join(map(str, row)) for row in part] for part in ids]
    words = [[list(map(str, row)) for row in part] for part in ids]
    forms = [*(map(make, ids) for make in (np.array, torch.tensor)), texts, words, map(pd.Series, texts)]
    assert [bleu(*form, 2).value for form in forms] == [value] * 5
    assert bleu([np.array(row) for row in ids[0]], ids[1], 2).value == value


def test_a_score_prints_its_value_with_its_signature():
    found = bleu(["我爱你"], ["我爱他"], 2, split=list, smoothing="none")
    signature = f"bleu-2|refs:1|tokens:list|smooth:none|avg:mean|hyps:1|v:{__import__('bench').__version__}"
    assert found.signature == signature and repr(found) == f"{found.value:.4f} {signature}"
    assert f"<code>{signature}</code>" in found._repr_html_() and found.value == pytest.approx((2 / 3 * 1 / 2) ** 0.5)


@pytest.mark.parametrize(
    ("samples", "references", "said"),
    [
        ("a text", REFERENCES, "samples is one text: give a list of texts"),
        (SAMPLES, [], "references is empty"),
        (SAMPLES, 3, "references is 3: give at least one"),
        (SAMPLES, [["the cat sat"], ["a dog"]], r"references\[0\] holds 'the cat sat', which is several words"),
        (SAMPLES, [[1, 2]], "the samples are texts, the references are ids"),
        (["a", 3], REFERENCES, r"samples\[1\] is 3, the rows before it are texts"),
        ([[1, "a"]], REFERENCES, "samples mixes words and ids"),
        ([[1.5]], [[1]], r"samples\[0\] holds 1.5: a word or a whole number"),
        ([3], [[1]], r"samples\[0\] is 3: a text, a list of words or a row of token ids"),
    ],
)
def test_wrong_input_is_named(samples, references, said):
    with pytest.raises(BenchError, match=said):
        bleu(samples, references)


def test_wrong_options_are_named():
    with pytest.raises(BenchError, match="order = 0"):
        bleu(SAMPLES, REFERENCES, 0)
    with pytest.raises(BenchError, match="unknown smoothing 'method2'; did you mean 'method1'"):
        bleu(SAMPLES, REFERENCES, smoothing="method2")
    with pytest.raises(BenchError, match="unknown average 'macro'"):
        self_bleu(SAMPLES, average="macro")

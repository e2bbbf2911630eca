"""Sheets for raters: what is drawn and sealed, and that nothing reveals the origins."""

import json

import numpy as np
import pytest

from bench.contracts.errors import BenchError
from bench.judging.human.sheet import make_sheet, read_key


def test_a_sheet_holds_n_of_each_origin_and_no_text_twice(texts, a_sheet):
    sheet = a_sheet(n=7)
    assert sheet.origins == ("real", "seqgan", "mle")
    for origin, source in zip(sheet.origins, ("r", "s", "m"), strict=True):
        shown = [item.text for item in sheet.items if item.origin == origin]
        assert len(shown) == 7 and set(shown) <= set(texts(source))
    assert len({item.text for item in sheet.items}) == len({item.id for item in sheet.items}) == 21


def test_a_sheet_depends_on_its_seed_and_texts_only(a_sheet):
    assert a_sheet(seed=3) == a_sheet(seed=3)
    assert a_sheet(seed=3).seal == a_sheet(seed=3).seal != a_sheet(seed=4).seal
    assert [item.origin for item in a_sheet(seed=3).items] != [item.origin for item in a_sheet(seed=4).items]


def test_a_model_that_copies_a_real_text_does_not_bring_it_in_again():
    copied = ["r sentence 0", "r sentence 1", "new 1", "new 2"]
    sheet = make_sheet(["r sentence 0", "r sentence 1"], {"copycat": copied}, 2, seed=0)
    assert {item.text for item in sheet.items if item.origin == "copycat"} == {"new 1", "new 2"}


def test_repeats_blank_lines_and_edges_are_dropped_before_counting(texts):
    with pytest.raises(BenchError, match=r"mle: 2 different texts where 3 are needed"):
        make_sheet(texts("r"), {"mle": ["a", "a ", "", "  ", "b", "a"]}, 3, seed=0)


@pytest.mark.parametrize(
    ("models", "n", "message"),
    [({}, 4, "at least one model"), ({"real": ["x", "y"]}, 4, "cannot be called 'real'"), ({"m": ["x", "y"]}, 1, "2")],
)
def test_a_senseless_sheet_is_refused(texts, models, n, message):
    with pytest.raises(BenchError, match=message):
        make_sheet(texts("r"), models, n, seed=0)


def test_place_and_id_tell_nothing_of_the_origin(a_sheet):
    """Over many sheets, real texts are equally likely at every place, and their ids with every first letter."""
    places, letters = np.zeros(12), {}
    for seed in range(400):
        for place, item in enumerate(a_sheet(seed=seed).items):
            places[place] += item.origin == "real"
            letters.setdefault(item.id[0], []).append(item.origin == "real")
    from scipy.stats import chi2_contingency, chisquare

    assert chisquare(places).pvalue > 0.001
    assert chi2_contingency([[sum(v), len(v) - sum(v)] for v in letters.values()]).pvalue > 0.001


def test_the_seed_alone_does_not_undo_the_shuffle(texts, a_sheet):
    """The same seed with other texts puts the origins in another order."""
    one, other = a_sheet(n=10, seed=0), a_sheet(n=10, seed=0, seqgan=texts("other"), mle=texts("m"))
    assert [item.origin for item in one.items] != [item.origin for item in other.items]


def test_ids_are_safe_from_spreadsheets(a_sheet):
    assert all(item.id.isalpha() and item.id.islower() and len(item.id) == 5 for item in a_sheet().items)


def test_a_key_comes_back_and_a_changed_one_is_refused(a_sheet, tmp_path):
    sheet, key = a_sheet(), tmp_path / "key.json"
    key.write_text(sheet.key(), encoding="utf-8")
    assert read_key(key) == sheet
    facts = json.loads(key.read_text())
    facts["items"][0]["origin"] = "real" if facts["items"][0]["origin"] != "real" else "mle"
    key.write_text(json.dumps(facts))
    with pytest.raises(BenchError, match="changed after it was sealed"):
        read_key(key)


@pytest.mark.parametrize("contents", ["", "[]", "{}", '{"items": 3}', "\x00"])
def test_what_is_not_a_key_is_refused(tmp_path, contents):
    (tmp_path / "key.json").write_text(contents)
    with pytest.raises(BenchError, match="not a key"):
        read_key(tmp_path / "key.json")
    with pytest.raises(BenchError, match="No such file"):
        read_key(tmp_path / "absent.json")

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.human.agreement import fleiss_kappa, krippendorff_alpha
from bench.human.answers import Answers, read_answers
from bench.human.collected import collect, load, save
from bench.human.page import html, table, write_sheet
from bench.human.scores import clustered, difference_p, interval, score
from bench.human.sheet import make_sheet, read_key

HOSTILE = "</script><b>bold</b> & 'quote' \"double\" =1+1"


def texts(name, count=30):
    return [f"{name} sentence {index}" for index in range(count)]


def a_sheet(n=4, seed=0, **models):
    models = models or {"seqgan": texts("s"), "mle": texts("m")}
    return make_sheet(texts("r"), models, n, seed, dataset="poems")


def crossed(rng, raters, items, item=0.0, rater=0.0, method=0.0, level=0.0):
    """Two identical methods judged by the same raters; sd of items, of raters, and of raters' taste for a method."""
    taste = level + rng.normal(0, rater, (raters, 1))
    return [
        taste + rng.normal(0, method, (raters, 1)) + rng.normal(0, item, items) + rng.normal(0, 1, (raters, items)) > 0
        for _ in range(2)
    ]


# the sheet


def test_a_sheet_holds_n_of_each_origin_and_no_text_twice():
    sheet = a_sheet(n=7)
    assert sheet.origins == ("real", "seqgan", "mle")
    for origin, source in zip(sheet.origins, ("r", "s", "m"), strict=True):
        shown = [item.text for item in sheet.items if item.origin == origin]
        assert len(shown) == 7 and set(shown) <= set(texts(source))
    assert len({item.text for item in sheet.items}) == len({item.id for item in sheet.items}) == 21


def test_a_sheet_depends_on_its_seed_and_texts_only():
    assert a_sheet(seed=3) == a_sheet(seed=3)
    assert a_sheet(seed=3).seal == a_sheet(seed=3).seal != a_sheet(seed=4).seal
    assert [item.origin for item in a_sheet(seed=3).items] != [item.origin for item in a_sheet(seed=4).items]


def test_a_model_that_copies_a_real_text_does_not_bring_it_in_again():
    copied = ["r sentence 0", "r sentence 1", "new 1", "new 2"]
    sheet = make_sheet(["r sentence 0", "r sentence 1"], {"copycat": copied}, 2, seed=0)
    assert {item.text for item in sheet.items if item.origin == "copycat"} == {"new 1", "new 2"}


def test_repeats_blank_lines_and_edges_are_dropped_before_counting():
    with pytest.raises(BenchError, match=r"mle: 2 different texts where 3 are needed"):
        make_sheet(texts("r"), {"mle": ["a", "a ", "", "  ", "b", "a"]}, 3, seed=0)


@pytest.mark.parametrize(
    ("models", "n", "message"),
    [({}, 4, "at least one model"), ({"real": texts("x")}, 4, "cannot be called 'real'"), ({"m": texts("m")}, 1, "2")],
)
def test_a_senseless_sheet_is_refused(models, n, message):
    with pytest.raises(BenchError, match=message):
        make_sheet(texts("r"), models, n, seed=0)


def test_place_and_id_tell_nothing_of_the_origin():
    """Over many sheets real texts stand everywhere alike, and their ids begin with every letter alike."""
    places, letters = np.zeros(12), {}
    for seed in range(400):
        for place, item in enumerate(a_sheet(seed=seed).items):
            places[place] += item.origin == "real"
            letters.setdefault(item.id[0], []).append(item.origin == "real")
    from scipy.stats import chi2_contingency, chisquare

    assert chisquare(places).pvalue > 0.001
    assert chi2_contingency([[sum(v), len(v) - sum(v)] for v in letters.values()]).pvalue > 0.001


def test_the_seed_alone_does_not_undo_the_shuffle():
    """The same seed with other texts puts the origins in another order."""
    one, other = a_sheet(n=10, seed=0), a_sheet(n=10, seed=0, seqgan=texts("other"), mle=texts("m"))
    assert [item.origin for item in one.items] != [item.origin for item in other.items]


def test_ids_are_safe_from_spreadsheets():
    assert all(item.id.isalpha() and item.id.islower() and len(item.id) == 5 for item in a_sheet().items)


# the key


def test_a_key_comes_back_and_a_changed_one_is_refused(tmp_path):
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


# what the rater gets


def test_the_page_and_the_table_betray_no_origin_and_need_no_network():
    sheet = make_sheet(texts("r"), {"wargan": texts("s"), "zmodel": texts("m")}, 5, seed=0, dataset="poems")
    for shown in (html(sheet), table(sheet)):
        assert "wargan" not in shown and "zmodel" not in shown
        assert sheet.seal in shown
    assert "default-src 'none'" in html(sheet)
    assert not any(word in html(sheet) for word in ("http:", "https:", "src=", "@import", "url("))


def test_a_text_cannot_break_out_of_the_page():
    page = html(make_sheet([HOSTILE, "b"], {"m": ["<!-- x", "d"]}, 2, seed=0, dataset="<i>poems</i>"))
    assert page.count("</script>") == 2
    assert "<b>bold" not in page and "<!-- x" not in page and "<i>poems" not in page
    items = json.loads(page.partition('id="items">')[2].partition("</script>")[0])
    assert {item["text"] for item in items} == {HOSTILE, "b", "<!-- x", "d"}


def test_wrap_breaks_what_is_shown_and_nothing_else():
    sheet = make_sheet(["白日依山尽黄河入海流", "b"], {"m": ["c", "d"]}, 2, seed=0)
    assert r"\u5c3d\n\u9ec4" in html(sheet, wrap=5)
    assert "白日依山尽黄河入海流" in table(sheet)
    assert 'lang="zh"' in html(sheet) and 'lang="zh"' not in html(a_sheet())


def test_a_formula_is_guarded_in_the_table():
    sheet = make_sheet(["=cmd|x", "b"], {"m": ["c", "d"]}, 2, seed=0)
    assert "'=cmd|x" in {row["text"] for row in csv.DictReader(io.StringIO(table(sheet)))}


def test_a_folder_in_use_is_left_alone(tmp_path):
    write_sheet(a_sheet(), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["key.json", "out", "sheet.csv", "sheet.html"]
    kept = (tmp_path / "out" / "key.json").read_text()
    with pytest.raises(BenchError, match="never overwritten"):
        write_sheet(a_sheet(seed=1), tmp_path / "out")
    assert (tmp_path / "out" / "key.json").read_text() == kept


# the answers


def answer_file(path, sheet, values=None, rater="", delimiter=",", **changes):
    """A filled-in sheet: the right answers unless others are given, {item id: answer}."""
    values = {item.id: "real" if item.origin == "real" else "machine" for item in sheet.items} | (values or {})
    rows = [[name, value, rater, changes.get("seal", sheet.seal)] for name, value in values.items()]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([["item", "answer", "rater", "seal"], *rows])
    path.write_text("\ufeff" + file.getvalue(), encoding="utf-8")
    return path


def test_answers_of_page_sheet_and_spreadsheet_are_read_alike(tmp_path):
    sheet = a_sheet()
    files = [
        answer_file(tmp_path / "ann.csv", sheet),
        answer_file(tmp_path / "x.csv", sheet, rater="李白", delimiter=";"),
        answer_file(tmp_path / "y.csv", sheet, {sheet.items[0].id: " REAL "}, rater="cy", delimiter="\t"),
    ]
    answers = read_answers(files, sheet)
    truth = [item.origin == "real" for item in sheet.items]
    assert answers.raters == ("ann", "李白", "cy")
    assert answers.judged_real[:2].tolist() == [truth, truth]
    assert answers.judged_real[2].tolist() == [True, *truth[1:]]


def test_a_filled_in_table_is_read(tmp_path):
    sheet = make_sheet(["two\nlines, and a comma", "b"], {"m": ["c", "d"]}, 2, seed=0)
    rows = list(csv.reader(io.StringIO(table(sheet))))
    filled = [rows[0], *([item, text, "real", "ann", seal] for item, text, _, _, seal in rows[1:])]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(filled)
    assert read_answers([tmp_path / "a.csv"], sheet).judged_real.all()


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        ({"zzzzz": "real"}, {}, "line 14: unknown item 'zzzzz'"),
        ({0: "maybe"}, {}, "line 2: answer 'maybe' to item .*write real or machine"),
        ({0: "", 5: ""}, {}, r"ann has left 2 of 12 items unjudged: \w+, \w+; every rater"),
        ({}, {"seal": "0" * 64}, "line 2: seal 0000000000000000 is of another sheet"),
        ({}, {"seal": ""}, "seal missing is of another sheet"),
    ],
)
def test_bad_answers_are_refused_in_one_line(tmp_path, values, changes, message):
    sheet = a_sheet()
    values = {sheet.items[key].id if isinstance(key, int) else key: value for key, value in values.items()}
    with pytest.raises(BenchError, match=message) as error:
        read_answers([answer_file(tmp_path / "ann.csv", sheet, values, **changes)], sheet)
    assert "\n" not in str(error.value)


def test_a_rater_who_answered_nothing_is_not_forgotten(tmp_path):
    sheet = a_sheet()
    blank = {item.id: "" for item in sheet.items}
    files = [answer_file(tmp_path / "ann.csv", sheet), answer_file(tmp_path / "carl.csv", sheet, blank, rater="")]
    with pytest.raises(BenchError, match="carl has left 12 of 12 items unjudged"):
        read_answers(files, sheet)
    with pytest.raises(BenchError, match="no answers in the files given"):
        read_answers(files[1:], sheet)


def test_the_same_answers_twice_are_refused(tmp_path):
    sheet = a_sheet()
    one, two = (answer_file(tmp_path / name, sheet, rater="ann") for name in ("1.csv", "2.csv"))
    with pytest.raises(BenchError, match=r"2\.csv, line 2: ann has judged item \w+ already \(.*1\.csv, line 2\)"):
        read_answers([one, two], sheet)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "no column 'item'"),
        (b"item,rater,seal\n", "no column 'answer'"),
        (b"item,answer,rater,seal\n", "no answers"),
        ("item,answer,rater,seal\n\u674e".encode("gb18030"), "not UTF-8"),
        (b'item,answer,rater,seal\n"' + b"x" * 200_000, "not a CSV file"),
    ],
)
def test_a_file_that_is_no_answer_sheet_is_refused(tmp_path, contents, message):
    (tmp_path / "a.csv").write_bytes(contents)
    with pytest.raises(BenchError, match=message):
        read_answers([tmp_path / "a.csv"], a_sheet())
    with pytest.raises(BenchError, match="No such file"):
        read_answers([tmp_path / "absent.csv"], a_sheet())


# agreement


@settings(deadline=None)
@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 2**32))
def test_kappa_is_that_of_statsmodels(raters, items, seed):
    judged = np.random.default_rng(seed).random((raters, items)) < 0.6
    kappa = fleiss_kappa(judged)
    if judged.all() or not judged.any():
        assert kappa is None
        return
    from statsmodels.stats.inter_rater import fleiss_kappa as judge

    yes = judged.sum(0)
    assert kappa == pytest.approx(judge(np.stack([yes, raters - yes], 1)), abs=1e-12)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 2**32))
def test_alpha_is_that_of_the_coincidence_matrix(raters, items, seed):
    judged = np.random.default_rng(seed).random((raters, items)) < 0.5
    table = np.zeros((2, 2))
    for column in judged.T.astype(int):
        for first in range(raters):
            for second in range(raters):
                if first != second:
                    table[column[first], column[second]] += 1 / (raters - 1)
    no, yes = table.sum(0)
    expected = 1 - table[0, 1] / (no * yes / (no + yes - 1)) if no and yes else None
    assert krippendorff_alpha(judged) == (expected if expected is None else pytest.approx(expected, abs=1e-12))


def test_alpha_of_krippendorffs_own_example():
    """Computing Krippendorff's alpha-reliability (2011), example A: two observers, ten units, alpha = .095."""
    judged = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=bool)
    assert krippendorff_alpha(judged) == pytest.approx(0.095, abs=5e-4)


def test_agreement_of_one_rater_is_undefined():
    assert fleiss_kappa(np.array([[True, False]])) is None
    assert krippendorff_alpha(np.array([[True, False]])) is None


# the scores


def test_the_variance_is_that_of_the_quasi_f():
    """Mean squares of statsmodels' analysis of variance: raters crossed with methods, items within methods."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    raters, items = 4, 5
    one, other = crossed(np.random.default_rng(1), raters, items, item=1, rater=0.5, method=0.7)
    rows = [(m, r, i, float(y[r, i])) for m, y in enumerate((one, other)) for r in range(raters) for i in range(items)]
    frame = pd.DataFrame(rows, columns=["m", "r", "i", "y"])
    squares = anova_lm(ols("y ~ C(m) + C(r) + C(m):C(r) + C(m):C(i)", frame).fit())["mean_sq"]
    expected = 2 / (raters * items) * (squares["C(m):C(r)"] + squares["C(m):C(i)"] - squares["Residual"])
    assert clustered([one, other]).variance == pytest.approx(expected)


def test_the_variance_is_never_below_that_of_independent_answers():
    few = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 0]], dtype=bool)  # crossed: .0069, above 0
    assert clustered([few]) == (pytest.approx(5 / 12 * 7 / 12 / 12), 3)


@pytest.mark.parametrize(("raters", "items"), [(70, 20), (20, 20), (10, 40)])
def test_identical_methods_differ_five_times_in_a_hundred(raters, items):
    rng = np.random.default_rng(raters)
    p = [difference_p(*crossed(rng, raters, items, item=0.8, rater=0.5)) for _ in range(2_000)]
    assert 0.03 <= np.mean(np.array(p) < 0.05) <= 0.065


def test_a_t_test_over_answers_would_not_be_calibrated():
    """The paper's way of counting, on the same kind of answers: the reason for clustering."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    p = [ttest_ind(*(y.ravel() for y in crossed(rng, 70, 20, item=0.8, rater=0.5))).pvalue for _ in range(300)]
    assert np.mean(np.array(p) < 0.05) > 0.4


def test_taste_of_raters_alone_is_not_taken_for_a_difference():
    """Raters lean one way or the other, with no lean on average: what clustering by item alone would miss."""
    rng = np.random.default_rng(0)
    p = [difference_p(*crossed(rng, 20, 20, item=0.3, rater=0.5, method=0.7)) for _ in range(2_000)]
    assert np.mean(np.array(p) < 0.05) <= 0.065


@pytest.mark.parametrize(("raters", "items", "rater", "level"), [(70, 20, 0.5, 0.0), (10, 20, 1.0, -1.0)])
def test_intervals_cover_the_truth(raters, items, rater, level):
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    truth = norm.cdf(level / np.sqrt(1 + rater**2 + 0.5**2))
    bounds = [interval(crossed(rng, raters, items, item=0.5, rater=rater, level=level)[0]) for _ in range(1_500)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in bounds]) <= 0.98


def test_a_real_difference_is_found():
    rng = np.random.default_rng(0)
    low, high = crossed(rng, 20, 20, item=0.3, rater=0.3)[0], crossed(rng, 20, 20, item=0.3, rater=0.3, level=1)[0]
    assert difference_p(low, high) == difference_p(high, low) < 1e-4
    assert difference_p(low, low) == 1


def test_a_single_rater_says_nothing_of_others(tmp_path):
    one, other = crossed(np.random.default_rng(0), 1, 20, item=0.5, rater=0.5)
    assert interval(one) == (None, None) and difference_p(one, other) is None
    sheet = a_sheet(n=10)
    alone = collect(sheet, judged(sheet, raters=1, real=0.7, seqgan=0.5, mle=0.3))
    assert all((value.low, value.high, value.p) == (None, None, None) for value in alone.scores.values())
    assert re.fullmatch(r"0\.\d{4}", str(alone.scores["mle"]))
    assert "by 1 rater who" in alone.note() and alone.note().endswith("no interval, no test.")
    assert load(save(tmp_path, alone).parent.parent) == [alone]
    two = collect(sheet, judged(sheet, raters=2, real=0.7, seqgan=0.5, mle=0.3))
    assert "95 % interval, by 2 raters" in two.note() and "Two raters are few" in two.note()


@pytest.mark.parametrize(("raters", "items"), [(2, 2), (3, 20), (5, 20)])
def test_unanimous_raters_have_finite_scores(raters, items):
    yes, no = np.ones((raters, items), dtype=bool), np.zeros((raters, items), dtype=bool)
    assert 0 < difference_p(yes, no) < 1 and difference_p(yes, yes) == 1
    low, high = interval(yes)
    assert 0 < low < high == pytest.approx(1)
    assert interval(no) == pytest.approx((1 - high, 1 - low))
    if raters * items > 4:
        assert difference_p(yes, no) < 0.01


def judged(sheet, raters=6, seed=0, **shares):
    rng = np.random.default_rng(seed)
    chance = [shares[item.origin] for item in sheet.items]
    return Answers(tuple("abcdefghij"[:raters]), rng.random((raters, len(chance))) < chance)


def test_scores_are_the_shares_judged_real_and_p_is_holms():
    sheet = a_sheet(n=10)
    answers = judged(sheet, real=0.7, seqgan=0.5, mle=0.3)
    scores = score(sheet, answers)
    assert list(scores) == ["real", "seqgan", "mle"]
    shown = {o: answers.judged_real[:, [item.origin == o for item in sheet.items]] for o in sheet.origins}
    for origin, value in scores.items():
        assert value.value == shown[origin].sum() / shown[origin].size
        assert value.low < value.value < value.high
        assert (value.raters, value.items) == (6, 10)
    p = sorted(difference_p(shown["seqgan"], shown[other]) for other in ("real", "mle"))
    assert sorted((scores["real"].p, scores["mle"].p)) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    assert scores["seqgan"].p is None


def test_without_the_reference_there_is_no_test():
    sheet = a_sheet(n=5)
    assert {value.p for value in score(sheet, judged(sheet, real=0.7, seqgan=0.5, mle=0.3), "leakgan").values()} == {
        None
    }


def test_scores_are_kept_and_read_back(tmp_path):
    sheet = replace(a_sheet(n=10), dataset="text:../odd name")
    answers = judged(sheet, real=0.7, seqgan=0.5, mle=0.3)
    assert load(tmp_path) == []
    collected = collect(sheet, answers)
    path = save(tmp_path, collected)
    assert path.parent == tmp_path / "human" and [path] == list(path.parent.iterdir())
    assert load(tmp_path) == [collected]
    assert collected.scores == score(sheet, answers)
    assert (collected.seal, collected.raters, collected.items) == (sheet.seal, 6, 30)
    assert collected.fleiss_kappa == fleiss_kappa(answers.judged_real)
    for damage in ("{", "[]", "{}"):
        path.write_text(damage)
        with pytest.raises(BenchError, match="damaged"):
            load(tmp_path)

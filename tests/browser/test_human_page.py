"""Fill in the rater's page by keys and clicks in headless Chromium, and import what it saves."""

from pathlib import Path

import pytest

from bench.judging.human.answers import read_answers
from bench.judging.human.page import write_sheet
from bench.judging.human.sheet import make_sheet

pytestmark = pytest.mark.browser
RIGHT, ENTER, TAB = "\ue014", "\ue007", "\ue004"
HOSTILE = "</script><script>document.title='owned'</script><b>bold</b> &amp; \"it's\""


def saved(browser, folder):
    """Return the only CSV in the download folder, once it is whole."""
    return browser.wait(
        lambda: [path for path in Path(folder).glob("*.csv") if path.stat().st_size], "the answers to be saved"
    )[0]


@pytest.fixture
def sheet(tmp_path):
    real = [
        HOSTILE,
        "床前明月光疑是地上霜举头望明月低头思故乡",
        "plain words",
        "春眠不觉晓处处闻啼鸟夜来风雨声花落知多少",
    ]
    sheet = make_sheet(real, {"seqgan": ["s1", "s2", "s3", "s4"], "mle": ["m1", "m2", "m3", "m4"]}, 4, 0, "poems")
    write_sheet(sheet, tmp_path / "sheet")
    return sheet


def test_a_rater_fills_in_the_page_and_the_answers_are_imported(browser, sheet, tmp_path):
    browser.open(tmp_path / "sheet" / "sheet.html")
    expected = []
    for place, item in enumerate(sheet.items):
        assert browser.shows("#place", f"Text {place + 1} of 12")
        assert browser.text("#text") == item.text
        expected.append(place % 3 == 0)
        browser.press("r" if expected[-1] else "m") if place % 2 else browser.click(
            "#real" if expected[-1] else "#machine"
        )
    assert browser.shows("#count", "12 judged") and browser.shows("#status", "All judged")
    browser.click("#save")
    assert browser.shows("#status", "name or initials first")
    browser.type("#rater", 'Ma "M" 李白')
    browser.click("#save")
    path = saved(browser, tmp_path / "downloads")
    assert path.name == "answers-Ma-M-李白.csv"
    answers = read_answers([path], sheet)
    assert answers.raters == ('Ma "M" 李白',)
    assert answers.judged_real.tolist() == [expected]


def test_texts_are_shown_and_never_run(browser, sheet, tmp_path):
    browser.open(tmp_path / "sheet" / "sheet.html")
    place = next(place for place, item in enumerate(sheet.items) if item.text == HOSTILE)
    browser.press(RIGHT * place)
    assert browser.text("#text") == HOSTILE
    assert browser.run("return [document.title, document.querySelectorAll('b').length, document.scripts.length]") == [
        "Real or machine? poems",
        2,
        2,
    ]


def test_keys_alone_are_enough_and_typing_a_name_judges_nothing(browser, sheet, tmp_path):
    browser.open(tmp_path / "sheet" / "sheet.html")
    browser.press(TAB + ENTER)  # the first stop is "Real"
    browser.press("M" * 11)
    browser.run("document.getElementById('rater').focus()")
    browser.press("mr" + TAB + ENTER)
    answers = read_answers([saved(browser, tmp_path / "downloads")], sheet)
    assert answers.raters == ("mr",)
    assert answers.judged_real.tolist() == [[True] + [False] * 11]


def test_progress_outlives_the_page_and_can_be_forgotten(browser, sheet, tmp_path):
    browser.open(tmp_path / "sheet" / "sheet.html")
    browser.press("rm")
    assert browser.shows("#count", "2 judged")
    browser.type("#rater", "ann")

    def reopened():  # the browser takes its time to write to its store
        browser.open(tmp_path / "sheet" / "sheet.html")
        return browser.run("return document.getElementById('rater').value") == "ann"

    browser.wait(reopened, "the name to come back")
    assert browser.shows("#count", "2 judged") and browser.shows("#place", "Text 3 of 12")
    browser.click("#save")
    assert browser.shows("#status", "10 of 12 texts are not judged yet")
    browser.click("#clear")
    browser.accept_alert()
    assert browser.shows("#count", "0 judged")


def test_the_page_asks_the_network_for_nothing(browser, sheet, tmp_path):
    browser.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    browser.open(tmp_path / "sheet" / "sheet.html")
    assert browser.text("#text") == sheet.items[0].text
    assert browser.run("return performance.getEntriesByType('resource').length") == 0

"""Fill in the rater's page by keys and clicks in headless Chromium, and import what it saves."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bench.judging.human.answers import read_answers
from bench.judging.human.page import write_sheet
from bench.judging.human.sheet import make_sheet

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="browser absent: needs chromium and chromedriver"),
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that W3C WebDriver gives element references
RIGHT, ENTER, TAB = "\ue014", "\ue007", "\ue004"
HOSTILE = "</script><script>document.title='owned'</script><b>bold</b> &amp; \"it's\""


class Browser:
    """The few WebDriver commands that a rater needs, over HTTP."""

    def __init__(self, port, profile, downloads):
        self.root = f"http://127.0.0.1:{port}"
        flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        flags += f" disable-component-update disable-sync window-size=1000,1100 user-data-dir={profile}"
        options = {"binary": CHROMIUM, "args": [f"--{flag}" for flag in flags.split()]}
        session = self.call("POST", "/session", capabilities={"alwaysMatch": {"goog:chromeOptions": options}})
        self.root += f"/session/{session['sessionId']}"
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))

    def call(self, method, path, **body):
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=300) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", cmd=command, params=params)

    def open(self, page):
        self.call("POST", "/url", url=page.as_uri())

    def element(self, css):
        return f"/element/{self.call('POST', '/element', using='css selector', value=css)[ELEMENT]}"

    def click(self, css):
        self.call("POST", self.element(css) + "/click")

    def type(self, css, text):
        self.call("POST", self.element(css) + "/value", text=text)

    def press(self, keys):
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def run(self, script):
        return self.call("POST", "/execute/sync", script=script, args=[])

    def text(self, css):
        return self.run(f"return document.querySelector({css!r}).textContent")

    def shows(self, css, *parts):
        """Wait until the text of an element holds all parts: the page takes its time with a key or a click."""
        return wait(lambda: all(part in self.text(css) for part in parts), f"{css} to show {parts}")

    def accept_alert(self):
        def accepted():
            with contextlib.suppress(AssertionError):
                self.call("POST", "/alert/accept")
                return True

        wait(accepted, "a dialogue to accept")


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Return the port that chromedriver chose. One chosen by the test might be taken before it starts."""
    home = tmp_path_factory.mktemp("home")
    log = home / "driver.log"
    with log.open("wb") as file:
        driver = subprocess.Popen([DRIVER, "--port=0"], stdout=file, stderr=file, env={**os.environ, "HOME": str(home)})
    try:
        told = wait(lambda: re.search(r"started successfully on port (\d+)", log.read_text()), "chromedriver to answer")
        yield int(told[1])
    finally:
        driver.terminate()
        driver.wait(timeout=300)


@pytest.fixture
def browser(port, tmp_path):
    session = Browser(port, tmp_path / "profile", tmp_path / "downloads")
    yield session
    session.call("DELETE", "")


def wait(condition, what, seconds=300):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def saved(folder):
    """Return the only CSV in the download folder, once it is whole."""
    return wait(
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
    path = saved(tmp_path / "downloads")
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
    answers = read_answers([saved(tmp_path / "downloads")], sheet)
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

    wait(reopened, "the name to come back")
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

"""Headless Chromium by the WebDriver protocol, for the tests of pages."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that W3C WebDriver gives element references


class Browser:
    """The few WebDriver commands that a reader of a page needs, over HTTP."""

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

    def hover(self, css):
        origin = self.call("POST", "/element", using="css selector", value=css)
        self.run(f"document.querySelector({css!r}).scrollIntoView({{block: 'center'}})")
        move = {"type": "pointerMove", "duration": 0, "origin": origin, "x": 0, "y": 0}
        self.call("POST", "/actions", actions=[{"type": "pointer", "id": "mouse", "actions": [move]}])

    def run(self, script):
        return self.call("POST", "/execute/sync", script=script, args=[])

    def text(self, css):
        return self.run(f"return document.querySelector({css!r}).textContent")

    def shows(self, css, *parts):
        """Wait until the text of an element holds all parts: the page takes its time with a key or a click."""
        return self.wait(lambda: all(part in self.text(css) for part in parts), f"{css} to show {parts}")

    def accept_alert(self):
        def accepted():
            with contextlib.suppress(AssertionError):
                self.call("POST", "/alert/accept")
                return True

        self.wait(accepted, "a dialogue to accept")

    def complaints(self):
        """Return the errors and warnings of the page's console since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", type="browser")]

    @staticmethod
    def wait(condition, what, seconds=300):
        """Wait until the condition gives something true, and return that."""
        return wait(condition, what, seconds)


@pytest.fixture(scope="session")
def port(tmp_path_factory):
    """Return the port that chromedriver chose. One chosen by the test might be taken before it starts."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("browser absent: needs chromium and chromedriver")
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


@pytest.fixture(scope="module")
def one_browser(port, tmp_path_factory):
    """A browser for all tests of a file that only read a page: it takes seconds to start."""
    home = tmp_path_factory.mktemp("browser")
    session = Browser(port, home / "profile", home / "downloads")
    yield session
    session.call("DELETE", "")


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

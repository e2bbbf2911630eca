"""Open the page that lists the plans in headless Chromium: from a file, on a phone, in the dark, by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.reporting.plans_page import Listed, html

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TAB, ENTER = "\ue004", "\ue007"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    arms = ["MLE", "SeqGAN@lean", "x" * 80]
    whole = Listed(
        name="my plan", link="my%20plan/index.html", asked="2026-11-25T14:30:00Z", presets=["lean"],
        datasets=["oracle"], arms=arms, state="24 finished, 1 failed",
    )  # fmt: skip
    (tmp_path / "my plan").mkdir()
    (tmp_path / "my plan" / "index.html").write_text("<title>the plan</title>", encoding="utf-8")
    path = tmp_path / "index.html"
    path.write_text(html([whole, Listed(name="y" * 100, link="hurt/index.html")]), encoding="utf-8")
    return path


def test_a_phone_needs_no_sideways_scrolling_and_each_value_has_a_name(browser: Any, page: Path) -> None:
    browser.cdp("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    browser.open(page)
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    named = "return getComputedStyle(document.querySelector('td'), '::before').content"
    assert browser.run(named) == '"Asked for last, UTC"'


def test_a_plan_is_opened_by_keys_without_complaint(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.complaints() == []
    browser.press([TAB, ENTER])
    browser.wait(lambda: browser.run("return document.title") == "the plan", "the plan's page")


def test_it_is_dark_where_the_reader_asks_for_it(browser: Any, page: Path) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    browser.open(page)
    light = browser.run(ground)
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.run(ground) != light

"""Use the page of a report in headless Chromium: by mouse, by keys alone, on a phone, in the dark, on paper."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.contracts.metric import Score
from bench.planning.cell import Cell, Evaluation
from bench.records.encoding import Tracked, frame, project
from bench.records.events import Done, Start
from bench.records.journal import Record
from bench.records.plans import Entry
from bench.reporting import profiles
from bench.reporting.build import build_tables
from bench.reporting.page.material import Material
from bench.reporting.page.page import html
from bench.reporting.page.sweeps import Sweep
from bench.reporting.paper import paper

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ENTER, TAB, ESCAPE, SPACE = "\ue007", "\ue004", "\ue00c", " "
HOSTILE = 'evil[a=<img src=x onerror=document.title="owned">|</script>]'
MEANS = {"real": 5.75, "random-uniform": 11.43, "mle": 9.03, "seqgan": 8.7401, "mle-regularised": 8.741, HOSTILE: 9.5}
PROFILES = (*profiles.NAMES, *profiles.TRAINED)


def record(label, seed, dataset, scores):
    """Return a finished run as the journal would have it; scores: metric -> (value, better)."""
    evaluation = Evaluation()
    cell = Cell(
        label=label,
        reference=label,
        baseline=label.partition("[")[0],
        settings=(),
        dataset=dataset,
        dataset_label=dataset,
        dataset_settings=(("length", 20),),
        fingerprint=f"data-{dataset}",
        seed=seed,
        evaluation=evaluation,
    )
    source = {"file": "corpus.txt", "sha256": "ab" * 32, "licence": "none stated", "kind": "generated"}
    signed = {
        name: Score(value=value, better=better, signature=f"{name}|refs:{dataset}|v:0")
        for name, (value, better) in scores.items()
    }
    events = (
        Start(source=source, notes=[], time=1e9),
        Done(scores=signed, hypotheses=100, seconds=90.0, time=1e9 + 99),
    )
    return Record(cell, Path("runs", f"{dataset}-{label}-{seed}"), events)


def tables_of(records):
    """Return the tables of these runs and the tags of each run."""
    tracked = []
    for index, one in enumerate(records):
        made = project(
            one, "shown", Entry(tags={"preset": "quick", "git_commit": "c0ffee" * 6, "version.bench": "0.1.0"})
        )
        finals = {point.key: point.value for point in made.points}
        tracked.append(Tracked(str(one.folder), made.tags | {"projected": str(index)}, finals))
    tables = build_tables(frame(tracked), paper(), lambda run_id: pd.DataFrame(), {})
    return tables, {run.run_id: {**run.tags, "began": "1e9", "ended": "1.0001e9"} for run in tracked}


def histories(tables, names, points, noise):
    """Return name -> values of every run but the real one's at x = 0..points-1, as Tracker.curves gives them."""
    rng = np.random.default_rng(0)
    runs = pd.concat([table.runs[table.runs["label"] != "real"] for table in tables]).drop_duplicates("run_id")
    rows = [
        (run.run_id, run.dataset, run.label, run.seed, x, 0.5 / (1 + x) + noise * rng.random())
        for run in runs.itertuples()
        for x in range(points)
    ]
    columns = ["run_id", "dataset", "label", "seed", "x", "value"]
    return {name: pd.DataFrame(rows, columns=columns) for name in names}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The oracle task and tunes: six arms of six seeds, with everything that a page can show."""
    rng = np.random.default_rng(1)
    records = []
    for label, mean in MEANS.items():
        for seed in range(1 if label == "real" else 6):
            value = mean + rng.normal(0, 0.01)
            nll = {"nll_oracle": (value, "lower"), "nll_test": (value - 1 + rng.normal(0, 0.01), "lower")}
            exact = {"exposure_bias": 0.1, "tv": 0.9, "entropy_gap": 0.1, "calibration_gap": 0.02}
            records.append(
                record(label, seed, "oracle", nll | {name: (value, "lower") for name, value in exact.items()})
            )
            if label in ("real", "mle", "seqgan"):
                bleu = {"bleu-4": (1 / mean + seed / 1000, "higher"), "mse": (2 * mean + seed / 10, "lower")}
                records.append(record(label, seed, "nottingham", bleu))
    tables, tags = tables_of(records)
    oracle = next(table for table in tables if table.dataset == "oracle")
    sweep = [
        Sweep(label, seed, t, metric, MEANS[label] + (t if metric == "nll_oracle" else 1 / t))
        for label in ("mle", "seqgan")
        for seed in range(6)
        for t in (0.5, 1.0, 1.5)
        for metric in ("nll_oracle", "nll_test")
    ]
    samples = {
        "oracle": {label: [f"{label} says {n}" for n in range(24)] for label in MEANS},
        "nottingham": {label: ["C4 C4 E4 rest G4 G4 G4 F#4"] * 24 for label in ("real", "mle", "seqgan")},
    }
    positions = histories([oracle], PROFILES, 10, 0.01)
    for name in PROFILES:
        positions[name]["x"] += 1
    material = Material(
        curves=histories(tables, ("nll_oracle", "nll_test", "bleu-4"), 12, 0.1),
        profiles=positions,
        tags=tags,
        samples=samples,
        sweeps={"oracle": sweep},
    )
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(html(tables, material), encoding="utf-8")
    return path


def look(browser, scheme="light"):
    """Set the colours; pages scroll at once, so that a click finds its place."""
    wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": name, "value": v} for name, v in wanted.items()])


@pytest.fixture
def reader(one_browser, page):
    """A browser with the page newly open; at the end the page must not have complained."""
    one_browser.cdp("Emulation.clearDeviceMetricsOverride")
    look(one_browser)
    one_browser.open(page)
    yield one_browser
    assert one_browser.complaints() == []


def column(browser, table, index):
    """Return the texts of a column's shown cells, from the top."""
    rows = f"[...document.querySelectorAll({table!r} + ' tbody tr:not([hidden])')]"
    return browser.run(f"return {rows}.map(row => row.cells[{index}].textContent)")


def press_on(browser, css, keys):
    browser.run(f"document.querySelector({css!r}).focus()")
    browser.press(keys)


def drawn(browser, css):
    """Scroll to an element and wait until a chart in it is drawn."""
    browser.run(f"document.querySelector({css!r}).scrollIntoView()")
    browser.wait(lambda: browser.run(f"return !!document.querySelector({css!r} + ' svg')"), f"a chart in {css}")


def figure(number):
    return f"#t1 figure:nth-of-type({number})"


SCORES = "#t1 > .table"


def test_the_head_says_what_was_run(reader):
    told = reader.text(".facts")
    for part in ("shown", "quick", "0 to 5", "44 finished", "2001-09-09", "SeqBench 0.1.0, commit c0ffeec0ffee"):
        assert part in told, part
    assert reader.run("return document.title") == "SeqBench report: shown"


def test_the_best_and_what_is_not_distinguishable_from_it_are_marked(reader):
    assert reader.text(f"{SCORES} td.best:nth-child(3)").startswith("8.7")
    marked = reader.run(
        f"return [...document.querySelectorAll('{SCORES} tr')].map(r => [r.dataset.arm, r.cells[2].className])"
    )
    assert {arm: mark for arm, mark in marked if mark} == {"seqgan": "best", "mle-regularised": "tied"} or {
        arm: mark for arm, mark in marked if mark
    } == {"seqgan": "tied", "mle-regularised": "best"}


def test_a_head_sorts_the_other_way_and_back(reader):
    before = column(reader, SCORES, 2)
    head = f"{SCORES} thead th:nth-child(3)"
    values = [float(text.split(" ")[0]) for text in before]
    for direction, expected in (("ascending", sorted(values)), ("descending", sorted(values, reverse=True))):
        reader.click(f"{head} button")
        assert [float(text.split(" ")[0]) for text in column(reader, SCORES, 2)] == expected
        assert reader.run(f"return document.querySelector('{head}').ariaSort") == direction
    reader.click(f"{head} button")
    assert column(reader, SCORES, 2) == before
    reader.click("#t2 > .table thead th:nth-child(3) button")
    shown = [text[:4] for text in column(reader, "#t2 > .table", 2)]
    assert shown == sorted(shown, reverse=True), "higher is better"


def test_arms_are_filtered_in_tables_and_charts_alike(reader):
    drawn(reader, figure(1))
    lines = f"return document.querySelectorAll('{figure(1)} [aria-label=line]').length"
    assert reader.run(lines) == 5
    reader.click("#arms summary")
    reader.type("#filter", "mle")
    assert column(reader, SCORES, 0) == ["MLE", "MLE, regularised"] and reader.run(lines) == 2
    assert reader.run("return document.querySelectorAll('#t1 [data-sample]').length") == 2
    reader.run("const f = document.querySelector('#filter'); f.value = ''; f.dispatchEvent(new Event('input'))")
    assert len(column(reader, SCORES, 0)) == 6 and reader.run(lines) == 5


def test_the_legend_of_a_chart_toggles_an_arm(reader):
    drawn(reader, figure(1))
    bands = f"return document.querySelectorAll('{figure(1)} [aria-label=area]').length"
    assert reader.run(bands) == 5
    chip = f"{figure(1)} [data-arm=seqgan]"
    reader.click(chip)
    assert reader.run(bands) == 4 and "SeqGAN" not in column(reader, SCORES, 0)
    assert reader.run(f"return document.querySelector('{chip}').ariaPressed") == "false"
    reader.click(chip)
    assert reader.run(bands) == 5 and "SeqGAN" in column(reader, SCORES, 0)


def test_columns_are_hidden_and_copied_tables_are_what_is_shown(reader):
    reader.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    copied = "return navigator.clipboard.readText()"
    reader.click(f"{SCORES} .tools summary")
    reader.click(f"{SCORES} .menu label:nth-child(1) input")
    reader.press(ESCAPE)
    press_on(reader, f"{SCORES} [data-copy=CSV]", ENTER)
    assert reader.shows("#status", "Copied as CSV")
    first, *rows = reader.run(copied).splitlines()
    assert first.startswith("Method,NLL_oracle ↓,NLL_test ↓") and len(rows) == 6
    assert rows[2].startswith("MLE,9.0") and rows[-1].startswith(
        '"evil [a=<img src=x onerror=document.title=""owned"">'
    )
    press_on(reader, f"{SCORES} [data-copy=LaTeX]", ENTER)
    assert reader.shows("#status", "Copied as LaTeX")
    latex = reader.run(copied)
    assert "\\begin{tabular}{lrrrrrr}" in latex and "NLL\\_oracle $\\downarrow$" in latex and "\\textbf{8.7" in latex
    press_on(reader, f"{SCORES} [data-copy=Markdown]", ENTER)
    assert reader.shows("#status", "Copied as Markdown")
    assert reader.run(copied).startswith("| Method | NLL\\_oracle ↓ |") and "| **8.7" in reader.run(copied)


def test_a_signature_shows_on_hover_and_by_keyboard(reader):
    hidden = "return document.getElementById('tip').hidden"
    assert reader.run(hidden)
    head = f"{SCORES} thead th:nth-child(3)"
    press_on(reader, f"{SCORES} thead th:nth-child(2) button", TAB)
    assert not reader.run(hidden) and reader.text("#tip") == "nll_oracle|refs:oracle|v:0"
    reader.press(ESCAPE)
    assert reader.run(hidden)
    reader.hover(head)
    assert reader.wait(lambda: not reader.run(hidden), "the signature")
    reader.hover("h1")
    assert reader.wait(lambda: reader.run(hidden), "the signature to go")


def test_keys_alone_are_enough(reader):
    def focus():
        return reader.run("const e = document.activeElement; return e.id || e.textContent.trim().slice(0, 30)")

    reader.press(TAB)
    assert focus() == "Skip to the tables"
    reached = set()
    for _ in range(400):
        reader.press(TAB)
        reached.add(focus())
        if focus() == "Notes and signatures":
            break
    assert {"oracle", "Arms", "Columns", "LaTeX", "NLL_oracle ↓", "SeqGAN", "Shuffle"} <= reached
    press_on(reader, "#t1 .notes summary", ENTER)
    assert reader.run("return document.querySelector('#t1 .notes').open")
    press_on(reader, "#arms summary", SPACE)
    press_on(reader, "#arms [data-arm=mle]", SPACE)
    assert "MLE" not in column(reader, SCORES, 0)
    press_on(reader, "#filter", ESCAPE)
    assert not reader.run("return document.getElementById('arms').open") and focus() == "Arms"
    before = column(reader, SCORES, 2)
    press_on(reader, f"{SCORES} thead th:nth-child(3) button", ENTER)
    assert column(reader, SCORES, 2) == sorted(before, key=lambda text: float(text.split(" ")[0]))


def test_every_chart_is_drawn_with_its_points(reader):
    titles = reader.run("return [...document.querySelectorAll('#t1 figure h3')].map(h => h.textContent)")
    assert titles == [
        "Learning curves: NLL_oracle ↓",
        "Learning curves: NLL_test ↓",
        "Runs: one dot a seed",
        "Quality against diversity",
        "Drift: exposure bias by position",
        "Total variation of prefixes",
        "Entropy of the next token",
        "Calibration",
    ]
    for number in range(1, 9):
        drawn(reader, figure(number))

    def count(number, mark):
        shapes = ", ".join(f"{figure(number)} [aria-label={mark}] {shape}" for shape in ("path", "circle", "line"))
        return reader.run(f"return document.querySelectorAll('{shapes}').length")

    assert count(3, "dot") == 31 and count(3, "tick") == 6, "31 runs of six arms"
    assert count(4, "dot") == 6 + 2 * 3, "six arms and the temperatures of two"
    assert [count(number, "line") for number in (5, 6, 7)] == [5, 5, 5]
    assert count(8, "line") == 5 + 1, "with the line on which a generator is right"
    reader.run(
        f"const s = document.querySelector('{figure(3)} select'); s.value = 1; s.dispatchEvent(new Event('change'))"
    )
    assert "NLL_test" in reader.text(f"{figure(3)} svg")


def test_a_chart_tells_the_values_under_the_pointer(reader):
    drawn(reader, figure(1))
    reader.hover(f"{figure(1)} svg")
    assert reader.wait(lambda: re.search(r"at \d+: [\d.]+ \[", reader.text(f"{figure(1)} [aria-label=tip]")), "values")


def test_samples_stand_side_by_side_and_are_shuffled(reader):
    labels = reader.run("return [...document.querySelectorAll('#t1 [data-sample]')].map(e => e.dataset.sample)")
    assert labels == list(MEANS)
    first = reader.text("#t1 .side")
    reader.wait(lambda: reader.click("#t1 [data-shuffle]") or reader.text("#t1 .side") != first, "other samples")
    assert set(re.findall(r"real says \d+", reader.text("#t1 .side"))) <= {f"real says {n}" for n in range(24)}


def test_a_tune_is_drawn_and_played(reader):
    notes = reader.run("return document.querySelectorAll('#t2 .tune svg')[0].querySelectorAll('rect').length")
    assert notes == 4, "C4 and G4 are held, and a rest is no note"
    assert reader.run("return notesOf('C4 C4 E4 rest G4 G4 G4 F#4').map(n => [n.start, n.length, n.pitch])") == [
        [0, 2, 60],
        [2, 1, 64],
        [4, 3, 67],
        [7, 1, 66],
    ]
    reader.click("#t2 [data-play]")
    assert reader.text("#t2 [data-play]") == "Stop" and reader.run("return playing.context.state") in (
        "running",
        "suspended",
    )
    reader.click("#t2 [data-play]")
    assert reader.text("#t2 [data-play]") == "Play" and reader.run("return playing") is None


def test_text_is_shown_and_never_run(reader):
    assert 'evil [a=<img src=x onerror=document.title="owned">|</script>]' in column(reader, SCORES, 0)
    for number in range(1, 9):
        drawn(reader, figure(number))
    assert reader.run("return [document.images.length, document.title]") == [0, "SeqBench report: shown"]


def test_the_page_asks_the_network_for_nothing(browser, page):
    browser.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    browser.open(page)
    drawn(browser, figure(1))
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.complaints() == []


CONTRAST = """
const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = text => text.match(/[\\d.]+/g).map(Number);
const behind = e => {
  for (; e; e = e.parentElement) {
    const colour = parts(getComputedStyle(e).backgroundColor);
    if (colour[3] !== 0) return colour;
  }
  return parts(getComputedStyle(document.body).backgroundColor);
};
const poor = [];
for (const e of document.querySelectorAll("body *:not(script):not(style)")) {
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
  const style = getComputedStyle(e), ink = parts(e.closest("svg") && style.fill !== "none" ? style.fill : style.color);
  const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) poor.push([e.textContent.trim().slice(0, 40), e.className, ratio]);
}
return poor;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast_enough(reader, scheme):
    """4.5 to 1, as WCAG 2.1 AA asks of text."""
    look(reader, scheme)
    reader.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for number in (1, 3, 4):
        drawn(reader, figure(number))
    assert reader.run(CONTRAST) == []


def test_a_phone_needs_no_sideways_scrolling(reader, page):
    reader.cdp("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    reader.open(page)
    for number in range(1, 9):
        drawn(reader, figure(number))
    assert reader.run("return document.documentElement.scrollWidth") <= 390


def test_paper_shows_what_is_folded_and_every_chart(reader):
    reader.run("dispatchEvent(new Event('beforeprint'))")
    assert reader.run(
        "return [...document.querySelectorAll('section details')].every(d => d.open || d.closest('.tools'))"
    )
    assert reader.run("return [...document.querySelectorAll('.plot')].every(p => p.querySelector('svg'))")
    reader.run("dispatchEvent(new Event('afterprint'))")
    assert not reader.run("return document.querySelector('.notes').open")


def test_paper_cuts_no_column_off_and_leaves_no_gap_under_a_chart(reader, page):
    width = 1047  # pixels: the 277 mm that landscape A4 has between its margins
    reader.cdp("Emulation.setDeviceMetricsOverride", width=width, height=700, deviceScaleFactor=1, mobile=False)
    reader.cdp("Emulation.setEmulatedMedia", media="print")
    reader.open(page)
    drawn(reader, figure(1))
    reader.run(
        "for (const row of document.querySelector('section table').rows)"
        " for (let i = row.cells.length; i < 16; i++) row.append(row.cells[1].cloneNode(true))"
    )
    assert reader.run("return document.querySelector('section table').getBoundingClientRect().right") <= width
    plot = "document.querySelector('.plot:has(svg)')"
    reader.run(f"{plot}.querySelector('svg').style.width = '200px'")  # paper shrinks a chart and does not draw it anew
    assert reader.run(f"return {plot}.clientHeight") < 200
    pdf = base64.b64decode(reader.cdp("Page.printToPDF", preferCSSPageSize=True)["data"])
    (across, down) = map(float, re.search(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())
    assert across > down, "landscape"
    reader.cdp("Emulation.setEmulatedMedia", media="")


@pytest.mark.slow
def test_twenty_arms_and_a_thousand_runs_fit_a_page(one_browser, tmp_path):
    rng = np.random.default_rng(2)
    datasets = ("oracle", "markov", "poems", "obama", "coco", *(f"text:{n}" for n in range(5)))
    labels = ["real", *(f"arm-{index}[knob={index},other=0.5]" for index in range(19))]
    metrics = [f"bleu-{n}" for n in range(2, 6)] + [f"self-bleu-{n}" for n in range(2, 6)] + ["nll_oracle", "nll_test"]
    records = [
        record(label, seed, dataset, {name: (index + rng.random() / 100, "lower") for name in metrics})
        for dataset in datasets
        for index, label in enumerate(labels)
        for seed in range(5)
    ]
    tables, tags = tables_of(records)
    assert sum(len(set(table.runs["run_id"])) for table in tables) == 1000
    text = "a sample of some twelve words as a caption of a picture has " * 2
    material = Material(
        curves=histories(tables, ("bleu-2", "nll_oracle", "nll_test"), 25, 0.1),
        tags=tags,
        profiles=histories(tables, PROFILES, 20, 0.1),
        samples={name: {label: [text] * 24 for label in labels} for name in datasets},
    )
    path = tmp_path / "index.html"
    path.write_text(html(tables, material), encoding="utf-8")
    assert path.stat().st_size < 3_000_000
    one_browser.open(path)
    assert one_browser.run("return document.querySelectorAll('section[data-section]').length") == len(datasets)
    assert one_browser.run("return document.querySelectorAll('.plot svg').length") <= 4, "only what is near is drawn"
    spent = one_browser.run("return performance.getEntriesByType('navigation')[0].domComplete")
    print(f"{path.stat().st_size:,} bytes, complete after {spent:.0f} ms")
    assert one_browser.complaints() == []

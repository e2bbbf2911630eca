"""What the page holds: its data, its vendored library, and samples of a bounded length."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files

import pandas as pd
import pytest

from bench.records.journal import Record
from bench.reporting import figures
from bench.reporting.build import build_tables
from bench.reporting.page.charts import curves
from bench.reporting.page.page import SCRIPTS, VENDOR, html
from bench.reporting.page.samples import LONGEST, playing, shortened
from bench.reporting.paper import paper
from bench.reporting.table import PerSequence, Table


@pytest.fixture
def table(matrix: list[Record], framed: Callable[..., pd.DataFrame], per_sequence: PerSequence) -> Table:
    (made,) = build_tables(framed(matrix), paper(), per_sequence, {})
    return made


def test_the_data_on_the_page_are_the_tables(table: Table) -> None:
    text = html([table])
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, flags=re.S)
    data = json.loads(found)
    assert [arm["label"] for arm in data["arms"]] == [row.label for row in table.rows]
    (metric, _) = data["sections"]["t1"]["seeds"]
    values = {arm["label"]: arm["values"] for arm in metric["arms"]}
    assert metric["metric"] == "NLL_oracle ↓" and len(values["mle"]) == 3
    assert "my_gan.py" not in values, "it has no value"


def test_a_curve_is_the_mean_over_seeds_with_its_interval(table: Table) -> None:
    runs = table.runs[table.runs["label"] == "mle"].drop_duplicates("run_id")
    points = pd.DataFrame(
        [
            (run.run_id, run.dataset, run.label, run.seed, x, 1.0 + run.seed + x)
            for run in runs.itertuples()
            for x in (0, 10)
        ],
        columns=["run_id", "dataset", "label", "seed", "x", "value"],
    )
    (chart,) = curves(table, {"nll_oracle": points})
    (arm,) = chart["arms"]
    assert arm["label"] == "mle" and [point[:2] for point in arm["points"]] == [[0, 2.0], [10, 12.0]]
    assert arm["points"][0][2:] == [pytest.approx(2 - 2.48414, abs=1e-4), pytest.approx(2 + 2.48414, abs=1e-4)]
    assert chart["marks"] == figures.boundaries(table.runs) and "unfinished" not in chart


def test_every_script_is_on_the_page_once_and_every_file_is_used() -> None:
    folder = files("bench.reporting.page.parts")
    assert sorted(path.name for path in folder.iterdir() if path.name.endswith(".js")) == sorted(SCRIPTS)


def test_the_library_has_its_licences_and_versions_beside_it_and_on_the_page(table: Table) -> None:
    folder, page = files("bench.reporting.page.vendor"), html([table])
    told = folder.joinpath("__init__.py").read_text(encoding="utf-8")
    for name, licence in VENDOR.items():
        (version,) = re.findall(r"v(\d+\.\d+\.\d+)", folder.joinpath(name).read_text(encoding="utf-8")[:100])
        assert version in told, name
        terms = folder.joinpath(licence).read_text(encoding="utf-8").strip()
        assert "Permission to use, copy, modify, and/or distribute" in terms and terms in page


def test_a_long_sample_is_cut_after_a_word() -> None:
    assert shortened("word " * 200) == ("word " * 80).rstrip()
    assert shortened("春" * 1000) == "春" * LONGEST
    assert shortened("a\u202eb") == "a\\u202eb", "a letter that turns the line around is shown"


def test_only_notes_are_played() -> None:
    assert playing({"real": ["C4 rest F#4", "A0"], "mle": [""]}) == {"step": 0.4}
    assert playing({"real": ["C4 rest F#4", "the cat"]}) is None
    assert playing({}) is None

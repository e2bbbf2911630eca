"""Check what the pages on measured results say about p over seeds against the values committed beside them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

from bench.judging.statistics import holm, permutation, welch

HOUSE = Path(__file__).parent.parent.parent
CONTROLS = ("constant-reward", "random-reward", "pg-bleu")
PRE_TRAINING = 120  # epochs


def test_the_p_of_the_control_arms_is_adjusted_for_all_comparisons_that_were_made() -> None:
    curves = pd.read_csv(HOUSE / "reports" / "results" / "official-oracle" / "curves.csv")
    lean = next(label for label in set(curves["label"]) if label.startswith("seqgan[adversarial_steps=60"))
    values = curves.groupby(["label", "metric", "x"])["value"].apply(list)
    asked = [
        ((lean, metric, PRE_TRAINING + steps), (control, metric, PRE_TRAINING + steps))
        for metric in ("nll_oracle", "nll_test")
        for steps in (30, 60)
        for control in CONTROLS
    ]
    by_welch = [welch(values[ours], values[theirs]) for ours, theirs in asked]
    by_permutation = [permutation(values[ours], values[theirs]) for ours, theirs in asked]
    least, after = min(by_welch), min(holm(by_welch))
    assert len(asked) == 12 and asked[by_welch.index(least)][1] == ("random-reward", "nll_oracle", PRE_TRAINING + 60)
    assert (least, after) == (pytest.approx(0.0014, abs=5e-5), pytest.approx(0.017, abs=5e-4))
    assert min(by_permutation) == pytest.approx(1 / 84) and min(holm(by_permutation)) == pytest.approx(0.14, abs=5e-3)
    told = " ".join((HOUSE / "reports" / "results" / "README.md").read_text(encoding="utf-8").split())
    assert "p = .0014, the smallest of twelve such comparisons" in told and "so .017 after Holm" in told


def test_the_nearest_row_and_its_p_are_those_told(capsys: pytest.CaptureFixture[str]) -> None:
    results = HOUSE / "reports" / "results"
    by_kl = runpy.run_path(str(results / "by_kl.py"))
    by_kl["main"]([results / "official-oracle", results / "lean-fair"])
    printed = capsys.readouterr().out
    rows = re.findall(r"^(\S+) \((\d+) runs\): KL ([\d.]+)", printed, flags=re.M)
    assert rows[0] == ("mle-regularised", "3", "1.713") and len(rows) == 12
    assert [float(kl) for _, _, kl in rows] == sorted(float(kl) for _, _, kl in rows)
    by_welch = [float(p) for p in re.findall(r"p (\S+) Welch", printed)]
    assert len(by_welch) == 22 and max(by_welch) == 0.0022 and printed.count("not distinguishable") == 22
    runs = pd.concat(pd.read_csv(results / name / "runs.csv") for name in ("official-oracle", "lean-fair"))
    of = {label: pd.to_numeric(rows["value"]) for label, rows in runs[runs["metric"] == "forward_kl"].groupby("label")}
    others = [label for label, _, _ in rows[1:]]
    adjusted = holm([welch(of["mle-regularised"], of[label]) for label in others])
    assert f"p {adjusted[others.index('transformer')]:.2g} Welch" in printed
    by_kl["main"]([results / "official-oracle", results / "lean-fair"], "random-uniform")
    behind = capsys.readouterr().out.partition("\nrandom-uniform")[2]
    found = [float(p) for p in re.findall(r"p (\S+) Welch", behind)]
    assert len(found) == 12 and max(found) == 0.0079  # in both KLs the six rows after it in forward KL
    assert all(kl > 2.917 for kl in map(float, re.findall(r" / ([\d.]+) ±", behind.partition("\n")[2])))
    told = " ".join((HOUSE / "docs" / "findings.md").read_text(encoding="utf-8").split())
    assert "Welch's p over seeds, after Holm over the eleven, is .0022 at most" in told
    assert "Welch's p after Holm over eleven rows is .0079 at most" in told


def test_the_table_of_the_readme_is_what_the_script_prints(capsys: pytest.CaptureFixture[str]) -> None:
    results = HOUSE / "reports" / "results"
    runpy.run_path(str(results / "by_kl.py"))["main"]([results / "official-oracle", results / "lean-fair"])
    printed = {block.split()[0].partition("[")[0]: block for block in re.split(r"\n(?=\S)", capsys.readouterr().out)}
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (.+?) \| ([\d.]+) / ([\d.]+) \| (.*?) ?\|$", readme, flags=re.M)
    assert len(table) == 8
    told = {"uniform tokens": "random-uniform", "[random rewards][3] in place of the discriminator": "random-reward"}
    for name, *kls, p in table:
        block = printed[told.get(name) or re.findall(r"`([\w-]+)`", name)[0]]
        exact = re.findall(r"[\d.]+", block.partition("KL")[2].partition("\n")[0].replace("±", "")) if block else []
        means = [float(value) for value in exact if float(value) > 1]
        assert [float(kl) for kl in kls] == [pytest.approx(value, abs=0.0051) for value in means], name
        found = [float(value) for value in re.findall(r"p (\S+) Welch", block)]
        assert [float(part) for part in p.split(" / ") if part] == pytest.approx(found, rel=0.3), name

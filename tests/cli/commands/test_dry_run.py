"""bench run --dry-run lists what would run, and runs nothing."""

from __future__ import annotations

TEXT = ("-d", "text:tiny.txt", "--data", "sample")


def test_it_lists_cells_and_runs_nothing(call, workplace):
    run = ("run", "-b", "random-unigram", "-b", "mle", *TEXT, "--preset", "smoke", "--seeds", "3", "--jobs", "2")
    said = call(*run, "--dry-run").stdout
    assert said.startswith("Reading the datasets ...\n")
    rows = {line.split()[1]: line.split() for line in said.splitlines() if line.strip().startswith("text:tiny")}
    assert set(rows) == {"real", "random-unigram", "mle"}
    assert rows["mle"][2:6] == ["0,", "1,", "2", "0"] and rows["mle"][-1] == "GiB"
    assert "7 cells to run, 2 at a time, about 0.8 GiB of memory" in said
    assert "tests: 3 seeds: too few for the tests; against another row an exact p below .05 after Holm needs 4" in said
    assert not (workplace / "runs").exists() and not (workplace / "results").exists()

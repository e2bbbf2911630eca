"""The whole report, from a store to files on disk, and the command that writes it."""

from __future__ import annotations

import html.parser
import io
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.records.journal import Record
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting.paper import paper
from bench.reporting.table import Table
from bench.reporting.write import how_to_look, print_summary, write_report


def fill(store: str, records: list[Record]) -> Tracker:
    tracker = Tracker(store)
    for index, record in enumerate(records):
        tracker.project(record, "quick", Entry(tags={"preset": "quick"}, asked=index))
    return tracker


def small(shop: Any) -> list[Record]:
    """Make odd names in every place that shows text, two tables, one failure."""
    source = {"file": "my_corpus & <b>#1%.txt", "sha256": "ef" * 32, "licence": "CC_0", "kind": "sample"}
    labels = ("real", "mle", "seqgan", "gan_{x}[a=<i>|é中]")
    runs = [
        shop.done(shop.cell(label, seed, "poems"), {"bleu-2": 0.7 + seed / 100}, "higher", source=source)
        for label in labels
        for seed in range(1 if label == "real" else 2)
    ]
    runs += [shop.done(shop.cell("mle", 0, "text:a_b $c$"), {"bleu-2": 0.5, "mse~^": None}, source=source)]
    return [*runs, shop.failed(shop.cell("bad\\gan", 0, "poems"), "bad\\gan: $x_1 & 50% of <b>it</b> --broke")]


class Written(NamedTuple):
    runs: list[Record]
    tracker: Tracker
    out: Path
    paths: list[Path]
    tables: list[Table]


@pytest.fixture(scope="module")
def written(shared_shop: Any, migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    shutil.copy(migrated_store, folder / "tracked.db")
    runs = small(shared_shop)
    tracker = fill(f"sqlite:///{folder / 'tracked.db'}", runs)
    return Written(runs, tracker, folder / "out", *write_report(tracker, None, folder / "out"))


def test_every_format_of_every_table_and_the_same_bytes_twice(written: Written, store: str, tmp_path: Path) -> None:
    write_report(fill(store, random.Random(1).sample(written.runs, len(written.runs))), "quick", tmp_path / "again")
    names = {path.name for path in written.paths}
    assert {"table2.tex", "table2.md", "table2.csv", "table2-curves.pdf", "table2-curves.png"} <= names
    assert {
        "table2-full.tex",
        "table2-tests.tex",
        "table2-tests-full.tex",
        "table2-notes.tex",
        "table2-curves.svg",
    } <= names
    assert {"table2-curves-column.pdf", "table2-curves-column.svg"} <= names
    assert {"tables.tex", "index.html", "summary.json", "runs.csv", "curves.csv", "report.json"} <= names
    assert sorted(path.name for path in written.out.iterdir()) == sorted(names)
    for path in written.paths:
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_page_is_whole_and_escaped(written: Written) -> None:
    text = (written.out / "index.html").read_text()
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(text)
    tags = [tag for tag, _ in found]
    assert "b" not in tags and "i" not in tags
    assert all("src" not in a for _, a in found)
    assert all("href" not in a or str(a["href"]).startswith("#") for _, a in found)
    assert tags.count("section") == 3, "the matrix and two datasets"
    assert "gan_{x} [a=&lt;i&gt;|é中]" in text
    assert 'class="loud"' in text


def test_csv_of_runs_holds_every_value(written: Written) -> None:
    lines = (written.out / "runs.csv").read_text().splitlines()
    assert len(lines) == 1 + 7 + 2 + 1
    second = next(line for line in lines if line.startswith("poems,mle,1,"))
    assert second.split(",")[4:7] == ["done", "bleu-2", "0.71"]
    assert any(",failed,,,," in line for line in lines)


def test_csv_of_curves_holds_every_point_of_the_figures(written: Written) -> None:
    header, *lines = (written.out / "curves.csv").read_text().splitlines()
    assert header == "dataset,label,seed,metric,x,value,done"
    found = [line.split(",") for line in lines if line.startswith("poems,mle,1,bleu-2,")]
    (record,) = (r for r in written.runs if (r.cell.dataset_label, r.cell.label, r.cell.seed) == ("poems", "mle", 1))
    assert [(int(x), float(value), done) for *_, x, value, done in found] == [
        (point.x, point.scores["bleu-2"], "True") for point in record.curve
    ]


def test_an_earlier_report_is_replaced_and_nothing_else(shop: Any, store: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tracker = fill(store, small(shop)[:2])
    write_report(tracker, None, out)
    (out / "mine.txt").write_text("keep")
    (tmp_path / "precious").write_text("keep")
    listed = json.loads((out / "report.json").read_text())
    (out / "report.json").write_text(json.dumps([*listed, "../precious"]))
    tracker.project(shop.done(shop.cell("mle", 0, "oracle"), {"nll_oracle": 9.0}), "other", Entry(asked=99))
    write_report(tracker, None, out)

    names = {path.name for path in out.iterdir()}
    assert "table1.tex" in names and "mine.txt" in names
    assert not any(name.startswith(("table2", "table-text", ".report")) for name in names)
    assert (tmp_path / "precious").exists()


def test_what_a_killed_report_left_is_removed_by_the_next(
    shop: Any, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    tracker = fill(store, small(shop)[:2])
    write_report(tracker, None, out)
    tracker.project(shop.done(shop.cell("mle", 0, "oracle"), {"nll_oracle": 9.0}), "other", Entry(asked=99))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in ("unlink", "replace"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Path, step, killed)
            write_report(tracker, None, out)
    write_report(tracker, None, out)
    assert {path.name for path in out.iterdir()} == {*json.loads((out / "report.json").read_text()), "report.json"}


def test_a_folder_that_cannot_be_written_is_one_clear_line(written: Written, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot write the report to"):
        write_report(written.tracker, None, tmp_path / "file")
    assert (tmp_path / "file").read_text() == ""


def test_the_summary_fits_a_terminal_and_names_what_is_amiss(written: Written) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_summary(written.tables, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Table 2: Chinese poems (SAMPLE CORPUS)" in printed
    assert "gan_{x} [a=<i>|é中]" in printed
    assert "Failed, bad\\gan" in printed
    assert "failed" in printed


def test_the_command_writes_says_where_and_how_to_look(shop: Any, folder: Path) -> None:
    fill(f"sqlite:///{folder}/mlflow.db", small(shop)[:3])
    result = CliRunner().invoke(bench, ["report", "--out", "there"], catch_exceptions=False)
    assert result.exit_code == 0
    assert (folder / "there" / "quick" / "table2.tex").exists() and (folder / "there" / "index.html").exists()
    assert "open there/quick/index.html" in result.output and "All plans: there/index.html\n" in result.output
    assert "mlflow ui`" in result.output
    assert not (folder / "results").exists()


def test_the_command_with_nothing_tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = CliRunner().invoke(bench, ["report"])
    assert isinstance(result.exception, BenchError)
    assert str(result.exception) == "no runs in sqlite:///mlflow.db: run `bench run` first"
    assert list(tmp_path.iterdir()) == []


def test_how_to_look_names_the_program_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mlflow").touch(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    tracker = Tracker("sqlite:///mlflow.db")
    for path, said in (("", f"`{tmp_path}/mlflow ui`"), (str(tmp_path), "`mlflow ui`")):
        monkeypatch.setenv("PATH", path)
        assert said in how_to_look(tracker, Path("results"), [])


def test_how_to_look_names_the_store_when_it_is_not_mlflows_own() -> None:
    assert "--backend-store-uri sqlite:///other.db" in how_to_look(Tracker("sqlite:///other.db"), Path("results"), [])
    assert "http://host:1" in how_to_look(Tracker("http://host:1"), Path("results"), [])


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex absent: install texlive-latex-recommended")
def test_the_tables_compile(shop: Any, matrix: list[Record], store: str, tmp_path: Path) -> None:
    letters = "".join(map(chr, range(33, 600)))
    odd = [shop.done(shop.cell(letters[i : i + 70], 0, "odd"), {"m_#$%&": 1.0}) for i in range(0, len(letters), 70)]
    out = tmp_path / "out"
    oracle = [record for record in matrix if record.cell.seed < 2]
    told, made = (("files", "texygen"), ("length", 0)), "|refs:10000|split:test|smooth:method1|avg:mean|hyps:9984"
    wide = [shop.done(shop.cell(label, seed, "coco", dataset_settings=told),
                      dict.fromkeys(paper().tables["coco"].published, 0.5 + seed / 100), signature=made)
            for label in paper().order for seed in range(2)]  # fmt: skip
    write_report(fill(store, [*oracle, *small(shop), *odd, *wide]), None, out)
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(words, cwd=out, capture_output=True, text=True, errors="replace", timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    parts = re.split(r"(?=\(\./table)", done.stdout)
    assert not [part for part in parts if "Overfull" in part and not part.startswith("(./table-odd")]
    assert "too large" not in done.stdout
    assert (out / "tables.pdf").stat().st_size > 10_000


def fonts_of(language: str) -> str:
    """Return the fonts on this machine that have the letters of a language."""
    if shutil.which("fc-list") is None:
        return ""
    return subprocess.run(["fc-list", f":lang={language}"], capture_output=True, text=True, check=True).stdout


LETTERS = "北京 Привет ő"


@pytest.mark.latex
@pytest.mark.parametrize(
    ("engine", "shown"),
    [("xelatex", LETTERS), ("lualatex", LETTERS), ("pdflatex", " ".join(f"U+{ord(char):04X}" for char in "北П"))],
)
def test_letters_of_every_script_survive(shop: Any, store: str, tmp_path: Path, engine: str, shown: str) -> None:
    if missing := next((name for name in (engine, "pdftotext") if shutil.which(name) is None), None):
        pytest.skip(f"{missing} absent: install texlive-xetex texlive-luatex poppler-utils")
    if engine != "pdflatex" and "WenQuanYi" not in fonts_of("zh"):
        pytest.skip("no font of Chinese letters: install fonts-wqy-microhei")
    done = [shop.done(shop.cell(LETTERS, seed, f"text:{LETTERS}"), {"m": 1.0 + seed}) for seed in range(2)]
    write_report(fill(store, done), None, tmp_path)
    words = [engine, "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    made = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300)
    assert made.returncode == 0, made.stdout[-2000:]
    assert "Missing character" not in made.stdout
    text = subprocess.run(["pdftotext", "tables.pdf", "-"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert all(word in text.decode() for word in shown.split())

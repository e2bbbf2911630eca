"""Judge samples made elsewhere from Python, as `bench score` does: scores, anchors and tests in one object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.visible import visible
from bench.judging import judge as judging
from bench.judging import samples_file
from bench.judging.judge import Anchor, Judge, Test
from bench.judging.preparing import prepare
from bench.judging.samples import Cleaning, Format, Samples
from bench.judging.verdict import fewer_anchors, remarks, undefined, untested
from bench.plugins import metrics as metric_plugins
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.reading.cells import to_cell
from bench.toolkit.corpora.reading.rows import Rows, split_column

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """The scores, anchors and tests of some samples. A notebook shows them as a table.

    `scores` has a row for each metric: the value of the samples, the values of the anchors "real" and "random-unigram",
    "better" (lower or higher), "bound" (lower or upper, if the value is not exact) and the signature. `tests` has a row
    for each metric and stored run. Its p is from Welch's test over sequences, which compares these samples with one
    run; it does not compare the methods. `sequences` is the number of samples.
    """

    name: str
    dataset: str
    sequences: int
    scores: pd.DataFrame
    tests: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        table = self._table().drop(columns="signature").to_string(na_rep="-", float_format="{:.4f}".format)
        return "\n".join([self._title(), table, *self.scores["signature"], *self.notes])

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        table = self._table().to_html(na_rep="-", float_format="{:.4f}".format)
        notes = "".join(f"<li>{escape(visible(note))}</li>" for note in self.notes)
        return f"<p>{escape(visible(self._title()))}</p>{table}<ul>{notes}</ul>"

    def _table(self) -> pd.DataFrame:
        """Return the scores, with the column "bound" only if a value is a bound."""
        return self.scores if self.scores["bound"].notna().any() else self.scores.drop(columns="bound")

    def _title(self) -> str:
        return f"{self.name} on {self.dataset}, {self.sequences} sequences"


def evaluate(
    samples: str | Path | Iterable[Any],
    dataset: str,
    *,
    name: str = "samples",
    count: int | None = None,
    format: Literal["auto"] | Format = "auto",
    overrides: Mapping[str, Any] | None = None,
    plan: str | None = None,
    runs: str | Path = "runs",
    data: str = "auto",
    corpus: Sequence[str] = (),
    drop_special: bool = False,
    unquote: bool = False,
    pad_id: int | None = None,
    metrics: Sequence[str] = (),
) -> EvaluationResult:
    """Return the scores of samples by every metric of a dataset, beside anchors and tests against stored runs.

    `samples` is a file, as for `bench score`, or a list of texts, of lists of words, or of rows of token ids. Only the
    first `count` samples are judged. The other arguments are the options of `bench score`; `overrides` is its --set:
    {"coco.length": 20}. Nothing is written; `bench score` enters a row in the tables. BenchError says what is wrong.
    """
    sets = tuple(f"{path}={_toml(value)}" for path, value in (overrides or {}).items())
    stored, own = RunsFolder(Path(runs)), [metric_plugins.parse(text) for text in dict.fromkeys(metrics)]
    judge = judging.open_judge(dataset, sets, plan, stored, Corpora.from_environment(data, corpus), own)
    cleaning = Cleaning(drop_special, unquote, pad_id)
    if isinstance(samples, str | Path):
        _require(samples)
        found = samples_file.read(Path(samples), format, judge.opened, judge.strict, count, cleaning)
    else:
        found = _at_hand(samples, format, judge.opened, judge.strict, count, cleaning)
    judged, anchors, rivals, same, tests = judging.weigh(judge, found, stored, plan, name)
    return EvaluationResult(
        name,
        judge.real.dataset_label,
        len(found.sequences),
        _scores(name, judged.scores, anchors),
        _tests(tests),
        (*_notes(judge, found, anchors), *untested(rivals, same, tests)),
    )


def _toml(value: Any) -> str:
    """Return the value as --set takes it."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def _require(samples: str | Path) -> None:
    if not split_column(str(samples))[0].exists():
        raise BenchError(f"no file {samples!s:.80}: give the path of a file, or a list of sequences")


def _at_hand(
    samples: Iterable[Any],
    form: Literal["auto"] | Format,
    opened: Opened,
    strict: str | None,
    count: int | None,
    cleaning: Cleaning,
) -> Samples:
    """Return the caller's sequences, encoded as the dataset's own. A BenchError names the row that is wrong."""
    if form == "midi":
        raise BenchError("format 'midi' is for files: give their path")
    place = "samples, row"
    given: Any = samples
    rows = given.tolist() if hasattr(given, "tolist") else list(given)
    listed = (row.tolist() if hasattr(row, "tolist") else row for row in rows)
    values = [list(row) if isinstance(row, tuple) else row for row in listed]
    cells = [to_cell(value, place, number) for number, value in enumerate(values, 1)]
    if None in cells or not any(cells):
        what = f"row {cells.index(None) + 1} is missing" if None in cells else "there is no sequence"
        raise BenchError(f"samples: {what}; give texts, lists of words or rows of token ids")
    kept = [cell for cell in cells if cell is not None]
    found = Rows(kept, range(1, len(kept) + 1), (), place, "lines")
    return prepare(found, form, opened, Path("samples"), strict, count, cleaning)


def _scores(name: str, mine: judging.Scored, anchors: Sequence[Anchor]) -> pd.DataFrame:
    import pandas as pd

    columns = {name: mine, **{anchor.label: anchor.scores for anchor in anchors}}
    values = {label: {metric: scores[metric].value for metric in mine} for label, scores in columns.items()}
    frame = pd.DataFrame(values, index=pd.Index(list(mine), name="metric"), dtype="float64")
    for fact in ("better", "bound", "signature"):
        frame[fact] = [getattr(score, fact) for score in mine.values()]
    return frame


def _tests(tests: Sequence[Test]) -> pd.DataFrame:
    import pandas as pd

    rows = [test._asdict() | {"difference": test.difference.value} for test in tests]
    intervals = [{"low": test.difference.low, "high": test.difference.high} for test in tests]
    columns = ["label", "seed", "cell", "metric", "value", "difference", "low", "high", "p_sequences"]
    return pd.DataFrame([row | ends for row, ends in zip(rows, intervals, strict=True)], columns=columns)


def _notes(judge: Judge, found: Samples, anchors: Sequence[Anchor]) -> Iterator[str]:
    """Yield what a reader must know about the corpus and the samples, one note at a time."""
    source = judge.opened.data.source
    yield f"corpus: {source.file} ({source.kind})"
    yield from (*judge.opened.data.notes, *found.notes, *fewer_anchors(found, anchors), *undefined(judge, found))
    yield from map(str, remarks(judge, found, anchors))

"""Write tables and runs as CSV for other programs. A missing value is an empty cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.reporting.escape import csv_cell
from bench.reporting.table import Comparison, Row, Table

if TYPE_CHECKING:
    import pandas as pd


def table_csv(table: Table) -> str:
    """Return the table with one line per row and metric, in six significant digits."""
    compared = {(one.label, one.metric): one for one in table.comparisons}
    lines = [
        _line(table, row, column.metric, column.signature, compared.get((row.label, column.metric)))
        for row in table.rows
        for column in table.columns
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]) if lines else ["dataset"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: csv_cell(text) for name, text in line.items()} for line in lines)
    return out.getvalue()


def runs_csv(tables: Sequence[Table]) -> str:
    """Return every value of every run in the tables, with all digits."""
    import pandas as pd

    columns = ["dataset", "label", "seed", "cell", "status", "metric", "value", "signature", "bound"]
    kept = pd.concat([table.runs[columns] for table in tables])
    kept = kept.sort_values(["dataset", "label", "seed"], kind="stable")
    return _guarded(kept).to_csv(index=False, lineterminator="\n")


def curves_csv(curves: Sequence[pd.DataFrame]) -> str:
    """Return the points of the learning curves in the figures, with all digits. `curves` come from figures.shown."""
    import pandas as pd

    columns = ["dataset", "label", "seed", "metric", "x", "value", "done"]
    points = pd.concat(curves) if curves else pd.DataFrame(columns=columns)
    points = points[columns].sort_values(columns[:5], kind="stable")
    return _guarded(points).to_csv(index=False, lineterminator="\n")


def _guarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every text made safe for spreadsheets."""
    return frame.map(lambda cell: csv_cell(cell) if isinstance(cell, str) else cell)


def _line(table: Table, row: Row, metric: str, signature: str, one: Comparison | None) -> dict[str, str]:
    score = row.scores[metric]
    effect, said = (one.difference, one.verdict) if one else (None, None)
    return {
        "dataset": table.dataset,
        "label": row.label,
        "metric": metric,
        "state": score.state,
        "done": str(row.done),
        "failed": str(row.failed),
        "mean": _six(score.mean),
        "half_width": _six(score.half),
        "values": " ".join(map(_six, score.values)),
        "published": score.published or "",
        "reference": (table.reference or "") if one else "",
        "difference": _six(effect.value if effect else None),
        "difference_low": _six(effect.low if effect else None),
        "difference_high": _six(effect.high if effect else None),
        "improvement": _six(one.improvement if one else None),
        "p_sequences": _six(one.p_sequences if one else None),
        "p_published": (one and one.p_published) or "",
        "pairs": str(one.pairs) if one and one.pairs else "",
        "p_t": _six(one.p_t if one else None),
        "p_t_holm": _six(one.holm_t if one else None),
        "p_exact": _six(one.p_exact if one else None),
        "p_exact_holm": _six(one.holm_exact if one else None),
        "verdict": said.word if said and said.p is not None else "",
        "seeds_more": str(said.more) if said and said.more is not None else "",
        "seeds_needed": str(one.needed) if one and one.needed else "",
        "signature": signature,
        "bound": score.bound or "",
        "problems": "; ".join(row.problems),
    }


def _six(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"

"""All tables as data: what summary.json holds, and what the HTML page shows. docs/columns.md documents the names."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench import __version__
from bench.contracts.visible import visible
from bench.reporting import grids, notes
from bench.reporting.table import Column, Comparison, Row, Table

FORMAT = 1
"""Changes if a name changes its meaning or goes; a new name does not change it."""


def summary(tables: Sequence[Table]) -> dict[str, Any]:
    """Return the tables as values that JSON has; null stands for what is missing."""
    plan = str(tables[0].runs["plan"].iloc[0]) if tables else None
    return {
        "format": FORMAT,
        "seqbench": __version__,
        "plan": plan,
        "presets": sorted({str(preset) for table in tables for preset in table.runs["preset"].dropna()}),
        "asked": _asked(tables),
        "tables": [_table(table) for table in tables],
    }


def _asked(tables: Sequence[Table]) -> str | None:
    """Return when a run was asked for last, as in "2026-11-25T14:30:00Z"; None if there is no run."""
    newest = max((int(moment) for table in tables for moment in table.runs["projected"]), default=None)
    return None if newest is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest // 10**9))


def summary_json(tables: Sequence[Table]) -> str:
    """Return the text of summary.json."""
    return visible(json.dumps(summary(tables), indent=1, ensure_ascii=False, allow_nan=False), "\n") + "\n"


def six(value: float | None) -> float | None:
    """Return the value with six significant digits, as in the CSV files."""
    return None if value is None else float(f"{value:.6g}")


def _table(table: Table) -> dict[str, Any]:
    places = {metric: ranking.places for metric, ranking in table.ranks.items()}
    return {
        "dataset": table.dataset,
        "title": table.spec.title,
        "number": table.spec.number or None,
        "made_up_corpus": grids.is_sample(table),
        "reference": table.reference_row.label if table.reference_row else None,
        "metrics": [_metric(column) for column in table.columns],
        "rows": [_row(row, places) for row in table.rows],
        "comparisons": [_comparison(one) for one in table.comparisons],
        "notes": notes.under(table),
    }


def _metric(column: Column) -> dict[str, Any]:
    return {
        "metric": column.metric,
        "name": column.name,
        "better": column.better,
        "decimals": column.decimals,
        "signature": column.signature,
    }


def _row(row: Row, places: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    scores = {
        metric: {
            "state": score.state,
            "mean": six(score.mean),
            "half_width": six(score.half),
            "values": [six(value) for value in score.values],
            "seeds": list(score.seeds),
            "published": score.published,
            "bound": score.bound,
            "beyond_real": score.marked,
            "place": places[metric].get(row.label),
        }
        for metric, score in row.scores.items()
    }
    counts = {"done": row.done, "failed": row.failed, "unfinished": row.unfinished}
    judged = None if row.human == Row.human else row.human  # the default says that none were collected
    human = {"human": judged, "human_published": row.human_published}
    checked = {"problems": list(row.problems)}
    return {"label": row.label, "name": row.name, **counts, **human, **checked, "scores": scores}


def _comparison(one: Comparison) -> dict[str, Any]:
    gap, said = one.difference, one.verdict
    return {
        "metric": one.metric,
        "label": one.label,
        "difference": six(gap.value if gap else None),
        "difference_low": six(gap.low if gap else None),
        "difference_high": six(gap.high if gap else None),
        "improvement": six(one.improvement),
        "p_sequences": six(one.p_sequences),
        "p_published": one.p_published,
        "pairs": one.pairs or None,
        "p_t": six(one.p_t),
        "p_t_holm": six(one.holm_t),
        "p_exact": six(one.p_exact),
        "p_exact_holm": six(one.holm_exact),
        "verdict": said.word if said and said.p is not None else None,
        "seeds_more": said.more if said else None,
        "seeds_needed": one.needed,
    }

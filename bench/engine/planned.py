"""Make a plan without importing the user's plug-ins into this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.engine import probe
from bench.engine.seen import Seen, see
from bench.planning import plan as planning
from bench.planning.plan import Plan
from bench.planning.request import Request

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


def planned(request: Request, corpora: Corpora) -> tuple[Plan, dict[str, Seen]]:
    """Return the plan of a request, and the facts of its datasets by label; BenchError as from `planning.make`.

    `corpora` then knows for which published corpora made-up ones stand in.
    """
    plan, seen = planning.make_apart(request, corpora, probe.apart, see)
    corpora.absent.update(*(one.absent for one in seen.values()))
    return plan, seen

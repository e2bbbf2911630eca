"""Say how many seeds the tests of a table need before any p over seeds can be below .05."""

from __future__ import annotations

from bench.judging.pair_verdict import seeds_to_pass


def floor(seeds: int, rivals: int) -> str:
    """Return one line: whether `seeds` per arm can pass Holm against `rivals` rows, and how many seeds would."""
    apart, shared = (seeds_to_pass([by_seed] * rivals)[0] for by_seed in (False, True))
    rows = "another row" if rivals == 1 else f"{rivals} other rows"
    least = f"{apart} seeds, {shared} if the runs share their starts"
    needed = f"against {rows} an exact p below .05 after Holm needs {least}"
    if apart is not None and seeds < apart:
        return f"{seeds} {_seeds(seeds)}: too few for the tests; {needed}"
    return f"{seeds} seeds: {needed}"


def _seeds(count: int) -> str:
    return "seed" if count == 1 else "seeds"

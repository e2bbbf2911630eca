"""Write the notes under a table: where the data is from, how to read the numbers, what is missing or wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from bench.judging.copies import rewards_copies
from bench.judging.over_seeds import smallest_p
from bench.judging.strange import NOUGHT, REAL_AT_NOUGHT
from bench.planning.cell import REAL
from bench.records.journal import FAILURES
from bench.reporting import grids, marks
from bench.reporting.evidence import on_headline
from bench.reporting.paper import printed_name
from bench.reporting.table import Table, made_elsewhere
from bench.toolkit.metrics import copying, distinct
from bench.toolkit.metrics.nll import OF_MEANS


def under(table: Table) -> list[str]:
    """Return the notes, one per line, in a fixed order that does not depend on when runs were made."""
    return [
        *_sources(table),
        *_reading(table),
        *_made(table),
        *_made_elsewhere(table),
        *table.spec.notes,
        *_judged(table),
        *table.spec.published_notes,
        *_warnings(table),
        *table.left_out,
    ]


def _sources(table: Table) -> Iterator[str]:
    known = table.runs.dropna(subset=["source_file"]).sort_values(["source_file", "source_sha256"])
    for _, run in known.drop_duplicates(["source_file", "source_sha256"]).iterrows():
        if run["source_kind"] == "sample":
            yield (
                "SAMPLE CORPUS: made by the program itself because the published file is absent. "
                "These numbers show that the program runs; they are not comparable with any published ones."
            )
        checksum = f", sha256 {run['source_sha256'][:12]}" if run["source_sha256"] else ""
        yield f"Corpus: {run['source_file']}{checksum}, licence {run['source_licence']}, {run['source_kind']}."
    for note in dict.fromkeys(note for text in sorted(set(table.runs["notes"])) for note in json.loads(text)):
        yield f"{note.rstrip('.')}."


def _reading(table: Table) -> Iterator[str]:
    presets = ", ".join(sorted(set(table.runs["preset"].dropna())))
    seeds = sorted({row.done for row in table.rows if row.done and row.label != REAL})
    counted = " to ".join(map(str, sorted({*seeds[:1], *seeds[-1:]}))) or "no"
    runs = "run" if counted == "1" else "runs"
    few = " Few: an interval or a test over so few seeds is wide." if seeds and seeds[0] < 5 else ""
    yield (
        f"Mean ± half-width of the 95 % interval (Student's t) over seeds; {counted} finished {runs} a row"
        + (f", preset {presets}." if presets else ".")
        + few
    )
    yield from _shared(table)
    if table.spec.source and any(column.published for column in table.columns):
        yield f"Published: {table.spec.source}. {table.spec.human_p}".rstrip()
    if not table.comparisons:
        yield "No tests: the reference arm or its rivals have no finished run."
        return
    yield (
        "p (sequences): Welch's t-test between the sequences of one run of each arm (lowest seed), as in the paper; it "
        "compares two runs, says nothing of the methods, and calls identical methods different far too often."
    )
    yield (
        "p (seeds): the seed is the unit. t: Welch's t-test. Exact: Welch's t permuted over the runs, its p never "
        "below Welch's. In simulated studies without a difference, of 3 to 10 runs an arm, it was below .05 in 7 % at "
        "most, but in up to 15 % where scores were skewed and of unequal spread. "
        f"Holm over the rows that have a p, for each metric by itself. {_smallest(table)}"
        f"Difference: {table.reference} minus the row, with the interval of the t-test. P(better): how often one of "
        "its runs is better than one of the row."
    )
    yield from _paired(table)
    yield (
        f"Verdict: what {table.reference} is beside the row, by the exact p as printed, at .05. Not distinguishable "
        "(+4 seeds) says that with 4 more seeds an arm, a difference of the observed size is found in 80 % of studies, "
        "at .05 over the number of tests."
    )
    yield from _needed(table)
    yield from _variants(table)
    yield from _evidence(table)


def _shared(table: Table) -> Iterator[str]:
    """Yield a line on what seeds share: no interval and no p over seeds covers its variation."""
    oracle = any(column.metric == "nll_oracle" for column in table.columns)
    same = "one training set, one test set and one oracle" if oracle else "one training set and one test set"
    yield (
        f"All seeds share {same}: intervals and p (seeds) speak of initialisation and sampling only, and say nothing "
        f"of other data{' or other oracles' if oracle else ''}."
    )


def _made(table: Table) -> Iterator[str]:
    """Yield lines on numbers that a reader may take for others."""
    means = [column.name for column in table.columns if OF_MEANS in column.signature]
    if means:
        yield (
            f"{', '.join(means)}: the mean over sequences of each sequence's mean over its tokens. Sequences vary in "
            "length, so this is not the mean over all tokens: each sequence weighs the same, however long it is."
        )
    yield from _bounds(table)
    yield from _copied(table)


def _bounds(table: Table) -> Iterator[str]:
    """Yield the rows whose values are bounds: their difference from an exact value means less."""
    for column in table.columns:
        for bound, sign in grids.BOUNDS.items():
            entries = {row.name: row.scores[column.metric] for row in table.rows}
            names = [name for name, entry in entries.items() if entry.bound == bound and entry.mean is not None]
            if names:
                yield f"{sign} {bound} bound of {column.name}, not its value: {', '.join(names)}."


def _copied(table: Table) -> Iterator[str]:
    """Yield the share of each row's samples that copy training rows, if a column has these as references."""
    against = [column.name for column in table.columns if rewards_copies(column.signature)]
    runs = table.runs.drop_duplicates("run_id").dropna(subset=["copied"])
    shares = runs.astype({"copied": float}).groupby("label")["copied"].mean()
    told = [f"{row.name} {shares[row.label]:.1%}" for row in table.rows if row.label in shares]
    if against and told:
        yield (
            f"Samples that are copies of training rows, mean over runs: {', '.join(told)}. A copy scores 1 in "
            f"{', '.join(against)}, for which the references are the training rows (less if it is shorter than the "
            "n-grams)."
        )


def _needed(table: Table) -> Iterator[str]:
    """Yield the seeds without which no test can find a difference, however large."""
    needed = sorted({one.needed for one in table.comparisons if one.needed})
    if needed:
        counts = " or ".join(map(str, needed))
        yield (
            f"Needs {counts} seeds: with fewer finished runs an arm, no exact p can be below .05 after Holm, whatever "
            f"the scores. `bench run` with --seeds {needed[-1]} adds those that are missing."
        )


def _paired(table: Table) -> Iterator[str]:
    """Yield the rows whose tests are paired with the reference by seed."""
    pairs = {one.name: one.pairs for one in table.comparisons if one.pairs}
    if not pairs:
        yield "Unpaired: no row shares the starts of two seeds or more with the reference."
        return
    yield (
        f"Paired by seed, for their runs begin with the same pre-trained generator as those of {table.reference}: "
        f"{'; '.join(sorted(pairs))} ({_numbers(pairs.values())} pairs). There t is the paired t-test, exact is the "
        "sign-flip test over all sign changes, and P(better) is the share of pairs. The other rows are unpaired."
    )


def _evidence(table: Table) -> Iterator[str]:
    """Yield the e-values, which hold if a user adds seeds until a difference shows; no p value does."""
    found = [one for one in on_headline(table) if one.seeds > 1]
    if found:
        told = "; ".join(f"{one.name} {one.evalue:.3g}" for one in found)
        yield (
            f"If seeds are added until a difference shows, no p holds. An e-value does, at every look: {told} "
            f"({table.columns[0].name}, differences seed by seed). At {found[0].wanted:.0f} or more a difference is "
            f"resolved at .05 over all {len(found)} rows."
        )


def _variants(table: Table) -> Iterator[str]:
    """Yield the unpaired rows whose runs begin with the random numbers of the reference's runs (see Cell.seed_for)."""
    own = table.reference_row.trainer if table.reference_row else ""
    trainers = {row.label: row.trainer for row in table.rows}
    alike = sorted({one.name for one in table.comparisons if trainers[one.label] == own and not one.pairs})
    if alike:
        yield (
            f"Of the same baseline as {table.reference}: {'; '.join(alike)}. Runs of equal seed begin with the same "
            "random numbers. The tests take runs for independent, so they find less than there is if the variants "
            "differ little."
        )


def _made_elsewhere(table: Table) -> Iterator[str]:
    """Yield the rows that no trainer of the benchmark made, and the note on human scores."""
    foreign = table.runs[made_elsewhere(table.runs)]
    if len(foreign):
        yield f"Samples made elsewhere, judged by bench score: {', '.join(sorted(set(foreign['label'])))}."
    if table.collected:
        yield table.collected.note()


def _smallest(table: Table) -> str:
    """Return how small the p of the exact tests can be with this many runs."""
    rows = {row.label: row for row in table.rows}
    least: dict[str, float] = {}
    for one in table.comparisons:
        ours, theirs = (table.reference_row or rows[one.label]).arm(one.metric), rows[one.label].arm(one.metric)
        p = smallest_p(ours, theirs)
        of = f"{one.pairs} pairs" if one.pairs else f"{len(ours.scores)} against {len(theirs.scores)} runs"
        if p is not None:
            least[of] = p
    if not least:
        return "With fewer than two runs an arm they are undefined. "
    told = ", ".join(f"{grids.p_value(p)} with {of}" for of, p in sorted(least.items(), key=lambda item: item[1]))
    return f"The smallest exact p before Holm is {told}. "


def _numbers(counts: Collection[int]) -> str:
    return " to ".join(map(str, sorted({min(counts), max(counts)})))


def _judged(table: Table) -> Iterator[str]:
    """Yield the judged checkpoint of each run, if the rule chose one: "MLE: mle epoch 5 of 120 (seed 0)"."""
    runs = table.runs[(table.runs["rule"] != "last") & (table.runs["status"] == "done")].dropna(subset=["judged"])
    runs = runs.drop_duplicates(["label", "seed"]).sort_values("seed")
    for label, rows in runs.groupby("label"):
        seeds: dict[str, list[str]] = {}
        for judged, seed in zip(map(json.loads, rows["judged"]), rows["seed"], strict=True):
            place = f"{judged['phase']} epoch {judged['epoch']} of {judged['epochs']}"
            seeds.setdefault(place, []).append(str(seed))
        places = "; ".join(f"{place} (seed {', '.join(those)})" for place, those in seeds.items())
        yield f"Judged at: {printed_name(str(label))}: {places}."


def _real_at_nought(table: Table) -> Iterator[str]:
    """Yield a line if real text itself scores a BLEU-2 of 0: then the column ranks nothing."""
    values = [row.scores["bleu-2"].mean for row in table.rows if row.label == REAL and "bleu-2" in row.scores]
    if values and values[0] is not None and values[0] < NOUGHT:
        yield f"{REAL_AT_NOUGHT}."


def _beyond(metric: str) -> str:
    """Return what a marked value of a metric means."""
    if metric in copying.LOWER:
        return "above the real row's: the samples copy more of the training rows than held-out data do."
    if metric in copying.HIGHER:
        return "below the real row's: the samples repeat each other more than held-out data do."
    if metric == distinct.NAME:
        return "below half of the real row's: collapsed, the samples repeat few pairs of words."
    if metric == marks.ORACLE:
        return (
            "below the real row's by more than chance: collapsed onto what the oracle finds likely, for the oracle's "
            "own samples do not score so low."
        )
    return "below the real row's: under-dispersed, not better than real data."


def _warnings(table: Table) -> Iterator[str]:
    yield from _real_at_nought(table)
    if "best-oracle" in set(table.runs["rule"]):
        yield "Checkpoint rule best-oracle: it peeks at the score that is reported, as the authors' code did."
    for column in table.columns:
        if any(row.scores[column.metric].marked for row in table.rows):
            yield f"{grids.DAGGER} {column.name} {_beyond(column.metric)}"
    for column in table.columns:
        mine = table.runs[(table.runs["metric"] == column.metric) & (table.runs["status"] == "done")]
        for label, rows in mine.groupby("label"):
            missing = rows[rows["value"].isna()].sort_values("seed")
            if 0 < len(missing) < len(rows):
                seeds = ", ".join(map(str, missing["seed"]))
                yield f"Undefined, and so not in the mean: {column.name} of {label} (seed {seeds})."
    yield from unsound(table)
    for label, seeds, _ in _of_status(table, "interrupted"):
        yield f"Unfinished, {label} (seed {seeds}): no score yet, its curve as far as it ran."
    for status in FAILURES:
        for label, seeds, errors in _of_status(table, status):
            told = "; ".join(dict.fromkeys(error.removeprefix(f"{label}: ") for error in errors))
            yield f"{status.capitalize()}, {label} (seed {seeds}): {told}"


def unsound(table: Table) -> Iterator[str]:
    """Yield a line for each row whose trainer fails a quick check of its contract: its scores may mean nothing."""
    for row in table.rows:
        told = (f"{problem} (seed {', '.join(map(str, seeds))})" for problem, seeds in row.problems.items())
        if row.problems:
            yield f"{grids.UNSOUND} {row.name} fails a quick check of its contract: {'; '.join(told)}."


def _of_status(table: Table, status: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield label, seeds and errors of the runs with this status."""
    found = table.runs[table.runs["status"] == status].sort_values(["label", "seed"])
    for label, rows in found.groupby("label"):
        yield str(label), ", ".join(map(str, rows["seed"])), list(map(str, rows["error"]))

"""A corpus whose lines are cut short or not split at all gets a warning with what to set."""

from bench.toolkit.corpora.coarse import warnings


def test_half_of_the_lines_are_the_limit() -> None:
    assert warnings([10, 30], "text", 20, 100, "word") == (
        "50% of the lines (1 of 2) are longer than 20 tokens and cut: --set text.length=30 leaves 100% of them whole",
    )
    assert warnings([10, 10, 30], "text", 20, 100, "word") == ()


def test_the_proposed_length_leaves_nineteen_of_twenty_whole_and_is_allowed() -> None:
    sizes = [*range(21, 41)]
    assert "--set text.length=39 leaves 95% of them whole" in warnings(sizes, "text", 20, 100, "char")[0]
    assert "--set text.length=30 leaves 50% of them whole" in warnings(sizes, "text", 20, 30, "char")[0]


def test_lines_of_one_token_are_told_only_if_blanks_split() -> None:
    (told,) = warnings([1, 1, 5], "mine", 20, 100, "word")
    assert told.startswith("67% of the lines (2 of 3) are one token") and "--set mine.tokens=char" in told
    assert warnings([1, 1, 5], "mine", 20, 100, "char") == ()

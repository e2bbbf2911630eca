"""The samples on the page are of bounded length, and tunes are told from texts."""

from bench.reporting.page.samples import LONGEST, playing, shortened


def test_a_long_text_ends_after_a_whole_word() -> None:
    text = "word " * 200
    assert shortened("a short one") == "a short one"
    assert len(shortened(text)) <= LONGEST and text.startswith(shortened(text)) and shortened(text).endswith("word")
    assert shortened("字" * 1000) == "字" * LONGEST


def test_characters_that_nobody_sees_are_escapes() -> None:
    assert shortened("a\u202eb\x00") == "a\\u202eb\\u0000"


def test_only_notes_are_played() -> None:
    assert playing({"real": ["C4 D#4 rest"], "mle": ["A0 C8"]}) == {"step": 0.4}
    assert playing({"real": ["C4 D4"], "mle": ["C4 dog"]}) is None and playing({}) is None

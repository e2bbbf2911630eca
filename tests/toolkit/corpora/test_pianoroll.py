import numpy as np

from bench.toolkit.corpora.pianoroll import save_pianoroll


def test_the_same_tunes_are_the_same_picture(tmp_path):
    tunes = np.array([[40, 40, 42, 0], [50, 51, 52, 53]])
    first, second, other = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    save_pianoroll(tunes, first)
    save_pianoroll(tunes, second)
    save_pianoroll(tunes[::-1], other)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")


def test_silence_and_a_thousand_tunes_are_drawn_too(tmp_path):
    save_pianoroll(np.zeros((1, 32), dtype=np.int64), tmp_path / "silence.png")
    save_pianoroll(np.full((1000, 32), 30), tmp_path / "many.png")
    assert (tmp_path / "silence.png").stat().st_size > 0 and (tmp_path / "many.png").stat().st_size > 0

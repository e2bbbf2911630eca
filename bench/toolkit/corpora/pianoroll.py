"""Draw tunes as a picture: time to the right, pitch upwards, a bar for each held note."""

from __future__ import annotations

from pathlib import Path

from bench.contracts.data import TokenArray
from bench.toolkit.corpora.midi import held_notes

MOST = 6  # tunes in one picture


def save_pianoroll(sequences: TokenArray, path: Path) -> None:
    """Write a PNG of the first six of (n, T) sequences of pitches, 0 a rest; the same tunes give the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = sequences[:MOST]
    sounding = shown[shown > 0]
    low, high = (int(sounding.min()), int(sounding.max())) if sounding.size else (1, 88)
    figure = Figure(figsize=(8, 1.2 * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for axes, tune in zip(rows, shown.tolist(), strict=True):
        for start, length, pitch in held_notes(tune):
            axes.broken_barh([(start + 0.05, length - 0.1)], (pitch - 0.5, 1))
        axes.set(xlim=(0, shown.shape[1]), ylim=(low - 1.5, high + 1.5))
        axes.grid(alpha=0.3)
    rows[-1].set_xlabel("step")
    figure.supylabel("pitch (id)")
    figure.savefig(path, dpi=100, metadata={"Software": None})

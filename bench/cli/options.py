"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

runs = click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Folder of the runs: their journals and plans.",
)
tracking_uri = click.option("--tracking-uri", help="MLflow store [default: MLFLOW_TRACKING_URI, else mlflow.db here].")
plan = click.option("--plan", help="Use only the runs of this plan.")
out = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="results",
    show_default=True,
    help="Folder of the tables; each plan has a folder in it.",
)
reference = click.option(
    "--reference",
    metavar="ROW",
    help="Compare this row with each other [default: your own row if there is one, else seqgan, else mle].",
)
data = click.option(
    "--data",
    type=click.Choice(["auto", "published", "sample"]),
    default="auto",
    show_default=True,
    help="auto: published files, else corpora that the code makes, with a warning; published: these are an error.",
)
corpus = click.option(
    "--corpus",
    "corpus",
    multiple=True,
    metavar="NAME=FILE",
    help="Use a local file, or a column of it, as a corpus: obama=speeches.csv#text.",
)
wait = click.option("--wait", is_flag=True, help="Wait for another bench that is at work on the same plan or folder.")
drop_special = click.option(
    "--drop-special", is_flag=True, help="Drop special tokens of other programs; an end token ends its sequence."
)
unquote = click.option("--unquote", is_flag=True, help="Remove quotation marks around a whole line.")
pad_id = click.option(
    "--pad-id", type=int, metavar="N", help="Remove this id from the beginning and end of rows of token ids."
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to train.",
)


metrics = click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="FILE:CLASS",
    help="Judge by your own metric too: file.py:Class, package.module:Class or a name; may be repeated.",
)


def examples(*lines: str) -> str:
    """Return the end of a command's help, with one example per line."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])

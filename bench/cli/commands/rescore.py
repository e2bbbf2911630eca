"""`bench rescore`: judge samples that others published by one protocol, beside what their papers print."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.cli.following import following
from bench.files import write_output
from bench.judging.judge import open_judge
from bench.judging.literature import folders
from bench.judging.rescore import rescore
from bench.records.runs import RunsFolder
from bench.reporting import plane, rescored
from bench.reporting.paper import paper, slug
from bench.toolkit.corpora.fetch import Corpora

LITERATURE = "literature"


@click.command(
    "rescore", epilog=options.examples("bench rescore -d coco", "bench rescore papers -d coco --out results")
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("-d", "--dataset", required=True, help="What the samples imitate: a dataset as in `bench run -d`.")
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Overrule the dataset's knobs.")
@options.out
@options.data
@options.corpus
def command(
    folder: Path | None, dataset: str, overrides: tuple[str, ...], out: Path, data: str, corpus: tuple[str, ...]
) -> None:
    """Judge samples that others published by one protocol.

    FOLDER holds a folder of files for each paper, one sequence a line; default: the folder `literature` of BENCH_DATA.
    A file is called NAME.txt, NAME_TEMPERATURE.txt or NAME_TEMPERATURE_RUN.txt.
    """
    corpora = Corpora.from_environment(data, corpus)
    found = folders(folder or corpora.root / LITERATURE)
    judge = open_judge(dataset, overrides, None, RunsFolder(out), corpora)
    with following("files", sum(len(one.files) for one in found)) as step:
        papers = rescore(judge, found, step)
    name = f"rescore-{slug(judge.real.dataset_label)}"
    pictures = rescored.panels(judge, papers, paper())
    sample = judge.opened.data.source.kind == "sample"
    contents = {
        "csv": rescored.to_csv(judge, papers, paper()).encode(),
        "md": rescored.to_markdown(judge, papers, paper()).encode(),
        **(plane.draw(pictures, paper(), sample=sample) if pictures else {}),
    }
    for kind, content in contents.items():
        write_output(out / f"{name}.{kind}", content)
    click.echo(contents["md"].decode(), nl=False)
    click.echo(f"Written: {', '.join(f'{out / name}.{kind}' for kind in contents)}")

"""Open one dataset by its name, for a script or a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.contracts.data import SequenceData
from bench.planning import dataset_reference
from bench.planning import plan as planning
from bench.planning.cell import Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.planning.request import Request
from bench.toolkit.corpora.fetch import Corpora


def load_dataset(dataset: str, /, *, data: str = "auto", corpus: Sequence[str] = (), **knobs: Any) -> SequenceData:
    """Return the three splits and the vocabulary of a dataset, prepared as for every run.

    `dataset` is as for `bench run -d`: a name, `text:FILE`, `file.py:Object` ... `knobs`, such as seed=1, overrule the
    defaults of the dataset. `data` and `corpus` are the options --data and --corpus. BenchError says what is wrong.
    """
    owner = dataset_reference.parse(dataset).owners[0]
    request = Request(
        baselines=(),
        datasets=(dataset,),
        preset=Preset("defaults", RunSettings(), Evaluation()),
        overrides=tuple((owner, knob, value) for knob, value in knobs.items()),
    )
    (opened,) = planning.make(request, Corpora.from_environment(data, corpus)).datasets.values()
    return opened.data

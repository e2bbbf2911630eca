"""SeqBench compares sequence generators on one oracle and one evaluator, over seeds, with every number signed.

The public names are below: functions for a script or a notebook, and the types that the author of a plug-in needs.
Each is imported when it is first used, so `import bench` itself is light.

The packages, in the order of import; each imports from those above it in this list, never from those below:

contracts   what a plug-in is, what it is given and what it must return
files       write a file whole, read it or say why not (one module)
toolkit     what plug-ins are built from: corpora, metrics, models, training
plugins     from a reference to its class, its source files, their checksum and its opened dataset
planning    from a preset and options to frozen, hashable cells
records     what is kept on disk and in MLflow: journals, checkpoints, plans, runs, the tracker
judging     from sequences to scores: the evaluator, statistics, samples files, human raters, matched temperatures
engine      from cells to records: session, pool, job, driver, progress, speed, conformance
reporting   from records to tables and figures
cli         the command `bench`: parse, call, print
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.contracts.cost import Sizes, Stage
    from bench.contracts.data import SequenceData, Source
    from bench.contracts.dataset import Dataset
    from bench.contracts.errors import BenchError, ContractError
    from bench.contracts.generator import Generator, Scorer
    from bench.contracts.knobs import knob
    from bench.contracts.metric import Generated, Metric, Scores
    from bench.contracts.seeding import numpy_rng, torch_rng
    from bench.contracts.trainer import Phase, Start, Trainer
    from bench.contracts.vocabulary import Vocabulary
    from bench.engine.run import run
    from bench.judging.evaluate import evaluate
    from bench.planning.load_dataset import load_dataset
    from bench.records.results import load_results
    from bench.toolkit.metrics.functional import bleu, self_bleu

__version__ = "0.1.0"
__all__ = [
    "BenchError",
    "ContractError",
    "Dataset",
    "Generated",
    "Generator",
    "Metric",
    "Phase",
    "Scorer",
    "Scores",
    "SequenceData",
    "Sizes",
    "Source",
    "Stage",
    "Start",
    "Trainer",
    "Vocabulary",
    "__version__",
    "bleu",
    "evaluate",
    "knob",
    "load_dataset",
    "load_results",
    "numpy_rng",
    "run",
    "self_bleu",
    "torch_rng",
]

_HOMES = {
    "bench.contracts.cost": ("Sizes", "Stage"),
    "bench.contracts.data": ("SequenceData", "Source"),
    "bench.contracts.dataset": ("Dataset",),
    "bench.contracts.errors": ("BenchError", "ContractError"),
    "bench.contracts.generator": ("Generator", "Scorer"),
    "bench.contracts.knobs": ("knob",),
    "bench.contracts.metric": ("Generated", "Metric", "Scores"),
    "bench.contracts.seeding": ("numpy_rng", "torch_rng"),
    "bench.contracts.trainer": ("Phase", "Start", "Trainer"),
    "bench.contracts.vocabulary": ("Vocabulary",),
    "bench.engine.run": ("run",),
    "bench.judging.evaluate": ("evaluate",),
    "bench.planning.load_dataset": ("load_dataset",),
    "bench.records.results": ("load_results",),
    "bench.toolkit.metrics.functional": ("bleu", "self_bleu"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'bench' has no attribute {name!r}; it has {', '.join(__all__)}")
    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

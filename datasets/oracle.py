"""The synthetic task: sequences from an LSTM whose parameters are N(0, 1) (Yu et al. 2017, section 4 and Table 1)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError, folded
from bench.contracts.knobs import knob
from bench.contracts.seeding import torch_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora import manifest
from bench.toolkit.corpora.fetch import OUR_OWN, Corpora
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.unpickle import float_arrays
from bench.toolkit.metrics.divergence import oracle_metrics

if TYPE_CHECKING:
    from bench.contracts.metric import Metric
    from bench.toolkit.models.lstm import LSTM

WORDS = 5_000


@dataclass(frozen=True)
class OracleSettings:
    """Which oracle, and how much is drawn from it."""

    parameters: Literal["published", "fresh"] = knob("published", help="the authors' oracle, or one from the seed")
    seed: int = knob(0, low=0, help="draws the data, and a fresh oracle's parameters")
    length: int = knob(20, low=2, high=1_000, help="T; the literature has 20 and 40")
    train: int = knob(9_984, low=64, quick=256, help="training sequences; the authors' 10,000 in whole batches of 64")
    valid: int = knob(10_000, low=64, quick=64, help="held-out sequences for best-valid; no row has more of them")
    test: int = knob(10_000, low=64, quick=64, help="held-out sequences for NLL_test")


class Oracle:
    """5,000 words, embedding and hidden size 32; the start token 0 is also an ordinary word."""

    Settings = OracleSettings

    def __init__(self, settings: OracleSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return three independent draws from the oracle."""
        _, source = self._oracle
        import torch

        rules = {**asdict(self.settings), "torch": torch.__version__}
        return prepared(self.corpora, source, rules, self._draw, ("bench.toolkit.corpora", "bench.toolkit.models"))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return NLL_oracle, as in the paper, then NLL_test, KL, the exact divergences, and memorisation."""
        import torch

        from bench.toolkit.metrics.exact import exact_metrics
        from bench.toolkit.metrics.memorisation import memorisation_metrics
        from bench.toolkit.metrics.truth import SampledTruth

        oracle, _ = self._oracle
        truth = SampledTruth(lambda rows: oracle.next_log_prob(torch.from_numpy(rows)), data)
        first = oracle_metrics(lambda rows: oracle.log_prob(torch.from_numpy(rows)).double().numpy(), data)
        return [*first, *exact_metrics(truth), *memorisation_metrics(data)]

    def real(self, data: SequenceData) -> LSTM:
        return self._oracle[0]

    @cached_property
    def _oracle(self) -> tuple[LSTM, Source]:
        """Return the authors' LSTM, or one drawn from the seed: by choice, or because the authors' is absent."""
        entry = manifest.entry(__file__, "oracle")
        wanted = self.settings.parameters == "published"
        corpus = self.corpora.find(entry) if wanted else None
        if corpus is None:
            return self._fresh("sample" if wanted else "generated")
        import torch

        arrays = [torch.from_numpy(array) for array in float_arrays(corpus.contents[0], corpus.source.file)]
        try:
            return self._blank().load_gates(arrays), corpus.source
        except ValueError as error:
            raise BenchError(f"{corpus.source.file} is not the oracle's 15 arrays: {folded(error)}") from None

    def _fresh(self, kind: Literal["generated", "sample"]) -> tuple[LSTM, Source]:
        oracle = self._blank().reset(1.0, torch_rng("oracle parameters", self.settings.seed))
        values = b"".join(parameter.detach().numpy().tobytes() for parameter in oracle.parameters())
        name = f"N(0,1) oracle of seed {self.settings.seed}"
        return oracle, Source(name, manifest.checksum(values), OUR_OWN, kind)

    def _blank(self) -> LSTM:
        from bench.toolkit.models.lstm import LSTM

        return LSTM(WORDS, self.settings.length)

    def _draw(self) -> SequenceData:
        """Draw in double precision: float32 rounds differently from machine to machine, and some tokens differ then."""
        oracle, source = self._oracle
        oracle = copy.deepcopy(oracle).double()
        chosen, rng = self.settings, torch_rng("oracle data", self.settings.seed)
        sizes = (chosen.train, chosen.valid, chosen.test)
        with _one_thread():
            train, valid, test = (oracle.sample(size, rng=rng).numpy() for size in sizes)
        return SequenceData(train, valid, test, Vocabulary(tuple(str(word) for word in range(WORDS))), source)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread: the order of a sum can depend on the number of threads, and the data must not."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

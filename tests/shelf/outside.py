"""A dataset, a metric and trainers in whose texts everything is hostile: see tests/cli/test_text_from_outside.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import ContractError
from bench.contracts.knobs import knob
from bench.contracts.metric import Metric
from bench.contracts.trainer import Phase
from bench.contracts.vocabulary import Vocabulary

from .trainers import Knobs as OwnKnobs
from .trainers import Tiny
from .words import Ones, Words

UNSEEN = "\x1b[31m\x1b]0;t\x07\x9b31m\u202e\u2066\u200b\ufeff\u00ad\u034f\u3164\x00"
MARKUP = "</script><img/src=x>\\input{x}$&%#_{}~^`|*[x]\"'"
TEXT = f"=1+1{UNSEEN}\u2028\x85\r\n{MARKUP}"
LONG = "+" + "w" * 10_000


@dataclass(frozen=True)
class Knobs:
    epochs: int = knob(2, low=0, help=TEXT)
    mood: str = knob(TEXT, help=TEXT)


class Strange(Ones):
    """A metric with a name and a signature that are markup and commands."""

    name = "=ones</script>\\%&|"

    def signature(self) -> str:
        return TEXT


class Data(Words):
    """Words whose tokens, source and notes are hostile."""

    def load(self) -> SequenceData:
        source = Source(TEXT, "0" * 64, TEXT, "generated")
        vocabulary = Vocabulary((f"=1+1{UNSEEN}{MARKUP}", LONG, "@two\x00", "-three"))
        return replace(super().load(), vocabulary=vocabulary, source=source, notes=(TEXT, LONG, "\udcff"))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        return [Strange(), *super().metrics(data)]


class Surrogate(Data):
    """A token of it is half a character."""

    def load(self) -> SequenceData:
        return replace(super().load(), vocabulary=Vocabulary(("a", "b", "c", "\ud800")))


class Trains(Tiny):
    """It prints; the name of a phase is markup."""

    Settings = Knobs  # type: ignore[assignment]

    def __init__(self, data: SequenceData, settings: Any, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, OwnKnobs(epochs=settings.epochs), device, rng)

    def phases(self) -> Sequence[Phase]:
        first, *others = super().phases()
        return [first._replace(name="=mle</script>\\textbf{x}|&%"), *others]

    def mle(self) -> dict[str, Any]:
        print(TEXT)
        return super().mle()


class Fails(Tiny):
    """Its error is hostile."""

    def mle(self) -> dict[str, Any]:
        raise ValueError(f"{TEXT}\ud800\n{LONG}")


class Breaks(Tiny):
    """Its error is hostile, and one that bench words itself."""

    def mle(self) -> dict[str, Any]:
        raise ContractError(f"{TEXT}\ud800\n{LONG}")

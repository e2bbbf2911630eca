"""Pre-training: an LSTM and its maximum likelihood, from a start that arms of one seed share.

All arms of SeqGAN (AAAI 2017) begin with maximum-likelihood training. Here that training depends on the data, its
knobs and the seed only. So it is done once, and differences between arms do not carry the noise of their starts.
"""

from __future__ import annotations

import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Start, Stateful
from bench.toolkit.training.generator import PretrainingKnobs, build_generator
from bench.toolkit.training.likelihood import imitation


class Pretraining:
    """An LSTM, `generator`, and its training by maximum likelihood."""

    def __init__(self, data: SequenceData, knobs: PretrainingKnobs, device: torch.device, rng: torch.Generator) -> None:
        self._knobs = knobs
        self.generator = build_generator(data, knobs, device, rng)
        self._imitation = imitation(self.generator, data, knobs, device, rng)
        self.train = self._imitation.train

    def phase(self, name: str = "mle") -> Phase:
        """Return the phase that trains the generator, with its start unless the arm asks for its own."""
        parts = {"generator": self.generator, **self._imitation.state()}
        start = None if self._knobs.own_start else Start(self._knobs.of_start(), parts, self._begin)
        return self._imitation.phase(name)._replace(start=start)

    def state(self) -> dict[str, Stateful]:
        """Return the state of the training; the trainer itself names the generator."""
        return self._imitation.state()

    def _begin(self, rng: torch.Generator) -> None:
        self.generator.reset(self._knobs.init_std, rng)

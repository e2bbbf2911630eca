"""The trainer contract: phases that the engine drives, one epoch at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from bench.contracts.data import SequenceData
from bench.contracts.generator import Generator

if TYPE_CHECKING:
    import torch


class Stateful(Protocol):
    """What a checkpoint can hold: modules, optimisers, and anything else with these two methods."""

    def state_dict(self) -> dict[str, Any]:
        """Return what changes while training, as tensors, numbers, strings, lists and dicts."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Go back to that state."""
        ...


class Start(NamedTuple):
    """What makes a first phase a pure function of its knobs, the data and the seed, so that arms share its result.

    `begin(rng)` gives the parts fresh parameters, and the epochs that follow draw from the trainer's `rng`. For this
    phase the engine seeds `rng` from data and seed, not from the arm; afterwards it restores the earlier state.
    `parts` are all that the phase changes, under names that do not depend on the arm. `knobs` are all knobs that the
    phase depends on.
    """

    knobs: Mapping[str, Any]
    parts: Mapping[str, Stateful]
    begin: Callable[[torch.Generator], object]


class Phase(NamedTuple):
    """A stretch of training: `step()` is one epoch and returns what to plot, {"loss": 4.2}.

    Learning curves count the epochs of phases that train the generator; a dashed line marks where the last of them
    begins, as in the paper's Figure 2. The phase ends after `epochs`, or earlier as soon as `finished()` is true after
    an epoch. The first phase may have a `start`: arms of one seed whose starts are equal then train it once.
    """

    name: str
    epochs: int
    step: Callable[[], Mapping[str, float]]
    trains_generator: bool = True
    finished: Callable[[], bool] | None = None
    start: Start | None = None


class Trainer(Protocol):
    """One file in baselines/, or in the user's folder.

    `Settings` is a frozen dataclass of knobs. Random numbers come from `rng`, which the engine saves and restores, or
    from the global generators of torch, numpy and random, which the engine seeds from the cell before construction and
    before each epoch. A source of another kind must be part of state(). Data files that the plug-in reads are named in
    its module's DATA_FILES (bench/plugins/data_files.py): they then count as its code. Settings may have a method
    cost(sizes): see bench/contracts/cost.py.
    """

    Settings: ClassVar[type]

    @property
    def generator(self) -> Generator:
        """The model that is trained and judged; a plain attribute is enough."""
        ...

    def __init__(self, data: SequenceData, settings: Any, device: torch.device, rng: torch.Generator) -> None: ...

    def phases(self) -> Sequence[Phase]:
        """Return the phases in order; empty if there is nothing to train."""
        ...

    def state(self) -> Mapping[str, Stateful]:
        """Return everything that changes while training, so that a resumed run ends on the same bits.

        A finished run keeps the part that is the generator, or that is called "generator"; if there is neither, it
        keeps every part but the optimisers. `bench sample` and `bench match` restore the generator from it.
        """
        ...

"""The checks of a start, which arms of one seed share: see `Start` in bench/contracts/trainer.py."""

from __future__ import annotations

from bench.contracts.guards.trainer import checked_phases
from bench.contracts.trainer import Phase, Start, Trainer
from bench.engine.conformance.subject import Subject
from bench.engine.conformance.training import as_read, epoch, frozen, same


def start_is_shared_to_the_bit(subject: Subject) -> None:
    """A first phase with a start depends on no other random numbers and changes nothing but the parts of the start."""
    begun, again = _begun(subject, 0), _begun(subject, 1)
    if begun is None or again is None:
        return
    trainer, start = begun
    parts = as_read(start.parts)
    assert same(parts, as_read(again[1].parts)), (
        "two trainers with other random numbers at construction reach other parts: begin(rng) must set them anew, and "
        "the phase may depend on the data, the knobs of the start and the rng only"
    )
    other, _ = subject.build(0)
    loaded = checked_phases(other.phases())[0].start
    assert loaded is not None, "phases() gives a start to one trainer and none to another of the same class"
    for name, part in loaded.parts.items():
        part.load_state_dict(parts[name])
    assert same(frozen(trainer), frozen(other)), "its first phase changes more than the parts of its start: name all"


def _begun(subject: Subject, seed: int) -> tuple[Trainer, Start] | None:
    """Return a trainer after one epoch of its first phase, and its start; None if there is none to share."""
    trainer, rng = subject.build(seed)
    phases = checked_phases(trainer.phases())
    first: Phase | None = phases[0] if phases else None
    if first is None or first.start is None or not first.epochs:
        return None
    rng.manual_seed(0)
    first.start.begin(rng)
    epoch(first, 0)
    return trainer, first.start

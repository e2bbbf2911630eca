"""Tiny trainers, written as a third party writes them: Tiny, and those that break in their own ways."""

import math
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.counter import Counter


@dataclass(frozen=True)
class Knobs:
    epochs: int = knob(3, low=0, high=10_000, help="of each of the two phases that train the model")
    rate: float = knob(2.0, low=0.0, help="of descent")


class Places(torch.nn.Module):
    """A distribution over the tokens for each place."""

    def __init__(self, length: int, words: int) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(length, words))

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        return torch.multinomial(self.logits.detach().softmax(1), count, replacement=True, generator=rng).T

    def log_prob(self, sequences: Tensor) -> Tensor:
        return self.logits.log_softmax(1)[torch.arange(sequences.shape[1]), sequences].detach()


class Momentum:
    """Gradient descent with momentum; torch.optim takes seconds to import."""

    def __init__(self, parameter: Tensor, rate: float) -> None:
        self.parameter, self.rate, self.steps = parameter, rate, 0
        self.velocity = torch.zeros_like(parameter)

    def step(self, loss: Tensor) -> None:
        (gradient,) = torch.autograd.grad(loss, [self.parameter])
        self.velocity.mul_(0.9).add_(gradient)
        self.steps += 1
        with torch.no_grad():
            self.parameter.sub_(self.rate * self.velocity)

    def state_dict(self) -> dict[str, Any]:
        return {"velocity": self.velocity.clone(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.velocity, self.steps = state["velocity"], state["steps"]


class Tiny:
    """Three phases: the model, something beside it, the model again from its own samples."""

    Settings = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self.settings, self.rng = settings, rng
        self.train = torch.from_numpy(data.train)
        self.generator = Places(data.length, len(data.vocabulary))
        self.momentum = Momentum(self.generator.logits, settings.rate)
        self.seen = Counter()

    def phases(self) -> Sequence[Phase]:
        epochs = self.settings.epochs
        return [
            Phase("mle", epochs, self.mle),
            Phase("critic", 2, self.critic, trains_generator=False),
            Phase("tune", epochs, self.tune),
        ]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, "momentum": self.momentum, "seen": self.seen}

    def step(self, rows: Tensor) -> dict[str, Any]:
        log_p = self.generator.logits.log_softmax(1)[torch.arange(rows.shape[1]), rows]
        loss = -log_p.mean()
        self.momentum.step(loss)
        return {"loss": loss}

    def mle(self) -> dict[str, Any]:
        return self.step(self.train[torch.randint(len(self.train), (16,), generator=self.rng)])

    def critic(self) -> dict[str, Any]:
        self.seen.value += 1
        return {"loss": float(torch.rand((), generator=self.rng))}

    def tune(self) -> dict[str, Any]:
        rows = self.generator.sample(16 + self.seen.value, rng=self.rng)
        return self.step(rows)


class Slow(Tiny):
    """Each epoch takes a while."""

    def mle(self) -> dict[str, Any]:
        time.sleep(0.05)
        return super().mle()


class Waits(Tiny):
    """Each epoch waits for a file beside this one: `go`, which a test makes, or the stop file of `context`.

    After minutes it gives up: the test has failed.
    """

    def mle(self) -> dict[str, Any]:
        until = time.monotonic() + 300
        while not any(Path(__file__).with_name(name).exists() for name in ("go", "stop")):
            if time.monotonic() > until:
                raise TimeoutError("nobody said go")
            time.sleep(0.01)
        return super().mle()


class Halts(Waits):
    """Its first two epochs wait for nothing, the others for a file: it cannot end before a test has seen it train."""

    done = 0

    def mle(self) -> dict[str, Any]:
        self.done += 1
        return super().mle() if self.done > 2 else Tiny.mle(self)


class Replaces(Tiny):
    """A new object replaces the generator at each step."""

    def step(self, rows: Tensor) -> dict[str, Any]:
        former = self.generator
        self.generator = Places(*former.logits.shape)
        self.generator.load_state_dict(former.state_dict())
        self.momentum.parameter = self.generator.logits
        return super().step(rows)


class Spoils(Tiny):
    """The third epoch of the first phase gives its best model; the last phase begins worse, and is best in its second.

    A quality of 1 stands for the token counts of each place, 0 for all tokens alike.
    """

    QUALITY = (0.3, 0.6, 1.0, 0.2, 0.5, 0.4)

    def step(self, rows: Tensor) -> dict[str, Any]:
        counts = torch.nn.functional.one_hot(self.train).sum(0)
        with torch.no_grad():
            self.generator.logits.copy_(self.QUALITY[self.momentum.steps] * counts.log1p())
        self.momentum.steps += 1
        return {"loss": 0.0}


class Stuck(Tiny):
    """An epoch that does not end."""

    def mle(self) -> dict[str, Any]:
        time.sleep(600)
        return super().mle()


class Raises(Tiny):
    """An epoch of its last phase fails."""

    def tune(self) -> dict[str, Any]:
        raise RuntimeError("the critic\nhas left")


class Exits(Tiny):
    """It tries to end the process."""

    def mle(self) -> dict[str, Any]:
        raise SystemExit(0)


class Diverges(Tiny):
    """Its loss becomes NaN in the end."""

    def tune(self) -> dict[str, Any]:
        loss = super().tune()
        return loss if self.momentum.steps < 5 else {"loss": math.nan}


class Fours(Places):
    """It draws a word that does not exist."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        return torch.full((count, len(self.logits)), 4)


class Outside(Tiny):
    """Its generator has a word too many."""

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        self.generator = Fours(data.length, len(data.vocabulary))


class Dies(Tiny):
    """Its process is killed in the middle of training."""

    def critic(self) -> dict[str, Any]:
        os.kill(os.getpid(), 9)
        return super().critic()


class Vanishes(Tiny):
    """Its process ends without an error."""

    def critic(self) -> dict[str, Any]:
        os._exit(0)


class Lingers(Tiny):
    """A thread that does not end and keeps its process from ending."""

    def critic(self) -> dict[str, Any]:
        threading.Thread(target=time.sleep, args=(600,)).start()
        return super().critic()


class Marks(Tiny):
    """Refuses to work where it has worked before."""

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        assert not hasattr(torch, "mark") and "MARK" not in os.environ
        vars(torch)["mark"] = os.environ["MARK"] = "was here"
        super().__init__(data, settings, device, rng)


class Sorter(Tiny):
    """It writes into the data that it is given."""

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        data.train.sort(axis=1)


class Unspeakable(Exception):
    """It cannot be printed: str() and repr() end the program."""

    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__


class RaisesUnspeakable(Tiny):
    """Its error cannot be printed."""

    def mle(self) -> dict[str, Any]:
        raise Unspeakable


class RaisesSurrogate(Tiny):
    """Its error holds what UTF-8 cannot."""

    def mle(self) -> dict[str, Any]:
        raise ValueError("byte \udcff of a name")


class LeavesNoDescriptors(Tiny):
    """It fails with all descriptors of its process taken, so that nothing can be opened."""

    def mle(self) -> dict[str, Any]:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        raise ValueError("nothing can be opened")


class RemovesItsFolder(Tiny):
    """It removes the folders of all cells, its own too, and fails."""

    def mle(self) -> dict[str, Any]:
        import shutil

        for folder in Path(__file__).parent.glob("runs/*"):
            shutil.rmtree(folder)
        raise ValueError("the folder is gone")


class Greedy(Places):
    """It draws only the most likely tokens, and log_prob does not say so."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        top = self.logits.detach().topk(3, dim=1)
        drawn = torch.multinomial(top.values.softmax(1), count, replacement=True, generator=rng)
        return top.indices.gather(1, drawn).T


class TopK(Tiny):
    """Samples are cut to the most likely tokens, log_prob is not."""

    def __init__(self, data: Any, settings: Any, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        self.generator = Greedy(*self.generator.logits.shape)
        self.momentum.parameter = self.generator.logits


class Unlike(Places):
    """It gives every token's probability, but of another distribution."""

    def next_log_prob(self, sequences: Tensor) -> Tensor:
        return torch.zeros(*sequences.shape, self.logits.shape[1]).log_softmax(2)


class TellsOther(Tiny):
    """next_log_prob and log_prob differ."""

    def __init__(self, data: Any, settings: Any, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        self.generator = Unlike(*self.generator.logits.shape)
        self.momentum.parameter = self.generator.logits


class SeedsAnew(Tiny):
    """Each draw begins with the same random numbers."""

    def __init__(self, data: Any, settings: Any, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        draw, seed = self.generator.sample, rng.initial_seed()
        self.generator.sample = lambda count, *, rng, temperature=1.0: draw(  # type: ignore[method-assign]
            count, rng=torch.Generator().manual_seed(seed), temperature=temperature
        )

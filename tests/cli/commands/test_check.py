"""`bench check`: a sentence for each way to break the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.engine.conformance.trainers import CHECKS
from bench.plugins import loading as plugins


@pytest.fixture
def check() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(bench, ["check", *arguments])


def edit(reference: str, before: str, after: str) -> None:
    path = Path(reference.rpartition(":")[0])
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_sound_trainer_conforms(check: Any, trainers: Any) -> None:
    result = check(trainers("Tiny"))
    assert result.exit_code == 0 and result.output.endswith("trainers.py:Tiny: conforms\n")
    assert result.output.count("ok   ") == 2 * len(CHECKS) and "FAIL" not in result.output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sequences].detach()", "sequences].detach().bfloat16()"),
        ("sequences].detach()", "sequences].detach().half()"),
        ('{"loss": loss}', '{"loss": loss.bfloat16()}'),
        ("replacement=True, generator=rng).T", "replacement=True).T"),
        ("torch.zeros(length, words)", "torch.randn(length, words) + __import__('numpy').random.rand()"),
        ('{"generator": self.generator, ', '{"net": self.generator, '),
        ("self.seen.value += 1", "self.seen.value += __import__('random').randrange(3)"),
    ],
)
def test_half_precision_and_global_chance_conform(check: Any, trainers: Any, before: str, after: str) -> None:
    edit(trainers("Tiny"), before, after)
    result = check(trainers("Tiny"))
    assert result.exit_code == 0, result.output


def test_a_sound_dataset_conforms(check: Any, words: str) -> None:
    result = check(words, "--kind", "dataset", "--data", "sample")
    assert result.exit_code == 0 and result.output.endswith("words.py:Words: conforms\n")


BROKEN_TRAINERS = [
    ("@dataclass(frozen=True)", "@dataclass", "settings are frozen", "make Settings a @dataclass(frozen=True)"),
    (
        "replacement=True, generator=rng).T",
        "replacement=True, generator=rng).T + 1",
        "samples are token ids",
        "outside",
    ),
    (
        "replacement=True, generator=rng).T",
        "replacement=True, generator=rng)",
        "samples are token ids",
        "shape (6, 50)",
    ),
    (
        "self.seen = Counter()",
        "self.seen = Counter(); self.train.copy_(self.train.flip(1))",
        "data stay as they are",
        "it writes into data.train: copy what you change",
    ),
    ("generator=rng).T", "generator=rng).T.float()", "samples are token ids", "float32, not integer token ids"),
    (
        ", *, rng: torch.Generator, temperature: float = 1.0)",
        ", *, rng: torch.Generator)",
        "samples are token ids",
        "unexpected keyword argument 'temperature'",
    ),
    (
        "replacement=True, generator=rng).T",
        "replacement=True, generator=torch.Generator().manual_seed(int.from_bytes(os.urandom(7)))).T",
        "samples depend only on the seed",
        "two runs of one seed differ in the generator's state: the source is one that the engine does not seed (np.ran",
    ),
    (
        "torch.zeros(length, words)",
        "torch.as_tensor(__import__('numpy').random.default_rng().normal(size=(length, words)))",
        "samples depend only on the seed",
        "two runs of one seed differ in the generator's state: the source is one that the engine does not seed",
    ),
    (
        "self.seen = Counter()",
        "self.seen = Counter(); self.generator.logits.data[0, 0] = int(time.time()) % 999_983 / 9e5",
        "samples depend only on the seed",
        "two runs of one seed differ in the generator's state: the source is one that the engine does not seed",
    ),
    (
        "(16,), generator=self.rng)",
        "(16,), generator=vars(self).setdefault('own', torch.Generator().manual_seed(3)))",
        "state resumes to the bit",
        "state() lacks something that changes while training (a generator of random numbers? train or eval mode?)",
    ),
    (
        "self.seen = Counter()",
        "self.seen = Counter(); draw = self.generator.sample\n"
        "        self.generator.sample = lambda count, rng, temperature=1.0: draw(count, rng=self.rng)",
        "judging leaves training alone",
        "training goes on differently after the generator was judged: sample() draws from the rng that it is given",
    ),
    (
        "sequences].detach()",
        "sequences].detach().bfloat16() * 1.1",
        "log prob is a probability",
        "sum to",
    ),
    (
        "torch.multinomial(self.logits.detach().softmax(1), count, replacement=True, generator=rng).T",
        "torch.ones(count, len(self.logits), dtype=int)",
        "samples depend only on the seed",
        "seed 0 and seed 1 give the same samples",
    ),
    (
        "log_softmax(1)[torch.arange(seq",
        "sigmoid().log()[torch.arange(seq",
        "log prob is a probability",
        "sum to 6.0000",
    ),
    (
        "sequences].detach()",
        "sequences].detach() * (torch.arange(sequences.shape[1]) == 0)",
        "log prob is a probability",
        "the probabilities of token 2 (untrained) sum to",
    ),
    (
        "self.steps += 1",
        "self.steps += 1; self.rate *= 0.5",
        "state resumes to the bit",
        "a resumed run differs in",
    ),
    ('Phase("critic"', 'Phase(""', "phases are a schedule", "a phase is called '': give it a name with a letter in it"),
    ('{"loss": loss}', '{".": loss}', "phases are a schedule", "step() of mle calls a number '.': give it a name"),
    (
        '"steps": self.steps}',
        '"steps": self.velocity.numpy()}',
        "state resumes to the bit",
        "state() part 'momentum': 'steps' is a numpy.ndarray; a checkpoint holds tensors, numbers, text, lists, dicts",
    ),
    ('"tune"', '"mle"', "phases are a schedule", "two phases have the same name"),
    ('Phase("critic", 2,', 'Phase("critic", 2.0,', "phases are a schedule", "phase critic: epochs = 2.0"),
    ('{"loss": loss}', '{"loss": math.nan}', "phases are a schedule", "training diverged: loss is nan in mle epoch 1"),
    (', "seen": self.seen', "", "state resumes to the bit", "state() lacks something that changes"),
    (', "momentum": self.momentum', "", "state resumes to the bit", "state() lacks something that changes"),
]


@pytest.mark.parametrize(("before", "after", "title", "sentence"), BROKEN_TRAINERS)
def test_a_broken_trainer_is_told_what_to_mend(
    check: Any, trainers: Any, before: str, after: str, title: str, sentence: str
) -> None:
    edit(trainers("Tiny"), before, after)
    result = check(trainers("Tiny"), "--set", "epochs=2")
    assert result.exit_code == 1 and result.output.endswith("Tiny: does not conform\n")
    failures = [line for line in result.output.splitlines() if line.startswith(f"FAIL {title}")]
    assert failures and all(sentence in line for line in failures), result.output


BROKEN_DATASETS = [
    ("rows[tenth : 2 * tenth]", "rows[:tenth]", "the splits share sequences"),
    ("rows[tenth : 2 * tenth]", "rows[tenth : 2 * tenth] + 1", "test has ids outside the vocabulary"),
    ("rows[:tenth],", "rows[:tenth].astype('int32'),", "valid must be a 2-d int64 array, not int32"),
    ("rows[:tenth],", "rows[:tenth, 1:],", "valid has rows of 4, train of 5"),
    ("vocabulary, source)", "vocabulary, 'x')", "the source is 'x', not a Source"),
    ("self.settings = settings", "self.settings = settings.row", "AttributeError"),
    ("return [Ones(), NLLTest(data)]", "return []", "metrics(data) is empty"),
    ("return [Ones(), NLLTest(data)]", "return [NLLTest(data), Ones()]", "the headline is undefined on real data"),
    ("shares.mean()", "shares.mean() * np.nan", "ones is NaN"),
    ("return Scores(", "data.train.sort(axis=1); return Scores(", "a metric wrote into the data it was given"),
    ("return Scores(", "generated.sequences[0] = 0; return Scores(", "ones wrote into the sequences it was given"),
    ("return Scores(", "raise ValueError('two\\nlines')\n        return Scores(", "ValueError: two lines"),
    ("return Replay(data.valid)", "return Replay(data.valid + 1)", "outside the vocabulary"),
]


@pytest.mark.parametrize(("before", "after", "sentence"), BROKEN_DATASETS)
def test_a_broken_dataset_is_told_what_to_mend(check: Any, words: str, before: str, after: str, sentence: str) -> None:
    edit(words, before, after)
    result = check(words, "--kind", "dataset")
    assert result.exit_code == 1 and result.output.endswith("Words: does not conform\n")
    assert "FAIL splits, metrics and real samples: " in result.output and sentence in result.output


def test_to_exit_is_no_way_to_conform(check: Any, trainers: Any) -> None:
    result = check(trainers("Exits"))
    assert result.exit_code == 1 and result.output.endswith("Exits: does not conform\n")
    assert "FAIL phases are a schedule (fixed length): SystemExit: 0" in result.output


def test_a_dataset_is_known_by_its_methods(check: Any, words: str) -> None:
    assert check(words).output == check(words, "--kind", "dataset").output


def test_a_third_partys_knobs_are_checked_at_their_quick_values(check: Any, trainers: Any) -> None:
    """At 10,000 epochs the checks would take minutes, and layers=0 would fail."""
    knobs = "    layers: int = knob(0, quick=3, help='')\n"
    edit(trainers("Tiny"), "    rate: float = knob(", f"{knobs}    rate: float = knob(")
    edit(trainers("Tiny"), "epochs: int = knob(3, low=0", "epochs: int = knob(10_000, quick=2, low=0")
    edit(trainers("Tiny"), "self.seen = Counter()", "self.seen = Counter(); assert settings.layers == 3")
    edit(trainers("Tiny"), "        return [\n", "        assert epochs in (2, 5)\n        return [\n")
    assert check(trainers("Tiny")).exit_code == check(trainers("Tiny"), "--set", "epochs=5").exit_code == 0
    result = check(trainers("Tiny"), "--set", "layers=1")
    assert result.exit_code == 1 and "AssertionError" in result.output


def test_a_quick_value_that_the_class_refuses_is_told(check: Any, trainers: Any) -> None:
    edit(trainers("Tiny"), "knob(2.0, low=0.0,", "knob(2.0, low=0.0, quick=-1.0,")
    with pytest.raises(BenchError, match=r"Tiny\.rate = -1\.0: the least allowed is 0\.0"):
        raise check(trainers("Tiny")).exception


COSTS = [
    ('Stage("teacher-forcing", self.epochs * sizes.train)', ""),
    (
        'Stage("training", 1)',
        "Stage(work='training', sequences=1, shared=''); give a Stage(work, sequences), where the work is one",
    ),
    ('Stage("sample", float("nan"))', "cost() of Tiny: sample of nan sequences; give a number from 0 on"),
    ("1.0", "cost() of Tiny gives 1.0; give a Stage"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(("stage", "sentence"), COSTS)
def test_a_stated_cost_is_checked(check: Any, trainers: Any, stage: str, sentence: str) -> None:
    edit(trainers("Tiny"), "import torch\n", "import torch\nfrom bench.contracts.cost import Stage\n")
    cost = f"    def cost(self, sizes): return [{stage}]\n\n\n"
    edit(trainers("Tiny"), 'help="of descent")\n', f'help="of descent")\n\n{cost}')
    result = check(trainers("Tiny"), "--set", "epochs=2")
    failures = [line for line in result.output.splitlines() if line.startswith("FAIL")]
    assert result.exit_code == bool(sentence) and len(failures) == 2 * bool(sentence)
    assert all(line.startswith("FAIL cost is made of stages (") and sentence in line for line in failures)


@pytest.mark.parametrize(
    ("knob", "message"),
    [
        ("sizes: list = field(default_factory=list)", "sizes is a list"),
        ("where: Path = Path()", "where is a PosixPath"),
        ("many: int", "many has no def"),
    ],
)
def test_settings_that_no_cell_can_keep_do_not_conform(
    check: Any, trainers: Any, words: str, knob: str, message: str
) -> None:
    for reference, first in ((trainers("Tiny"), "    epochs: int"), (words, "    rows: int")):
        edit(reference, first, f"    {knob}\n{first}")
        edit(reference, "from dataclasses", "from pathlib import Path\nfrom dataclasses import field\nfrom dataclasses")
        error = check(reference).exception
        assert isinstance(error, BenchError) and message in str(error)


def test_a_corpus_that_is_not_there_is_no_fault_of_the_dataset(check: Any, tmp_path: Path) -> None:
    for corpus in (f"poems={tmp_path}/none.txt", f"oracle={tmp_path}/none"):
        result = check(corpus.partition("=")[0], "--corpus", corpus)
        assert isinstance(result.exception, BenchError) and "none" in str(result.exception) and not result.output


def test_what_is_no_plug_in_at_all(check: Any, trainers: Any) -> None:
    for arguments, message in (
        ((trainers("Places"),), "lacks Settings"),
        ((trainers("Tinny"),), "did you mean 'Tiny'"),
        ((trainers("Tiny"), "--kind", "dataset"), "lacks load(), metrics(), real()"),
        ((trainers("Tiny"), "--set", "epoch=2"), "did you mean 'epochs'"),
        (("seqgna",), "did you mean 'seqgan'"),
    ):
        error = check(*arguments).exception
        assert isinstance(error, BenchError) and message in str(error)


def test_checks_leave_global_chance_as_they_found_it(check: Any, trainers: Any) -> None:
    import numpy as np
    import torch

    torch.manual_seed(5)
    np.random.seed(5)
    check(trainers("Tiny"))
    here = torch.rand(1), np.random.rand()
    torch.manual_seed(5)
    np.random.seed(5)
    assert here == (torch.rand(1), np.random.rand())


def test_names_are_known_by_their_shelf(check: Any) -> None:
    assert check("random-uniform").exit_code == 0
    assert "text" in plugins.names("bench.datasets")

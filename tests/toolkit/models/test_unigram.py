import torch
from scipy.stats import chisquare

from bench.toolkit.models.unigram import Unigram


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_samples_follow_the_probabilities_at_a_temperature() -> None:
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05, 0.0])
    for temperature in (1.0, 0.5):
        expected = probabilities.double() ** (1 / temperature)
        drawn = Unigram(probabilities, 20).sample(2000, rng=seeded(0), temperature=temperature)
        counts = drawn.flatten().bincount(minlength=5).double()
        assert drawn.shape == (2000, 20) and counts[4] == 0
        assert chisquare(counts[:4], 40_000 * (expected / expected.sum())[:4]).pvalue > 1e-3


def test_log_prob_of_every_sequence_sums_to_one() -> None:
    for end in (None, 0):
        model = Unigram(torch.tensor([0.2, 0.5, 0.3]), 4, end=end)
        sequences = torch.cartesian_prod(*[torch.arange(3)] * 4)
        if end is not None:  # one row for each sequence: what follows the end is the end
            ended = (sequences == end).cumsum(1) > 0
            sequences = sequences.where(~ended, end).unique(dim=0)
        assert torch.isclose(model.log_prob(sequences).sum(1).exp().sum(), torch.tensor(1.0))


def test_rows_close_with_their_first_end() -> None:
    drawn = Unigram(torch.tensor([0.3, 0.7]), 8, end=0).sample(300, rng=seeded(1))
    for row in drawn.tolist():
        assert 0 not in row or set(row[row.index(0) :]) == {0}
    assert (drawn[:, 0] == 0).float().mean().sub(0.3).abs() < 0.1

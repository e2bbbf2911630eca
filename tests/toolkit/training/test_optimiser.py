import torch
from torch import nn

from bench.toolkit.training.optimiser import adam, descend, minibatches


def test_minibatches_hold_every_row_once_in_the_generators_order() -> None:
    rows = list(minibatches(10, 4, torch.Generator().manual_seed(3), torch.device("cpu")))
    assert [len(part) for part in rows] == [4, 4, 2]
    assert torch.equal(torch.cat(rows), torch.randperm(10, generator=torch.Generator().manual_seed(3)))


def test_descend_clips_the_global_norm() -> None:
    model = nn.Linear(3, 2)
    plain = torch.optim.SGD(model.parameters(), lr=1.0)
    before = torch.cat([p.detach().clone().flatten() for p in model.parameters()])
    descend(1000 * model(torch.ones(1, 3)).sum(), plain, clip=0.5)
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.isclose((after - before).norm(), torch.tensor(0.5), atol=1e-4)


def test_adam_leaves_out_what_is_not_trained() -> None:
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    assert [p.shape for p in adam(model, 0.1).param_groups[0]["params"]] == [model.weight.shape]

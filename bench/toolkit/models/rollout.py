"""Monte Carlo rollouts: the value of each token of a sequence, for the policy gradient (Yu et al. 2017, equation 4)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench.toolkit.models.lstm import LSTM


@torch.no_grad()
def rollout_rewards(
    policy: LSTM, sequences: Tensor, reward: Callable[[Tensor], Tensor], *, rollouts: int, rng: torch.Generator
) -> Tensor:
    """Return (n, T) value of each token of `sequences` (n, T).

    For t < T it is the mean of `reward` over `rollouts` completions of the first t tokens by the policy; at T it is the
    reward of the sequence itself. `reward` maps (m, T) sequences to (m,).
    """
    completed = complete(policy, sequences, rollouts=rollouts, rng=rng)
    values = reward(completed.flatten(0, 2)).view(completed.shape[:3]).mean(2)
    return torch.cat([values, reward(sequences)[None]]).T.contiguous()


@torch.no_grad()
def complete(policy: LSTM, sequences: Tensor, *, rollouts: int, rng: torch.Generator) -> Tensor:
    """Return (T-1, n, rollouts, T) sequences: row t keeps the first t + 1 tokens and draws the rest from the policy.

    All prefixes run as one batch: at each position the next prefix joins the batch, with a state that is computed once,
    and each prefix in the batch draws one token.
    """
    count, length = sequences.shape
    rows = count * rollouts
    completed = sequences.repeat_interleave(rollouts, 0).repeat(length - 1, 1, 1)
    hidden, memory = (completed.new_zeros(length - 1, rows, policy.cell.hidden_size, dtype=torch.float32) for _ in "hc")
    next_token, prefix = policy.next_token(), policy.first_state(count)
    prefix = policy.step(torch.full_like(sequences[:, 0], policy.start), prefix)
    for position in range(1, length):
        active = slice(0, position)
        hidden[position - 1] = prefix[0].repeat_interleave(rollouts, 0)
        memory[position - 1] = prefix[1].repeat_interleave(rollouts, 0)
        last = completed[active, :, position - 1].flatten()
        state = policy.step(last, (hidden[active].flatten(0, 1), memory[active].flatten(0, 1)))
        hidden[active], memory[active] = (part.view(position, rows, -1) for part in state)
        uniforms = torch.rand(len(last), generator=rng, device=rng.device).to(sequences.device)
        drawn = next_token(state[0], uniforms)
        if policy.end is not None:
            drawn = drawn.masked_fill(last == policy.end, policy.end)
        completed[active, :, position] = drawn.view(position, rows)
        prefix = policy.step(sequences[:, position - 1], prefix)
    return completed.view(length - 1, count, rollouts, length)

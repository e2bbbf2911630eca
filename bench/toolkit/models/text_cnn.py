"""The convolutional discriminator (Kim 2014; Yu et al. 2017, section 3.2), with the authors' sizes and start."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

KERNELS = {1: 100, 2: 200, 3: 200, 4: 200, 5: 200, 6: 100, 7: 100, 8: 100, 9: 100, 10: 100, 15: 160, 20: 160}
"""Width in tokens -> number of filters."""
KERNELS_32 = {**{width: count for width, count in KERNELS.items() if width <= 10}, 16: 160, 24: 160, 32: 160}
"""The same for sequences of 32."""
_JUDGED_ON_CPU = 512
"""Sequences judged at once on a CPU, so that the values between the layers stay in the cache."""
_JUDGED_ELSEWHERE = 4096
"""Sequences judged at once on a GPU, so that they fill the device."""
_LARGEST_TABLE = 2**26
"""Numbers in the largest table of `_pool_by_table`; the official sizes need 16 million."""


class TextCNN(nn.Module):
    """Tells real sequences (class 1) from generated ones (class 0).

    Embedding, convolutions of several widths with ReLU and the maximum over time, one highway layer, dropout, output.
    Kernels wider than `length` are left out; `filters` scales their numbers, for smaller models than the paper's.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        embedding: int = 64,
        filters: float = 1.0,
        dropout_keep: float = 0.75,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        table = KERNELS_32 if length == 32 else KERNELS
        self.kernels = {width: max(1, round(filters * count)) for width, count in table.items() if width <= length}
        self.dropout_keep = dropout_keep
        features = sum(self.kernels.values())
        empty = partial(torch.empty, device=device)
        self.embedding = nn.Embedding(vocabulary, embedding, device=device)
        self.convolutions = nn.ParameterList([empty(count, width * embedding) for width, count in self.kernels.items()])
        self.convolution_bias = nn.Parameter(empty(features))
        self.highway = nn.Parameter(empty(features, 2 * features))  # the transform's columns, then the gate's
        self.highway_bias = nn.Parameter(empty(2 * features))
        self.output = nn.Linear(features, 2, device=device)

    def reset(self, rng: torch.Generator) -> Self:
        """Draw the starting values.

        As in the authors' code: embedding U(-1, 1); convolutions and output N(0, .1) cut off at two standard deviations
        with biases .1; highway uniform after Glorot. Its biases start at 0.
        """
        draw = partial(_fill, rng=rng)
        features = self.output.in_features
        draw(self.embedding.weight, lambda fresh: fresh.uniform_(-1, 1, generator=rng))
        for weight in (*self.convolutions, self.output.weight):
            draw(weight, lambda fresh: nn.init.trunc_normal_(fresh, 0, 0.1, -0.2, 0.2, generator=rng))
        glorot = math.sqrt(6 / (2 * features))
        draw(self.highway, lambda fresh: fresh.uniform_(-glorot, glorot, generator=rng))
        for bias, value in ((self.convolution_bias, 0.1), (self.highway_bias, 0.0), (self.output.bias, 0.1)):
            nn.init.constant_(bias, value)
        return self

    def forward(self, tokens: Tensor, *, rng: torch.Generator | None = None) -> Tensor:
        """Return (n, 2) logits of `tokens` (n, T); in training mode dropout needs `rng`, and draws from it."""
        features = self._highway(self._pool(tokens))
        if self.training and self.dropout_keep < 1:
            if rng is None:
                raise ValueError("dropout needs rng: pass it, or call eval() first")
            kept = torch.rand(features.shape, generator=rng, device=rng.device).to(features.device) < self.dropout_keep
            features = features * kept / self.dropout_keep
        logits: Tensor = self.output(features)
        return logits

    def _highway(self, pooled: Tensor) -> Tensor:
        """Apply the highway layer (Srivastava et al. 2015) after bias and ReLU, which commute with the maximum."""
        features = torch.relu(pooled + self.convolution_bias)
        transform, gate = torch.addmm(self.highway_bias, features, self.highway).chunk(2, 1)
        return torch.lerp(features, torch.relu(transform), torch.sigmoid(gate))

    @torch.no_grad()
    def real_probability(self, tokens: Tensor) -> Tensor:
        """Return (n,) probability that each of `tokens` (n, T) is real, without dropout and without gradient."""
        on_cpu = tokens.device.type == "cpu"
        size = _JUDGED_ON_CPU if on_cpu else _JUDGED_ELSEWHERE
        if on_cpu and self._tables_pay(tokens):
            pooled = torch.split(self._pool_by_table(tokens), size)
        else:
            pooled = tuple(self._pool(part) for part in torch.split(tokens, size))
        logits = torch.cat([self.output(self._highway(part)) for part in pooled])
        return torch.softmax(logits, 1)[:, 1]

    def _tables_pay(self, tokens: Tensor) -> bool:
        """Return whether tables save time: the tokens are more than twice the words, and the largest table is small."""
        words = self.embedding.num_embeddings
        largest = words * max(width * count for width, count in self.kernels.items())
        return tokens.numel() > 2 * words and largest <= _LARGEST_TABLE

    def _pool(self, tokens: Tensor) -> Tensor:
        """Return (n, features) maxima over time, without bias and ReLU."""
        pooled: Tensor = MaxConvolution.apply(self.embedding(tokens), *self.convolutions)  # type: ignore[no-untyped-call]
        return pooled

    def _pool_by_table(self, tokens: Tensor) -> Tensor:
        """Return the same for many tokens: at the official sizes in a quarter of the time on a CPU.

        A convolution's value is a sum over its taps. Each term depends on one token, so it is looked up in a table.
        """
        pooled = tokens.new_empty(len(tokens), len(self.convolution_bias), dtype=torch.float32)
        first = 0
        for width, weight in zip(self.kernels, self.convolutions, strict=True):
            taps = weight.view(len(weight), width, -1).permute(2, 1, 0).flatten(1)
            table = (self.embedding.weight @ taps).view(-1, len(weight))  # a row for each token and tap
            rows = tokens.unfold(1, width, 1) * width + torch.arange(width)
            for part in range(0, len(tokens), _JUDGED_ON_CPU):
                here = slice(part, part + _JUDGED_ON_CPU)
                sums = nn.functional.embedding_bag(rows[here].flatten(0, 1), table, mode="sum")
                pooled[here, first : first + len(weight)] = sums.view(-1, rows.shape[1], len(weight)).amax(1)
            first += len(weight)
        return pooled

    def penalty(self) -> Tensor:
        """Return the scalar (|W|^2 + |b|^2) / 2 of the output layer."""
        return (self.output.weight.square().sum() + self.output.bias.square().sum()) / 2


class MaxConvolution(torch.autograd.Function):
    """Convolution over time without bias, then the maximum over time, for several kernel widths at once.

    All kernels read one matrix of windows, (T, n, widest * E): a kernel of k tokens sees its first k * E columns and
    its first T - k + 1 positions, a view that mm takes as it is. The gradient is gathered in the same shape.
    """

    @staticmethod
    def forward(ctx: Any, embedded: Tensor, *weights: Tensor) -> Tensor:
        """Return (n, sum of filters) maxima; `embedded` is (n, T, E), each of `weights` (filters, width * E)."""
        count, length, size = embedded.shape
        widths = [weight.shape[1] // size for weight in weights]
        windows = _windows(embedded, max(widths))
        mapped = [
            torch.mm(_inside(windows, width), weight.T).view(length - width + 1, count, len(weight))
            for width, weight in zip(widths, weights, strict=True)
        ]
        pooled = [values.amax(0) for values in mapped]
        ctx.save_for_backward(windows, *weights, *mapped, *pooled)
        ctx.widths = widths
        return torch.cat(pooled, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Give the gradient to the windows with the maxima, in equal parts if windows tie."""
        windows, *saved = ctx.saved_tensors
        kernels = len(ctx.widths)
        weights, mapped, pooled = saved[:kernels], saved[kernels : 2 * kernels], saved[2 * kernels :]
        pieces = torch.split(upstream[0], [len(weight) for weight in weights], 1)
        windows_grad, weight_grads = torch.zeros_like(windows), []
        for width, weight, values, maxima, piece in zip(ctx.widths, weights, mapped, pooled, pieces, strict=True):
            highest = torch.eq(values, maxima, out=torch.empty_like(values))  # with no detour through bool
            mapped_grad = highest.mul_(piece / highest.sum(0)).flatten(0, 1)
            weight_grads.append(mapped_grad.T @ _inside(windows, width))
            _inside(windows_grad, width).addmm_(mapped_grad, weight)
        return _fold(windows_grad), *weight_grads


def _windows(embedded: Tensor, widest: int) -> Tensor:
    """Return (T, n, widest, E): the embedded tokens from each position on; memory beyond the end is never read."""
    padded = nn.functional.pad(embedded.transpose(0, 1), (0, 0, 0, 0, 0, widest - 1))
    return padded.unfold(0, widest, 1).transpose(2, 3).contiguous()


def _inside(windows: Tensor, width: int) -> Tensor:
    """Return (positions * n, width * E) view: the windows of `width` tokens that lie inside the sequence."""
    return windows[: len(windows) - width + 1, :, :width].flatten(2).flatten(0, 1)


def _fold(windows: Tensor) -> Tensor:
    """Return (n, T, E): each token's sum over the windows that hold it; the transpose of `_windows`."""
    length, _, widest, _ = windows.shape
    embedded = windows[:, :, 0].clone()
    for tap in range(1, widest):
        embedded[tap:] += windows[: length - tap, :, tap]
    return embedded.transpose(0, 1)


def _fill(parameter: Tensor, draw: Callable[[Tensor], Tensor], rng: torch.Generator) -> None:
    """Overwrite a parameter with numbers drawn on the generator's device."""
    with torch.no_grad():
        parameter.copy_(draw(torch.empty(parameter.shape, device=rng.device)))

"""Checks of a dataset's metrics and of what their score() returns: see bench/contracts/metric.py."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, get_args

import numpy as np

from bench.contracts.data import TokenArray
from bench.contracts.errors import ContractError
from bench.contracts.guards.names import lacking
from bench.contracts.metric import Better, Bound, Metric, Profile, Scores, UnknownWords, bound_of, unknown_words


def checked_metrics(found: Any) -> tuple[Metric, ...]:
    """Return what metrics(data) returned as a tuple; ContractError if there is none, or one breaks the contract."""
    if not isinstance(found, Iterable):
        raise ContractError(f"metrics() returned {found!r:.80}, not a list of metrics")
    metrics = tuple(found)  # first: a generator can be read only once
    if not metrics:
        raise ContractError("metrics(data) is empty: the first metric is the headline")
    for metric in metrics:
        _check_metric(metric)
    names = [metric.name for metric in metrics]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ContractError(f"two metrics are called {twice!r}: one would hide the other")
    return metrics


def _check_metric(metric: Any) -> None:
    if not callable(getattr(metric, "score", None)) or not callable(getattr(metric, "signature", None)):
        raise ContractError(
            f"{metric!r:.80} is no metric: it lacks score() or signature(); see bench/contracts/metric.py"
        )
    if wanted := lacking(name := getattr(metric, "name", None)):
        raise ContractError(f"the name of a metric is {name!r:.80}: give {type(metric).__name__} one {wanted}")
    if (better := getattr(metric, "better", None)) not in get_args(Better):
        raise ContractError(f"{name}: better is {better!r}; say 'lower' or 'higher'")
    if (said := unknown_words(metric)) not in get_args(UnknownWords):
        raise ContractError(f"{name}: unknown_words is {said!r}; say 'miss', 'error' or 'undefined'")
    if (bound := bound_of(metric)) not in (None, *get_args(Bound)):
        raise ContractError(f"{name}: bound is {bound!r}; say 'lower', 'upper' or None")


def checked_scores(name: str, found: Any) -> Scores:
    """Return what score() of a metric returned, its value a float or None; ContractError if it breaks the contract.

    An infinite value counts as undefined: a model that gives probability 0 to a sequence has no mean, and no test.
    """
    if not isinstance(found, Scores) or not isinstance(found.value, float | int | np.number | None):
        raise ContractError(f"{name}: score() returned {found!r:.80}, not Scores(value, per_sequence)")
    value = None if found.value is None else float(found.value)
    _check_per_sequence(name, value, found.per_sequence)
    if value is not None and math.isnan(value):
        raise ContractError(f"{name} is NaN: the model's probabilities are no numbers")
    profiles = {profile: _finite(values) for profile, values in found.profiles.items()}
    if value is None or math.isinf(value):
        return Scores(None, None, profiles)
    return Scores(value, found.per_sequence, profiles)


def _finite(profile: Profile) -> Profile:
    """Return the profile as plain floats, with None for NaN and infinity, which JSON does not have."""
    return [None if value is None or not math.isfinite(value) else float(value) for value in profile]


def _check_per_sequence(name: str, value: float | None, per_sequence: Any) -> None:
    """ContractError unless the scores per sequence are a row of numbers, finite ones if the value is finite."""
    if per_sequence is None:
        return
    if np.ndim(per_sequence) != 1:
        shape = np.shape(per_sequence)
        raise ContractError(f"{name}: score() returned per_sequence of shape {shape}, not a number a sequence")
    if (dtype := np.asarray(per_sequence).dtype).kind not in "biuf":
        raise ContractError(f"{name}: score() returned per_sequence of {dtype}, not a number a sequence")
    if value is not None and math.isfinite(value) and not np.isfinite(per_sequence).all():
        raise ContractError(f"{name} is {value:.4g}, yet per_sequence holds NaN or infinity: give finite numbers")


def check_unchanged(name: str, sequences: TokenArray, before: TokenArray) -> None:
    """ContractError if the metric changed the sequences that it was given."""
    if not np.array_equal(sequences, before):
        raise ContractError(f"{name} wrote into the sequences it was given: copy what you change")

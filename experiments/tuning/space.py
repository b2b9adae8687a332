"""The search space of a tuning: declared by the solver, or given in the file; and its grid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import Field, fields, is_dataclass
from itertools import product
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.parameters import check_names

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution

Space = dict[str, Distribution]

MOST_GRID_POINTS = 100_000

_LOG_FROM = 100  # ratio of the ends from which on a range is searched in its logarithm

_RANGE_KEYS = ("low", "high", "log")


def search_space(solver: Any, names: Iterable[str] | None, given: dict[str, Any]) -> Space:
    """Return what is searched for each parameter, in the order of the solver's fields.

    Parameters
    ----------
    solver : dataclass
        Its fields declare ranges by `parameter` (``search``) and choices by a ``Literal``
        annotation, or are bool.
    names : iterable of str, optional
        The parameters to tune; by default all that declare what to search, or are given.
    given : dict
        By name, instead of the declaration: a table ``{low, high, log}`` for a number, log being
        optional, or a list of values.

    Returns
    -------
    dict of Optuna distributions
        By parameter.

    Raises
    ------
    InputError
        If the solver has no such parameter, or a range is empty or beyond the legal limits.
    """
    if not is_dataclass(solver):
        raise InputError("solver", solver, "one with parameters to tune (a dataclass)")
    declared = {entry.name: entry for entry in fields(solver)}
    hints = get_type_hints(type(solver))
    check_names(given | dict.fromkeys(names or ()), declared)
    chosen = set(declared if names is None else names)
    for name in given:
        if name not in chosen:
            raise InputError(f"search.{name}", given[name], "of a parameter that is tuned")
    space: Space = {}
    for name, entry in declared.items():
        if name not in chosen:
            continue
        found = _find(entry, hints[name], given.get(name))
        if found is not None:
            space[name] = found
        elif names is not None:
            raise InputError(f"search.{name}", None, "given: the solver declares no range for it")
    if not space:
        raise InputError("search", given, "at least one parameter; the solver declares none")
    return space


def values_within(solver: Any, space: Space) -> dict[str, Any] | None:
    """Return the solver's own values of what is searched; None if one is not in the space."""
    values = {name: getattr(solver, name) for name in space}
    inside = all(_contains(space[name], value) for name, value in values.items())
    return values if inside else None


def _contains(distribution: Distribution, value: Any) -> bool:
    """Whether a value may be drawn."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    return bool(distribution.low <= value <= distribution.high)


def _find(entry: Field[Any], hint: Any, given: Any) -> Distribution | None:
    """Return what the file says of a parameter, else what the solver declares, else None."""
    if given is not None:
        return _given(entry, hint, given)
    if hint is bool:
        return CategoricalDistribution((False, True))
    if get_origin(hint) is Literal:
        return CategoricalDistribution(get_args(hint))
    search = entry.metadata.get("search")
    return search and _range(entry, hint, {"low": search[0], "high": search[1]})


def _given(entry: Field[Any], hint: Any, value: Any) -> Distribution:
    """Return what the file says of a parameter."""
    field = f"search.{entry.name}"
    if isinstance(value, list) and value:
        return CategoricalDistribution([_check(field, item, entry, hint) for item in value])
    if not isinstance(value, dict) or hint not in (int, float):
        raise InputError(field, value, "a list of values, or for a number a table {low, high}")
    for key in value:
        check_choice(field, key, _RANGE_KEYS)
    for key in ("low", "high"):
        if key not in value:
            raise InputError(f"{field}.{key}", None, "given")
    return _range(entry, hint, value)


def _range(entry: Field[Any], hint: Any, table: dict[str, Any]) -> Distribution:
    """Return a range of numbers within the legal limits."""
    field = f"search.{entry.name}"
    low, high = (_check(f"{field}.{end}", table[end], entry, hint) for end in ("low", "high"))
    if low >= high:
        raise InputError(field, [low, high], "a range with low < high")
    log = table.get("log", low > 0 and high / low >= _LOG_FROM)
    if not isinstance(log, bool) or (log and low <= 0):
        raise InputError(f"{field}.log", log, "true or false, and true only where low > 0")
    return IntDistribution(low, high, log) if hint is int else FloatDistribution(low, high, log)


def _check(field: str, value: Any, entry: Field[Any], hint: Any) -> Any:
    """Return a value of the parameter's type within its limits."""
    if hint is bool:
        if not isinstance(value, bool):
            raise InputError(field, value, "true or false")
        return value
    if get_origin(hint) is Literal:
        return check_choice(field, value, get_args(hint))
    if hint not in (int, float):
        raise InputError(field, value, "of a parameter that is a number, a choice or true or false")
    number = check_number(field, value, **entry.metadata.get("limits", {}))
    return check_integer(field, value) if hint is int else number


# The points of a grid search.


def grid_points(space: Space, levels: int, seed: int) -> list[dict[str, Any]]:
    """Return every combination of levels, in an order drawn from the seed.

    Parameters
    ----------
    space : dict of Distribution
        All values of choices, and `levels` values of each range: evenly spaced (in the logarithm
        if it is searched in it), both ends included, whole numbers rounded.
    levels : int
        Number of values of a range.
    seed : int
        Seed of the order, which makes a grid that is cut short a sample of the whole.

    Raises
    ------
    InputError
        If there are more than `MOST_GRID_POINTS` points.
    """
    values = {name: _levels(distribution, levels) for name, distribution in space.items()}
    size = math.prod(len(entry) for entry in values.values())
    if size > MOST_GRID_POINTS:
        rule = f"few enough for a grid of at most {MOST_GRID_POINTS} points"
        raise InputError("levels", f"{levels} (a grid of {size} points)", rule)
    # Optuna's GridSampler wants the values of each range too, stores the whole grid with each
    # trial, and calls Study.stop after the last point, which raises outside of Study.optimize.
    points = [dict(zip(values, point, strict=True)) for point in product(*values.values())]
    return [points[index] for index in np.random.default_rng(seed).permutation(size)]


def _levels(distribution: Distribution, levels: int) -> list[Any]:
    """Return the values of one parameter."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    spaced = np.geomspace if distribution.log else np.linspace
    values = spaced(distribution.low, distribution.high, levels)
    if isinstance(distribution, IntDistribution):
        return sorted({round(float(value)) for value in values})
    return [float(value) for value in values]

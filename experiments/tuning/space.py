"""The search space of a tuning: declared by the solver, or given by the user; and its grid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product
from typing import Any, Literal, get_args, get_origin

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from edgeopt.experiments.tuning.declared import Declared
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.parameters import check_names

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution

Space = dict[str, Distribution]

MOST_GRID_POINTS = 100_000

_LOG_FROM = 100  # ratio of the ends from which on a range is searched in its logarithm

_RANGE_KEYS = ("low", "high", "log", "step")


def search_space(
    declared: dict[str, Declared], names: Iterable[str] | None, given: dict[str, Any]
) -> Space:
    """Return what is searched for each parameter, in the order in which the solver has them.

    Parameters
    ----------
    declared : dict of Declared
        The solver's parameters. It declares ranges by `parameter` (``search``) and choices by a
        ``Literal`` annotation, or by being true or false.
    names : iterable of str, optional
        The parameters to tune; by default all that declare what to search, or are given.
    given : dict
        By name, instead of the declaration: a table ``{low, high, log, step}`` for a number, log
        and step being optional, a pair ``(low, high)``, a list of values, or a distribution of
        Optuna.

    Returns
    -------
    dict of Optuna distributions
        By parameter.

    Raises
    ------
    InputError
        If the solver has no such parameter, or a range is empty or beyond the legal limits.
    """
    if not declared:
        raise InputError("solver", "without parameters", "one with parameters to tune")
    check_names(given | dict.fromkeys(names or ()), declared)
    chosen = set(declared if names is None else names)
    for name in given:
        if name not in chosen:
            raise InputError(f"search.{name}", given[name], "of a parameter that is tuned")
    space: Space = {}
    for name, entry in declared.items():
        if name not in chosen:
            continue
        found = _find(entry, given.get(name))
        if found is not None:
            space[name] = found
        elif names is not None:
            rule = "given: the solver declares no range for it"
            raise InputError(f"search.{name}", None, f"{rule} (in Python, distributions= gives it)")
    if not space:
        raise InputError("search", given, "at least one parameter; the solver declares none")
    return space


def space_table(distribution: Distribution) -> Any:
    """Return a distribution as a tuning file has it."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    table = {"low": distribution.low, "high": distribution.high, "log": distribution.log}
    return table if distribution.step is None else {**table, "step": distribution.step}


def contains(distribution: Distribution, value: Any) -> bool:
    """Whether a value may be drawn."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    inside = distribution.low <= value <= distribution.high
    return inside and math.isclose(snapped(value, distribution), value)


def _find(entry: Declared, given: Any) -> Distribution | None:
    """Return what the user says of a parameter, else what the solver declares, else None."""
    if given is not None:
        return _given(entry, given)
    if entry.hint is bool:
        return CategoricalDistribution((False, True))
    if get_origin(entry.hint) is Literal:
        return CategoricalDistribution(get_args(entry.hint))
    return entry.search and _range(entry, {"low": entry.search[0], "high": entry.search[1]})


def _given(entry: Declared, value: Any) -> Distribution:
    """Return what the user says of a parameter."""
    field = f"search.{entry.name}"
    if isinstance(value, BaseDistribution):
        return _checked(entry, value)
    if isinstance(value, tuple) and len(value) == 2:
        value = {"low": value[0], "high": value[1]}
    if isinstance(value, list) and value:
        return CategoricalDistribution([_check(field, item, entry) for item in value])
    if not isinstance(value, dict) or entry.hint not in (int, float):
        raise InputError(field, value, "a list of values, or for a number a table {low, high}")
    for key in value:
        check_choice(field, key, _RANGE_KEYS)
    for key in ("low", "high"):
        if key not in value:
            raise InputError(f"{field}.{key}", None, "given")
    return _range(entry, value)


def _checked(entry: Declared, distribution: BaseDistribution) -> Distribution:
    """Return a distribution whose values are all legal."""
    field = f"search.{entry.name}"
    if isinstance(distribution, CategoricalDistribution):
        for value in distribution.choices:
            _check(field, value, entry)
        return distribution
    if not isinstance(distribution, IntDistribution | FloatDistribution):
        raise InputError(field, distribution, "an Optuna distribution of numbers or choices")
    if entry.hint is int and isinstance(distribution, FloatDistribution):
        raise InputError(field, distribution, "an IntDistribution: the parameter is an integer")
    for end in ("low", "high"):
        _check(f"{field}.{end}", getattr(distribution, end), entry)
    return distribution


def _range(entry: Declared, table: dict[str, Any]) -> Distribution:
    """Return a range of numbers within the legal limits."""
    field = f"search.{entry.name}"
    low, high = (_check(f"{field}.{end}", table[end], entry) for end in ("low", "high"))
    if low >= high:
        raise InputError(field, [low, high], "a range with low < high")
    step = table.get("step")
    log = table.get("log", step is None and low > 0 and high / low >= _LOG_FROM)
    if not isinstance(log, bool) or (log and low <= 0):
        raise InputError(f"{field}.log", log, "true or false, and true only where low > 0")
    if step is not None:
        if log and (entry.hint is float or step != 1):
            raise InputError(f"{field}.step", step, "left out where log is true")
        check_number(f"{field}.step", step, above=0, at_most=high - low)
    if entry.hint is int:
        whole = 1 if step is None else check_integer(f"{field}.step", step)
        return IntDistribution(low, high, log, whole)
    return FloatDistribution(low, high, log, step)


def _check(field: str, value: Any, entry: Declared) -> Any:
    """Return a value of the parameter's type within its limits."""
    if entry.hint is bool:
        if not isinstance(value, bool):
            raise InputError(field, value, "true or false")
        return value
    if get_origin(entry.hint) is Literal:
        return check_choice(field, value, get_args(entry.hint))
    if entry.hint not in (int, float):  # whatever else it is, the solver checks it
        if not isinstance(value, bool | int | float | str):
            raise InputError(field, value, "a number, a text, true or false")
        return value
    number = check_number(field, value, **entry.limits)
    return check_integer(field, value) if entry.hint is int else number


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
    return sorted({snapped(float(value), distribution) for value in values})


def snapped(value: float, distribution: FloatDistribution | IntDistribution) -> float:
    """Return the number of a distribution that is nearest to a value, within its range."""
    low, step = distribution.low, distribution.step
    # an integer minus an integer plus an integer keeps its type
    near = value if step is None else low + round((value - low) / step) * step
    return min(max(near, low), distribution.high)

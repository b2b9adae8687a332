"""Grids: a parameter that is given a list stands for a solver with each of its values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

from edgeopt.optim.scheduling.catalog import declared_parameters
from edgeopt.optim.scheduling.configurable import list_depth
from edgeopt.problems.errors import InputError

_MOST_SOLVERS = 10_000


def expand_grids(solvers: dict[str, Any]) -> dict[str, Any]:
    """Return the solvers by label, with one for each combination of values of a grid.

    A parameter whose own type is a list is no grid, unless it is given a list of such lists.

    Parameters
    ----------
    solvers : dict
        By label: ``{"solver": name, parameter: value or list of values, ...}``.

    Raises
    ------
    InputError
        If a grid is empty, two solvers have the same label, or it is not known whether a parameter
        is a list.

    Examples
    --------
    >>> from edgeopt.experiments.sweep import expand_grids
    >>> grid = expand_grids({"atsa": {"solver": "atsa", "beta": [1.0, 2.0], "ants": [5, 9]}})
    >>> list(grid)[:3]
    ['atsa[ants=5,beta=1.0]', 'atsa[ants=9,beta=1.0]', 'atsa[ants=5,beta=2.0]']
    >>> grid["atsa[ants=9,beta=1.0]"]
    {'solver': 'atsa', 'beta': 1.0, 'ants': 9}
    """
    found: dict[str, Any] = {}
    for label, table in solvers.items():
        for name, each in _combinations(label, table):
            if name in found:
                raise InputError("solvers", name, "all different: two solvers have this label")
            found[name] = each
    return found


@contextmanager
def labelled(label: str) -> Iterator[None]:
    """Put the label of a solver before the field of an `InputError`."""
    try:
        yield
    except InputError as error:
        dot = "." if error.field.isidentifier() else ": "  # it may also be a file
        raise InputError(f"solvers.{label}{dot}{error.field}", error.value, error.rule) from None


def _combinations(label: str, table: Any) -> list[tuple[str, Any]]:
    """Return the label and the table of each combination; other than tables as they are."""
    if not isinstance(table, dict) or not isinstance(table.get("solver"), str):
        return [(label, table)]
    lists = {name: value for name, value in table.items() if isinstance(value, list | tuple)}
    grid = {name: values for name, values in lists.items() if _is_grid(label, table, name)}
    for name, values in grid.items():
        if not values:
            raise InputError(f"solvers.{label}.{name}", values, "a list of at least one value")
    if math.prod(len(values) for values in grid.values()) > _MOST_SOLVERS:
        raise InputError(f"solvers.{label}", grid, f"a grid of at most {_MOST_SOLVERS} solvers")
    made = []
    for values in product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        plain = {name: _plain(value) for name, value in {**table, **chosen}.items()}
        made.append((_label(label, chosen), plain))
    return made


def _is_grid(label: str, table: dict[str, Any], name: str) -> bool:
    """Whether the list given to a parameter has several values of it."""
    with labelled(label):
        declared = declared_parameters(table["solver"]).get(name)
    if declared is None:  # unknown: whoever builds the solver says so
        return False
    own, given = list_depth(declared.hint), _depth(table[name])
    if own is None:
        rule = f"given to a parameter of a known type: annotate {name}, e.g. as float or list"
        raise InputError(f"solvers.{label}.{name}", table[name], rule)
    return given > own


def _depth(value: Any) -> int:
    """Return how deeply lists are nested in a value."""
    if not isinstance(value, list | tuple):
        return 0
    return 1 + max(map(_depth, value), default=0)


def _label(label: str, chosen: dict[str, Any]) -> str:
    """Return the label of a combination, the label itself without a grid."""
    if not chosen:
        return label
    values = (f"{name}={_text(value)}" for name, value in sorted(chosen.items()))
    return f"{label}[{','.join(values)}]"


def _text(value: Any) -> str:
    """Return a value as TOML writes it, a text without quotes."""
    return value if isinstance(value, str) else json.dumps(_plain(value), default=str)


def _plain(value: Any) -> Any:
    """Return a value with tuples as lists, which files have instead."""
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value

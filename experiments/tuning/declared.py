"""What a solver declares of its parameters: default, type, limits and the range to search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints


@dataclass(frozen=True)
class Declared:
    """A parameter of a solver.

    Attributes
    ----------
    name : str
        Its name.
    value : object
        Its value in this solver.
    hint : object
        Its type: bool, int, float or a ``Literal``; others cannot be tuned.
    limits : mapping of str to float
        Keywords of `check_number`.
    search : tuple of float, or None
        The range to search.
    """

    name: str
    value: Any
    hint: Any
    limits: Mapping[str, float]
    search: tuple[float, float] | None


def declared_parameters(solver: Any) -> dict[str, Declared]:
    """Return the parameters of a solver by name, in its order; none for a plain function."""
    if not is_dataclass(solver) or isinstance(solver, type):
        return {}
    hints = get_type_hints(type(solver))
    return {
        entry.name: Declared(
            entry.name,
            getattr(solver, entry.name),
            hints[entry.name],
            entry.metadata.get("limits", {}),
            entry.metadata.get("search"),
        )
        for entry in fields(solver)
    }

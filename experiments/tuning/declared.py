"""What a solver declares of its parameters: value, type, limits and the range to search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from edgeopt.optim.scheduling import catalog


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
        Its type: bool, int, float, a ``Literal``, or another one.
    limits : mapping of str to float
        Keywords of `check_number`.
    search : tuple of float, or None
        The range to search.
    meaning : str
        One line for the user; may be empty.
    """

    name: str
    value: Any
    hint: Any
    limits: Mapping[str, float]
    search: tuple[float, float] | None
    meaning: str


def declared_parameters(table: dict[str, Any]) -> dict[str, Declared]:
    """Return the parameters of the solver of a table by name, in its order.

    Parameters
    ----------
    table : dict
        ``{"solver": name, parameter: value, ...}``.

    Raises
    ------
    InputError
        If the solver, a parameter or a value is unknown or illegal.
    """
    given = {name: value for name, value in table.items() if name != "solver"}
    found = catalog.identify_solver(table["solver"], given)
    made = fields(found.solver) if is_dataclass(found.solver) else ()
    metadata: dict[str, Mapping[str, Any]] = {each.name: each.metadata for each in made}
    nothing: Mapping[str, Any] = MappingProxyType({})
    return {
        name: Declared(
            name,
            found.parameters[name],
            _plain_hint(entry.hint),
            metadata.get(name, nothing).get("limits", nothing),
            metadata.get(name, nothing).get("search"),
            metadata.get(name, nothing).get("meaning", ""),
        )
        for name, entry in catalog.declared_parameters(table["solver"]).items()
    }


def _plain_hint(hint: Any) -> Any:
    """Return a type that can be searched if the annotation allows for one, ``int | None``."""
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    plain = [one for one in members if one in (bool, int, float) or get_origin(one) is Literal]
    return plain[0] if plain else hint

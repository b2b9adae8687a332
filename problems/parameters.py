"""Parameters: declared once, with their limits, and read from the tables of TOML files.

A frozen dataclass declares its fields with `parameter` or `quantity` and calls `check_parameters`
in ``__post_init__``. Its signature is then the only list of names that `from_table` needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, field, fields
from functools import cache
from inspect import Parameter, signature
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from edgeopt.problems.errors import (
    InputError,
    check_choice,
    check_integer,
    check_number,
    check_quantity,
)

_LARGEST_INTEGER = 10**9  # of a parameter without another limit: kernels count in 64 bits

_T = TypeVar("_T")


def parameter(
    default: Any,
    meaning: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    search: tuple[float, float] | None = None,
) -> Any:
    """Declare a field of a solver.

    Parameters
    ----------
    default : object
        Value of the field unless another is given.
    meaning : str
        One line for the user.
    at_least, above, at_most : float, optional
        Limits that a legal value meets.
    search : tuple of float, optional
        The range in which tuning searches; choices are searched whole.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from edgeopt.problems import check_parameters, parameter
    >>> @dataclass(frozen=True)
    ... class Walk:
    ...     rate: float = parameter(0.1, "share of tasks moved", above=0, at_most=1)
    ...
    ...     def __post_init__(self) -> None:
    ...         check_parameters(self)
    >>> Walk(rate=0.5)
    Walk(rate=0.5)
    >>> Walk(rate=2.0)
    Traceback (most recent call last):
        ...
    edgeopt.problems.errors.InputError: rate: got 2.0, must be a finite number > 0 and <= 1
    """
    limits = {"at_least": at_least, "above": above, "at_most": at_most}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return field(default=default, metadata={"meaning": meaning, "limits": given, "search": search})


def quantity(default: Any = MISSING, *, zero: bool = False, at_most: float | None = None) -> Any:
    """Declare a field that is a physical quantity in SI units, see `check_quantity`.

    Parameters
    ----------
    default : float or None, optional
        Value of the field unless another is given; without it the field is required. A default
        that is infinite or None is legal, and means that there is no limit or no value.
    zero : bool
        Whether 0 is legal.
    at_most : float, optional
        Upper limit.

    Examples
    --------
    See `parameter`.
    """
    limits = {"zero": zero} if at_most is None else {"zero": zero, "at_most": at_most}
    return field(default=default, metadata={"quantity": limits})


def check_parameters(checked: Any) -> None:
    """Raise `InputError` for the first field of a dataclass that breaks its declaration.

    Examples
    --------
    See `parameter`.
    """
    hints = _hints(checked.__class__)
    for declared in fields(checked):
        _check(declared, getattr(checked, declared.name), hints[declared.name])


def choices(hint: Any) -> tuple[str, ...]:
    """Return the choices of a ``Literal`` annotation, () for other types."""
    return get_args(hint) if get_origin(hint) is Literal else ()


def _check(declared: Field[Any], value: Any, hint: Any) -> None:
    """Check one value against its type and limits."""
    limits = declared.metadata.get("limits", {})
    if "quantity" in declared.metadata:
        absent = declared.default in (None, math.inf) and value == declared.default
        if not absent:
            check_quantity(declared.name, value, **declared.metadata["quantity"])
    elif hint is bool:
        if not isinstance(value, bool):
            raise InputError(declared.name, value, "true or false")
    elif hint is int:
        check_integer(declared.name, value, **{"at_most": _LARGEST_INTEGER, **limits})
    elif hint is float:
        check_number(declared.name, value, **limits)
        if isinstance(value, int):  # kernels get it as an int64
            check_integer(declared.name, value, at_most=_LARGEST_INTEGER)
    elif choices(hint):
        check_choice(declared.name, value, choices(hint))


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a class's fields; evaluating annotations is slow."""
    return get_type_hints(kind)


# Values as texts of the command line.


def parse_value(name: str, text: str, hint: Any) -> Any:
    """Return `text` as a value of type `hint`, without a check of its limits.

    Raises
    ------
    InputError
        If `hint` is bool, int or float and the text is not of this type; `name` is the field.
    """
    if hint is bool:
        return check_choice(name, text.lower(), ("true", "false")) == "true"
    if hint not in (int, float):
        return text
    try:
        return hint(text)
    except ValueError:
        raise InputError(name, text, f"of type {hint.__name__}") from None


def check_names(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise `InputError` for the first given name that is not known."""
    for name in given:
        if name not in known:
            raise InputError("parameter", name, f"one of {', '.join(known) or '(none)'}")


# The reader of TOML tables.


def from_table(
    make: Callable[..., _T],
    table: Any,
    place: str,
    *,
    aside: Collection[str] = (),
    given: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> _T:
    """Return what `make` builds from a table of a file.

    The arguments of `make` are the table's keys; those without a default are required.

    Parameters
    ----------
    make : callable
        A dataclass, or a function with named arguments, that checks the values.
    table : object
        The table as TOML gives it; lists become tuples.
    place : str
        Position of the table in its file, e.g. ``streams.day``, for messages.
    aside : collection of str
        Legal keys of the table that are not meant for `make`.
    given : mapping, optional
        Arguments that the program sets and the file may not; those that `make` lacks are left out.
    defaults : mapping, optional
        Values for keys that the table lacks; those that `make` lacks are left out.

    Raises
    ------
    InputError
        If `table` is not a table, a key is unknown or missing, or `make` refuses a value; the
        message names the key with its place.
    """
    arguments = signature(make).parameters
    fixed = {name: value for name, value in (given or {}).items() if name in arguments}
    values = {name: value for name, value in (defaults or {}).items() if name in arguments}
    known = [name for name in arguments if name not in fixed]
    check_keys(place, table, (*known, *aside))
    for key in table:
        if key not in aside:
            values[key] = tuple(table[key]) if isinstance(table[key], list) else table[key]
    # Only now, since a default supplies what the table lacks.
    required = [name for name in known if arguments[name].default is Parameter.empty]
    check_keys(place, values, known, required=required)
    try:
        return make(**values, **fixed)
    except InputError as error:
        # A field that is not a key of this table, e.g. a line of another file, follows a colon.
        mark = "." if re.split(r"\W", error.field)[0] in arguments else ": "
        raise InputError(f"{place}{mark}{error.field}", error.value, error.rule) from None


def kind_in_table(kinds: Collection[str], table: Any, place: str, *, key: str, default: str) -> str:
    """Return the kind of a table, one of `kinds`.

    Parameters
    ----------
    kinds : collection of str
        The known kinds.
    table : object
        The table as TOML gives it.
    place : str
        Position of the table in its file, for messages.
    key : str
        The key whose value is the kind.
    default : str
        The kind of a table without that key.

    Raises
    ------
    InputError
        If `table` is not a table, or its kind is unknown.
    """
    check_table(place, table)
    return check_choice(f"{place}.{key}", table.get(key, default), kinds)


def check_table(place: str, table: Any) -> None:
    """Raise `InputError` unless `table` is a table."""
    if not isinstance(table, Mapping):
        raise InputError(place, table, "a table")


def check_keys(
    place: str, table: Any, known: Collection[str], *, required: Collection[str] = ()
) -> None:
    """Raise `InputError` unless `table` is a table with known keys, the required ones among them.

    Parameters
    ----------
    place : str
        Position of the table in its file, for messages.
    table : object
        The table as TOML gives it.
    known, required : collection of str
        Keys that the table may have, and those that it must have.
    """
    check_table(place, table)
    for key in table:
        if key not in known:
            rule = f"left out, or one of {', '.join(known) or '(none)'}"
            raise InputError(f"{place}.{key}", table[key], rule)
    for key in required:
        if key not in table:
            raise InputError(f"{place}.{key}", None, "given")

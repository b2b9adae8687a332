"""Parameters of solvers: declared once, with limits, search range and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, field, fields
from functools import cache
from typing import Any, get_args, get_type_hints

from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number

LARGEST_INTEGER = 10**9  # of a parameter that says no other limit; kernels know 64 bits


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
        The value where none is given.
    meaning : str
        One line for the user.
    at_least, above, at_most : float, optional
        Limits that a legal value meets.
    search : tuple of float, optional
        The range in which tuning looks; choices are searched whole.

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


def check_parameters(solver: Any) -> None:
    """Raise `InputError` for the first field of a solver that breaks its declaration.

    Examples
    --------
    See `parameter`.
    """
    hints = _hints(solver.__class__)
    for declared in fields(solver):
        _check(declared, getattr(solver, declared.name), hints[declared.name])


def choices(hint: Any) -> tuple[str, ...]:
    """Return the choices of a ``Literal`` annotation, () for other types."""
    return get_args(hint)


def parse_parameters(solver: Any, texts: dict[str, str]) -> dict[str, Any]:
    """Turn ``key=value`` texts of the command line into values of the fields' types.

    Raises
    ------
    InputError
        If a key is not a field of `solver` (a dataclass) or the text is not of its type.
    """
    hints = _hints(solver.__class__)
    known = {declared.name: hints[declared.name] for declared in fields(solver)}
    check_names(texts, known)
    return {name: _parse(name, text, known[name]) for name, text in texts.items()}


def check_names(given: dict[str, Any], known: dict[str, Any]) -> None:
    """Raise `InputError` for the first given name that is not known."""
    for name in given:
        if name not in known:
            raise InputError("parameter", name, f"one of {', '.join(known) or '(none)'}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a class's fields."""
    return get_type_hints(kind)


def _parse(name: str, text: str, hint: Any) -> Any:
    """Return `text` as a value of type `hint`; its limits are checked by the solver itself."""
    if hint is bool:
        return check_choice(name, text.lower(), ("true", "false")) == "true"
    if hint not in (int, float):
        return text
    try:
        return hint(text)
    except ValueError:
        raise InputError(name, text, f"of type {hint.__name__}") from None


def _check(declared: Field[Any], value: Any, hint: Any) -> None:
    """Check one value against its type and limits."""
    limits = declared.metadata.get("limits", {})
    if hint is bool:
        if not isinstance(value, bool):
            raise InputError(declared.name, value, "true or false")
    elif hint is int:
        check_integer(declared.name, value, **{"at_most": LARGEST_INTEGER, **limits})
    elif hint is float:
        check_number(declared.name, value, **limits)
        if isinstance(value, int):
            check_integer(declared.name, value, at_most=LARGEST_INTEGER)
    else:
        check_choice(declared.name, value, choices(hint))


# Schemes as the tables of a file describe them.


def scheme_of_table(
    label: str,
    table: Any,
    schemes: Mapping[str, Any],
    *,
    aside: tuple[str, ...] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Any:
    """Return the scheme of a table ``{"scheme": name, parameter: value, ...}``.

    Parameters
    ----------
    label : str
        Name of the scheme where the table has no ``scheme``.
    table : dict
        As in a file; lists become tuples.
    schemes : dict
        Classes by name.
    aside : tuple of str
        Keys of the table that are none of the scheme's own.
    defaults : dict, optional
        Values of parameters that the table lacks, for schemes that have them.

    Raises
    ------
    InputError
        If the scheme, a parameter or a value is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError(f"schemes.{label}", table, "a table")
    name = check_choice(f"schemes.{label}.scheme", table.get("scheme", label), schemes)
    known = {field.name: field for field in fields(schemes[name])}
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in ("scheme", *aside)
    }
    try:
        check_names(values, known)
        given = {key: value for key, value in (defaults or {}).items() if key in known}
        return schemes[name](**{**given, **values})
    except InputError as error:
        raise InputError(f"schemes.{label}: {error.field}", error.value, error.rule) from None

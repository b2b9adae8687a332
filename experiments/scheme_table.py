"""Schemes as the tables of a file describe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from optim.parameters import check_names
from problems.errors import InputError, check_choice


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

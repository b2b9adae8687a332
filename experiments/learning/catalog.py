"""The schemes by name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from experiments.learning.branchynet import BranchyNet
from experiments.learning.central import Central
from experiments.learning.collaborative import Collaborative
from experiments.learning.federated import Federated
from experiments.learning.scheme import Scheme
from optim.parameters import check_names
from problems.errors import InputError, check_choice

SCHEMES: dict[str, Any] = {
    "central": Central,
    "branchynet": BranchyNet,
    "federated": Federated,
    "collaborative": Collaborative,
}


def make_scheme(label: str, table: Any, dispatch: dict[str, Any]) -> Scheme:
    """Return the scheme of a table of a learning file.

    Parameters
    ----------
    label : str
        Name of the scheme where the table has no ``scheme``.
    table : dict
        Parameters of the scheme; lists become tuples.
    dispatch : dict
        For schemes with a dispatch whose table has none.

    Raises
    ------
    InputError
        If the scheme, a parameter or a value is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError(f"schemes.{label}", table, "a table")
    name = check_choice(f"schemes.{label}.scheme", table.get("scheme", label), SCHEMES)
    known = {field.name: field for field in fields(SCHEMES[name])}
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key != "scheme"
    }
    try:
        check_names(values, known)
        if "dispatch" in known:
            values.setdefault("dispatch", dispatch)
        scheme: Scheme = SCHEMES[name](**values)
    except InputError as error:
        raise InputError(f"schemes.{label}: {error.field}", error.value, error.rule) from None
    return scheme

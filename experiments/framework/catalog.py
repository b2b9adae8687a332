"""The schemes by name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from experiments.framework.bnet import BNet
from experiments.framework.cloud_only import CloudOnly
from experiments.framework.collaborative import Collaborative
from experiments.framework.dormant import Dormant
from experiments.framework.edge_only import EdgeOnly
from experiments.framework.masm import Masm
from experiments.framework.neurosurgeon import Neurosurgeon
from experiments.framework.plan import Scheme
from optim.parameters import check_names
from problems.errors import InputError, check_choice

SCHEMES: dict[str, Any] = {
    "cloud-only": CloudOnly,
    "edge-only": EdgeOnly,
    "collaborative": Collaborative,
    "dormant": Dormant,
    "bnet": BNet,
    "masm": Masm,
    "neurosurgeon": Neurosurgeon,
}


def make_scheme(label: str, table: dict[str, Any]) -> Scheme:
    """Return the scheme of a table ``{"scheme": name, parameter: value, ...}``.

    Parameters
    ----------
    label : str
        Name of the scheme where the table has no ``scheme``.
    table : dict
        As in a simulation file; lists become tuples. ``dispatch`` is none of the scheme's own.

    Raises
    ------
    InputError
        If the scheme, a parameter or a value is unknown or illegal.
    """
    if not isinstance(table, dict):
        raise InputError(f"schemes.{label}", table, "a table")
    name = check_choice(f"schemes.{label}.scheme", table.get("scheme", label), SCHEMES)
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in ("scheme", "dispatch")
    }
    known = {field.name: field for field in fields(SCHEMES[name])}
    try:
        check_names(values, known)
        scheme: Scheme = SCHEMES[name](**values)
    except InputError as error:
        raise InputError(f"schemes.{label}: {error.field}", error.value, error.rule) from None
    return scheme

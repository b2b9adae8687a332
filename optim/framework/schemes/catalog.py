"""The schemes of the running framework by name."""

from __future__ import annotations

from typing import Any

from edgeopt.optim.framework.plan import Scheme
from edgeopt.optim.framework.schemes.bnet import BNet
from edgeopt.optim.framework.schemes.dormant import Dormant
from edgeopt.optim.framework.schemes.masm import Masm
from edgeopt.optim.framework.schemes.plain import CloudOnly, Collaborative, EdgeOnly, Neurosurgeon
from edgeopt.problems.parameters import from_table, kind_in_table

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
    """Return the scheme that a table ``{"scheme": name, parameter: value, ...}`` describes.

    An unknown scheme or parameter, or an illegal value, is an `InputError` that names it.

    Parameters
    ----------
    label : str
        Name of the scheme if the table has no field ``scheme``.
    table : dict
        As in a simulation file; lists become tuples. A field ``dispatch`` is ignored.

    Examples
    --------
    >>> from edgeopt.optim.framework import make_scheme
    >>> make_scheme("mine", {"scheme": "collaborative", "cut": 7})
    Collaborative(objective='deepest', cut=7)
    """
    place = f"schemes.{label}"
    name = kind_in_table(SCHEMES, table, place, key="scheme", default=label)
    scheme: Scheme = from_table(SCHEMES[name], table, place, aside=("scheme", "dispatch"))
    return scheme

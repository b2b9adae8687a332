"""The schemes by name."""

from __future__ import annotations

from typing import Any

from edgeopt.optim.framework.plan import Scheme
from edgeopt.optim.framework.schemes.bnet import BNet
from edgeopt.optim.framework.schemes.dormant import Dormant
from edgeopt.optim.framework.schemes.masm import Masm
from edgeopt.optim.framework.schemes.neurosurgeon import Neurosurgeon
from edgeopt.optim.framework.schemes.plain import CloudOnly, Collaborative, EdgeOnly
from edgeopt.problems.parameters import scheme_of_table

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

    Examples
    --------
    >>> from edgeopt.optim.framework import make_scheme
    >>> make_scheme("mine", {"scheme": "collaborative", "cut": 7})
    Collaborative(objective='deepest', cut=7)
    """
    scheme: Scheme = scheme_of_table(label, table, SCHEMES, aside=("dispatch",))
    return scheme

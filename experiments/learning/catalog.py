"""The schemes by name."""

from __future__ import annotations

from typing import Any

from experiments.learning.branchynet import BranchyNet
from experiments.learning.central import Central
from experiments.learning.collaborative import Collaborative
from experiments.learning.federated import Federated
from experiments.learning.scheme import Scheme
from experiments.scheme_table import scheme_of_table

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
    scheme: Scheme = scheme_of_table(label, table, SCHEMES, defaults={"dispatch": dispatch})
    return scheme

"""Data spread unequally over nodes."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.datasets.dataset import IndexArray, Labels
from edgeopt.problems.errors import InputError, check_integer, check_number


def dirichlet_partition(
    labels: Labels, nodes: int, concentration: float, *, rng: np.random.Generator | int | None
) -> list[IndexArray]:
    """Deal the examples of each class to the nodes in proportions from a Dirichlet distribution.

    A node that gets nothing takes one example from the node that has most.

    Parameters
    ----------
    labels : (n,) int64 array
        Class of each example.
    nodes : int
        Number of nodes, in 1..n.
    concentration : float
        Parameter of the symmetric Dirichlet distribution, > 0 and at most 1e9: near 0 each class
        sits on one node, large values give every node its share of every class.
    rng : Generator, int or None
        Source of the proportions and of who gets which example.

    Returns
    -------
    list of int64 arrays
        For each node the sorted indices of its examples, at least one; every example is with
        exactly one node.

    Raises
    ------
    InputError
        If there are more nodes than examples, or a number breaks its rule.

    References
    ----------
    T.-M. H. Hsu et al., "Measuring the effects of non-identical data distribution for federated
    visual classification", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.datasets import dirichlet_partition
    >>> labels = np.repeat([0, 1, 2], 10)
    >>> parts = dirichlet_partition(labels, 3, 0.5, rng=1)
    >>> sum(len(part) for part in parts)
    30
    """
    check_integer("nodes", nodes, at_least=1)
    check_number("concentration", concentration, above=0, at_most=1e9)
    if nodes > len(labels):
        raise InputError("nodes", nodes, f"at most the number of examples, {len(labels)}")
    generator = np.random.default_rng(rng)
    owners = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        shares = generator.dirichlet(np.full(nodes, concentration))
        ends = np.rint(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for node, part in enumerate(np.split(members, ends)):
            owners[part] = node
    _fill_empty(owners, nodes)
    return [np.flatnonzero(owners == node) for node in range(nodes)]


def _fill_empty(owners: IndexArray, nodes: int) -> None:
    """Give each node without examples one of the node that has most."""
    counts = np.bincount(owners, minlength=nodes)
    for node in np.flatnonzero(counts == 0):
        richest = int(np.argmax(counts))
        owners[np.flatnonzero(owners == richest)[0]] = node
        counts[richest] -= 1
        counts[node] += 1

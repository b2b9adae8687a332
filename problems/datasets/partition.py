"""Partitions of a data set among nodes, with unequal classes."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.datasets.dataset import Labels
from edgeopt.problems.errors import InputError, IntArray, check_integer, check_number


def dirichlet_partition(
    labels: Labels, nodes: int, concentration: float, *, rng: np.random.Generator | int | None
) -> list[IntArray]:
    """Deal the examples of each class to the nodes in proportions from a Dirichlet distribution.

    A node without examples takes one from the node with the most.

    Parameters
    ----------
    labels : (n,) int64 array
        Class of each example.
    nodes : int
        Number of nodes, in 1..n.
    concentration : float
        Parameter of the symmetric Dirichlet distribution, > 0 and at most 1e9: near 0 each class
        is on one node; for large values each node has an equal share of each class.
    rng : Generator, int or None
        Source of the proportions and of the assignment of examples.

    Returns
    -------
    list of int64 arrays
        For each node the sorted indices of its examples, at least one; each example is on exactly
        one node.

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
        # Rounded ends instead of rounded parts: the parts then add up to all members.
        ends = np.rint(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for node, part in enumerate(np.split(members, ends)):
            owners[part] = node
    _fill_empty(owners, nodes)
    return [np.flatnonzero(owners == node) for node in range(nodes)]


def _fill_empty(owners: IntArray, nodes: int) -> None:
    """Give each node without examples one from the node with the most."""
    counts = np.bincount(owners, minlength=nodes)
    for node in np.flatnonzero(counts == 0):
        fullest = int(np.argmax(counts))
        owners[np.flatnonzero(owners == fullest)[0]] = node
        counts[fullest] -= 1
        counts[node] += 1

"""The tree of a deadline: depth first, until a schedule is found or each leaf is refuted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.branch_and_price.fixing import fixing_work, refuted_pairs
from edgeopt.optim.scheduling.branch_and_price.prices import (
    Columns,
    Prices,
    Search,
    Worth,
    binding,
    improve,
    open_prices,
)
from edgeopt.optim.scheduling.branch_and_price.whole import BoolArray, Node, Whole, propagate
from edgeopt.optim.scheduling.certificate import Branch, Leaf, Step
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import FloatArray, IntArray

_ITERATIONS = 20  # of the prices of a node

_SURE = 0.9  # a share from which on a task is put on a node together with others

_TOGETHER = 0.25  # share of the free tasks that is put on nodes at once, in the first descent

_LEAST_VISITS = 100  # on which a tree is judged

_VISIT_S = 5e-4  # time of a visit beside prices and fixing


class Open(NamedTuple):
    """A node of the tree that is still to be done.

    Attributes
    ----------
    number : int
        Of the node.
    alive : ndarray of bool, shape (x, k)
        The pairs that may be used.
    prices : Prices
        Of its parent.
    columns : Columns
        Of its parent.
    """

    number: int
    alive: BoolArray
    prices: Prices
    columns: Columns


@dataclass
class Tree:
    """A search for a schedule within a deadline.

    Attributes
    ----------
    whole : Whole
        The deadline.
    open : list of Open
        The last is the next.
    proof : list
        The nodes of the certificate, `None` for those still open.
    found : ndarray, shape (k,), or None
        A schedule within the deadline.
    rounded : ndarray, shape (k,), or None
        A guess from the last prices, which may exceed the deadline.
    together : float
        Share of the free tasks that is put on nodes at once.
    visited : int
        Nodes done, also in trees before.
    work : float
        Of all visits, about the processor time in s; counted, not measured.
    """

    whole: Whole
    open: list[Open]
    proof: list[Leaf | Branch | None] = field(default_factory=lambda: [None])
    found: IntArray | None = None
    rounded: IntArray | None = None
    together: float = _TOGETHER
    visited: int = 0
    work: float = 0.0

    @property
    def is_refuted(self) -> bool:
        """Whether no schedule is within the deadline."""
        return self.found is None and not self.open

    @property
    def certified(self) -> tuple[Leaf | Branch, ...]:
        """The nodes of the certificate, all of them once the deadline is refuted."""
        return tuple(node for node in self.proof if node is not None)


def plant(whole: Whole, prices: Prices, columns: Columns) -> Tree:
    """Return the tree of a deadline, with prices and columns to start from."""
    return Tree(whole, [Open(0, whole.alive, prices, columns)])


def descent_visits(tasks: int) -> int:
    """Return how many nodes of a tree a descent visits at most, about."""
    return max(_LEAST_VISITS, tasks)


def replanted(tree: Tree, prices: Prices, columns: Columns) -> Tree:
    """Return a tree of the same deadline, to be searched with more care, if it is time for it.

    A descent that goes wrong early is lost, and a tree does not leave it for long. The trees of a
    deadline double in size.
    """
    size = _TOGETHER / tree.together / 2  # of all trees up to this one, in descents
    if tree.visited < size * descent_visits(tree.whole.times.shape[1]):
        return tree
    return replace(
        plant(tree.whole, prices, columns), together=tree.together / 2, visited=tree.visited,
        work=tree.work,
    )  # fmt: skip


def visit(tree: Tree, iterations: int = _ITERATIONS) -> int:
    """Do the next node: refute it, find a schedule, or branch; return the iterations of prices."""
    node = tree.open.pop()
    tree.visited += 1
    tree.work += _VISIT_S
    tree.rounded = None
    left = propagate(tree.whole, node.alive)
    if is_settled(tree, node, left):
        return 1
    search = open_prices(tree.whole, left, node.prices, node.columns)
    done = 1
    while done < iterations and not (search.worth.spare > 0.0 or search.converged):
        improve(search)
        done += 1
        if is_over():
            tree.open.append(node)  # for a run that goes on
            return done
    tree.work += search.work
    pruned = prune(tree, node, left, search.prices, search.worth)
    if pruned is not None:
        _branch(tree, node, pruned[0], search, pruned[1])
    return done


def is_settled(tree: Tree, node: Open, left: Node, steps: tuple[Step, ...] = ()) -> bool:
    """Whether nothing is left to choose: no schedule, or only one."""
    if not left.is_possible:
        tree.proof[node.number] = Leaf(steps)
        return True
    if not left.free.any():
        tree.found = np.asarray(left.alive.argmax(axis=0))
        return True
    return False


def prune(
    tree: Tree, node: Open, left: Node, prices: Prices, worth: Worth
) -> tuple[Node, tuple[Step, ...]] | None:
    """Return what prices leave of a node, and the steps to it; None if the node is settled."""
    if worth.spare > 0.0:
        nothing = np.zeros_like(left.alive)
        tree.proof[node.number] = Leaf((Step.of(*prices, nothing),))
        return None
    refuted = refuted_pairs(tree.whole, left, prices, worth)
    tree.work += fixing_work(left)
    if not refuted.any():
        return left, ()
    steps = (Step.of(*prices, refuted),)
    left = propagate(tree.whole, left.alive & ~refuted)
    return None if is_settled(tree, node, left, steps) else (left, steps)


def split(tree: Tree, node: Open, task: int, j: int, steps: tuple[Step, ...]) -> Open:
    """Branch on a pair: open the node without it, return the one with it, still to be opened."""
    first = len(tree.proof)
    tree.proof[node.number] = Branch(steps, task, j, first, first + 1)
    tree.proof += [None, None]
    here, elsewhere = node.alive.copy(), node.alive.copy()
    elsewhere[j, task] = False
    here[:, task] = False
    here[j, task] = True
    tree.open.append(node._replace(number=first + 1, alive=elsewhere))
    return node._replace(number=first, alive=here)


def _branch(tree: Tree, node: Open, left: Node, search: Search, steps: tuple[Step, ...]) -> None:
    """Put one task or several on the node where the prices want them, or one of them elsewhere."""
    share = np.where(left.alive, search.share if search.share.size else 0.0, -1.0)
    tree.rounded = np.asarray(share.argmax(axis=0))
    tasks = _chosen(tree, left, share)
    node = Open(node.number, left.alive, search.prices, binding(search))
    # A chain of branches: the next task is considered where the last one is in its place.
    for task in tasks:
        node = split(tree, node, int(task), int(tree.rounded[task]), steps)
        steps = ()
    tree.open.append(node)


def _chosen(tree: Tree, left: Node, share: FloatArray) -> IntArray:
    """Return the tasks to put on nodes, the surest first."""
    free = np.flatnonzero(left.free)
    most = share[:, free].max(axis=0)
    # Among equally sure tasks the longest goes first: it decides most.
    length = np.where(left.alive, tree.whole.times, np.inf).min(axis=0)[free]
    order = np.lexsort((-length, -most.round(6)))
    sure = int((most >= _SURE).sum())
    return free[order[: max(1, min(sure, int(tree.together * len(free))))]]

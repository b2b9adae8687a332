"""A proof on its way: the root raises the deadline, then trees decide those that are left."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edgeopt.optim.scheduling.branch_and_price.root import (
    Root,
    note_refuted,
    open_root,
    raise_deadline,
)
from edgeopt.optim.scheduling.branch_and_price.tree import (
    Tree,
    dive_visits,
    plant,
    replanted,
    visit,
)
from edgeopt.optim.scheduling.branch_and_price.whole import whole_problem
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem


@dataclass
class Proof:
    """What refutes deadlines, and what is open.

    Attributes
    ----------
    root : Root
        Deadlines, prices at the root, and the certificate.
    trees : dict
        The trees under way, by their deadlines in s.
    """

    root: Root
    trees: dict[float, Tree] = field(default_factory=dict)

    @property
    def visited(self) -> int:
        """The nodes visited in the trees under way."""
        return sum(tree.visited for tree in self.trees.values())

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.root.certificate


def open_proof(problem: Problem) -> Proof:
    """Return a proof in which no deadline has been tried."""
    return Proof(open_root(problem))


def work_in_trees(
    problem: Problem, proof: Proof, turn: int, iterations: int
) -> list[IntArray] | None:
    """Visit nodes of a tree; return the schedules found, or None if there is no deadline left.

    Parameters
    ----------
    problem : Problem
        What is to be proved about.
    proof : Proof
        Is changed.
    turn : int
        Says whose turn it is, see `Deadlines.tree_target`.
    iterations : int
        Of the prices, as many as begin a visit.
    """
    root, deadlines = proof.root, proof.root.deadlines
    target = deadlines.tree_target(turn)
    if target is None:
        return None
    deadline, tried = target
    if deadline not in proof.trees:
        whole = whole_problem(problem, deadline, deadlines.unit)
        proof.trees[deadline] = plant(whole, root.prices, root.columns)
    tree = proof.trees[deadline] = replanted(proof.trees[deadline], root.prices, root.columns)
    schedules = list[IntArray]()
    done, before = 0, tree.work
    while done < iterations and tree.open and tree.found is None and not is_over():
        done += visit(tree)
        if tree.rounded is not None:
            schedules.append(tree.rounded)
    root.work += tree.work - before
    if tree.found is not None:
        schedules.append(tree.found)
        deadlines.given_up.add(deadline)  # met, or so close that rounding decides
    elif tree.is_refuted:
        leaves = tuple(node for node in tree.proof if node is not None)
        note_refuted(problem, root, tree.whole, leaves)
    elif tried and tree.visited >= dive_visits(problem.tasks):
        deadlines.tried.add(deadline)
    low, high = deadlines.refuted, deadlines.met
    kept = {d: t for d, t in proof.trees.items() if low < d < high}
    proof.trees = {d: t for d, t in kept.items() if d not in deadlines.given_up}
    return schedules


def completed(
    problem: Problem, certificate: Certificate | None, makespan: float
) -> Certificate | None:
    """Return a certificate for the makespan of an optimal schedule, else the best there is.

    A run that ends as soon as a plain bound meets its schedule leaves no certificate, or one for a
    shorter deadline; prices at the root are enough for these.

    Parameters
    ----------
    problem : Problem
        What is proved about.
    certificate : Certificate or None
        What the run has proved.
    makespan : float
        Of an optimal schedule in s.
    """
    proof = open_proof(problem)
    deadlines = proof.root.deadlines
    deadlines.met = makespan
    refuted = -math.inf if certificate is None else certificate.deadline
    if refuted >= deadlines.highest:
        return certificate
    while not deadlines.failed and not deadlines.root_is_done and not is_over():
        raise_deadline(problem, proof.root, 1)
    return proof.certificate if deadlines.refuted > refuted else certificate

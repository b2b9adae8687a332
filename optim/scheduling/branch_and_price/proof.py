"""A proof on its way: the root raises the deadline; dives and trees decide those that are left."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edgeopt.optim.scheduling.branch_and_price.dive import Dive, advance, open_dive
from edgeopt.optim.scheduling.branch_and_price.root import (
    Root,
    note_refuted,
    open_root,
    raise_deadline,
)
from edgeopt.optim.scheduling.branch_and_price.tree import (
    Tree,
    descent_visits,
    plant,
    replanted,
    visit,
)
from edgeopt.optim.scheduling.branch_and_price.whole import whole_problem
from edgeopt.optim.scheduling.certificate import Certificate
from edgeopt.optim.scheduling.run_time import is_over
from edgeopt.problems.errors import IntArray
from edgeopt.problems.scheduling.problem import Problem

_ALONE = 10  # times columns are taken back, after which a dive shares the work with others


@dataclass
class Proof:
    """What refutes deadlines, and what is open.

    Attributes
    ----------
    root : Root
        Deadlines, prices at the root, and the certificate.
    dives : dict
        To schedules within deadlines, by these in s.
    trees : dict
        The trees of deadlines whose dives are lost.
    """

    root: Root
    dives: dict[float, Dive] = field(default_factory=dict)
    trees: dict[float, Tree] = field(default_factory=dict)

    @property
    def visited(self) -> int:
        """The nodes visited in the trees under way."""
        return sum(tree.visited for tree in self.trees.values())

    @property
    def is_diving(self) -> bool:
        """Whether a dive is under way, or none was begun."""
        return not self.dives or any(not dive.is_lost for dive in self.dives.values())

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.root.certificate


def open_proof(problem: Problem) -> Proof:
    """Return a proof in which no deadline has been tried."""
    return Proof(open_root(problem))


def work_on_deadline(
    problem: Problem, proof: Proof, turn: int, iterations: int
) -> list[IntArray] | None:
    """Dive, or visit nodes of a tree; return the schedules found, None if no deadline is left.

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
    target = deadlines.tree_target(0 if _is_promising(proof) else turn)
    if target is None:
        return None
    deadline, tried = target
    if deadline not in proof.dives:
        whole = whole_problem(problem, deadline, deadlines.unit)
        proof.dives[deadline] = open_dive(whole, root.lowest)
    dive = proof.dives[deadline]
    if dive.is_lost:
        schedules = _search_tree(problem, proof, dive, iterations)
        if tried and proof.trees[deadline].visited >= descent_visits(problem.tasks):
            deadlines.tried.add(deadline)
    else:
        schedules = _dive(proof, dive, iterations)
    low, high = deadlines.refuted, deadlines.met
    left = {d for d in proof.dives if low < d < high and d not in deadlines.given_up}
    proof.dives = {d: dive for d, dive in proof.dives.items() if d in left}
    proof.trees = {d: tree for d, tree in proof.trees.items() if d in left}
    return schedules


def _is_promising(proof: Proof) -> bool:
    """Whether the dive to the lowest deadline is worth all the work."""
    target = proof.root.deadlines.tree_target(0)
    dive = None if target is None else proof.dives.get(target[0])
    return dive is None or not (dive.is_lost or dive.taken_back > _ALONE)


def _dive(proof: Proof, dive: Dive, iterations: int) -> list[IntArray]:
    """Dive on for some iterations; return the schedule if there is one."""
    before = dive.work
    for _ in range(iterations):
        advance(dive)
        if dive.is_lost or dive.found is not None or is_over():
            break
    proof.root.work += dive.work - before
    if dive.found is None:
        return []
    # It is met, or so close that rounding decides.
    proof.root.deadlines.given_up.add(dive.whole.deadline)
    return [dive.found]


def _search_tree(problem: Problem, proof: Proof, dive: Dive, iterations: int) -> list[IntArray]:
    """Visit nodes of the tree of a deadline; return the schedules found."""
    root, deadline = proof.root, dive.whole.deadline
    if deadline not in proof.trees:
        proof.trees[deadline] = plant(dive.whole, root.prices, root.columns)
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
        root.deadlines.given_up.add(deadline)
    elif tree.is_refuted:
        leaves = tuple(node for node in tree.proof if node is not None)
        note_refuted(problem, root, tree.whole, leaves)
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

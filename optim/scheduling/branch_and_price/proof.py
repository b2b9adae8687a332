"""A proof on its way: the root raises the deadline; dives and trees decide those that are left."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edgeopt.optim.scheduling.branch_and_price.deadlines import Deadlines
from edgeopt.optim.scheduling.branch_and_price.dive import FEW_NODES, Dive, advance, open_dive
from edgeopt.optim.scheduling.branch_and_price.long_tasks import (
    LongTasks,
    raise_by_long_tasks,
    walk_on,
)
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

_FEW_TASKS = 60  # trees may decide any deadline

_PAIRS = 20_000  # of task and node; with more, dives that bisect gain less than the search

_CLOSE, _CLOSER = 0.25, 1 / 64  # of the gap: what the root leaves below a deadline that failed

_NARROW = 16  # as part of the gap: closer to the best schedule, dives begin anew further below

_IN_VAIN = 2  # dives, after which others seem less worth than the search

_AS_ROOT = 2  # times the root's work: so long may the first dives take

_OPEN_S = 1e-3  # time to begin a dive


@dataclass
class Bisection:
    """Dives to ever better schedules, where deadlines are too many for trees.

    Attributes
    ----------
    dive : Dive or None
        Under way.
    low : float
        The last deadline whose dive found no schedule, in s.
    patience : int
        How often a dive may take columns back.
    most : float
        Work that a dive may take at first, as `Root.work`; 0 before the first.
    in_vain : int
        Dives since the last that found a schedule.
    """

    dive: Dive | None = None
    low: float = -math.inf
    patience: int = _ALONE
    most: float = 0.0
    in_vain: int = 0

    @property
    def is_promising(self) -> bool:
        """Whether dives seem worth as much time as the search."""
        return self.in_vain < _IN_VAIN

    def has_given_up(self, dive: Dive) -> bool:
        """Whether a dive has ended in vain, takes too long, or has taken back too many columns."""
        longest = self.most * self.patience / _ALONE
        return dive.is_lost or dive.taken_back > self.patience or dive.work > longest


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
    long_tasks : LongTasks
        Trees of another kind and a walk where deadlines are too many for these.
    bisection : Bisection
        Dives there.
    """

    root: Root
    dives: dict[float, Dive] = field(default_factory=dict)
    trees: dict[float, Tree] = field(default_factory=dict)
    long_tasks: LongTasks = field(default_factory=LongTasks)
    bisection: Bisection = field(default_factory=Bisection)

    @property
    def visited(self) -> int:
        """The nodes visited in the trees under way."""
        return sum(tree.visited for tree in self.trees.values())

    @property
    def may_close_gap(self) -> bool:
        """Whether closing a gap of many deadlines seems worth as much time as the search."""
        long_tasks = self.long_tasks
        return self.bisection.is_promising or not long_tasks.has_ended or long_tasks.has_walk

    @property
    def is_diving(self) -> bool:
        """Whether a dive is under way, or none was begun."""
        return not self.dives or any(not dive.is_lost for dive in self.dives.values())

    @property
    def certificate(self) -> Certificate | None:
        """The proof for the largest deadline refuted."""
        return self.root.certificate


def in_reach_of_trees(problem: Problem, deadlines: Deadlines) -> bool:
    """Whether trees may decide the deadlines that the root leaves: these, or the tasks, are few."""
    return deadlines.is_few_units or problem.tasks <= _FEW_TASKS


def gains_by_dives(problem: Problem) -> bool:
    """Whether dives that bisect may gain more than the root or the search in the same time."""
    some = problem.tasks > _FEW_TASKS and problem.nodes > FEW_NODES
    return some and problem.tasks * problem.nodes <= _PAIRS


def open_proof(problem: Problem) -> Proof:
    """Return a proof in which no deadline has been tried."""
    root = open_root(problem)
    root.deadlines.close = _CLOSE if gains_by_dives(problem) else 0.0
    return Proof(root)


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
    target = deadlines.tree_target(0 if _is_diving_well(proof) else turn)
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


def _is_diving_well(proof: Proof) -> bool:
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


def close_gap(
    problem: Problem, proof: Proof, iterations: int, dives: bool = True
) -> list[IntArray] | None:
    """Find better schedules by dives, or by the longest tasks, which also raise the bound.

    Return the schedules found, None if neither is possible.

    Parameters
    ----------
    problem : Problem
        What is to be proved about.
    proof : Proof
        Is changed; its root is done.
    iterations : int
        Of a dive.
    dives : bool
        Whether there is time for dives.
    """
    long_tasks = proof.long_tasks
    trees = problem.matrix.size <= _PAIRS and not long_tasks.has_ended
    schedules = None
    if dives and (proof.bisection.is_promising or not (trees or long_tasks.has_walk)):
        schedules = _bisect(problem, proof, iterations)
    if schedules is None and long_tasks.has_walk:
        schedules = walk_on(proof.root, long_tasks)
    elif schedules is None and trees:
        schedules = raise_by_long_tasks(problem, proof.root, long_tasks)
    return schedules


def _bisect(problem: Problem, proof: Proof, iterations: int) -> list[IntArray] | None:
    """Dive to a deadline between the best schedule and those without; return a schedule found.

    The deadline is half way between the best schedule and the last one to which a dive found none,
    or the largest refuted. Once these are close, dives begin from there again and may take twice as
    long. After some in vain, the root is to refute more. None is returned if no dive is possible.
    """
    if problem.nodes <= FEW_NODES:
        return None
    deadlines, bisection = proof.root.deadlines, proof.bisection
    low, high = max(bisection.low, deadlines.refuted), deadlines.highest
    if high - low < (high - deadlines.refuted) / _NARROW:
        bisection.dive, bisection.low = None, -math.inf
        bisection.patience *= 2
        return []
    bisection.most = bisection.most or _AS_ROOT * proof.root.work
    dive = bisection.dive
    if dive is None or not low < dive.whole.deadline < high:
        whole = whole_problem(problem, deadlines.half_way(low), deadlines.unit)
        dive = open_dive(whole, proof.root.lowest, afresh=True)
        proof.root.work += _OPEN_S
        if dive.is_lost:
            return None
        bisection.dive = dive
    schedules = _dive(proof, dive, iterations)
    if dive.found is not None:
        proof.bisection = Bisection(low=bisection.low, most=bisection.most)
    elif bisection.has_given_up(dive):
        bisection.dive, bisection.low = None, dive.whole.deadline
        bisection.in_vain += 1
        if not bisection.is_promising:
            deadlines.close = min(deadlines.close, _CLOSER)
    return schedules


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
        note_refuted(problem, root, tree.whole, tree.certified)
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

"""The bound by trees over the longest tasks, which deadlines are tried, and the walks."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.branch_and_price import long_tasks as module
from edgeopt.optim.scheduling.branch_and_price import proof as proof_module
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.branch_and_price.long_tasks import raise_by_long_tasks, walk_on
from edgeopt.optim.scheduling.branch_and_price.proof import close_gap, open_proof
from edgeopt.optim.scheduling.branch_and_price.root import raise_deadline
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice, BranchAndPriceState
from edgeopt.optim.scheduling.certificate import Leaf
from edgeopt.optim.scheduling.lifting import Lifting, lift
from edgeopt.optim.scheduling.run_time import budget_used, spending, within
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Progress
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

LUMPY = load_problem("devices:all:70x8:seed=1")
"""Few tasks are most of the work."""


def begun(makespan, problem=LUMPY):
    """Return a proof whose root is done, for a best makespan relative to the bound."""
    proof = open_proof(problem)
    deadlines = proof.root.deadlines
    deadlines.met, deadlines.close = makespan * deadlines.bound, 0.0
    while not deadlines.root_is_done:
        raise_deadline(problem, proof.root, 1)
    return proof


def test_long_tasks_raise_a_bound_that_columns_cannot():
    proof = begun(1.01)
    root, deadlines = proof.root, proof.root.deadlines
    before, work, bounds = root.bound, root.work, []
    while len(bounds) < 60 and not proof.long_tasks.has_ended:
        for schedule in raise_by_long_tasks(LUMPY, root, proof.long_tasks):
            assert LUMPY.makespan(schedule) >= root.bound
        bounds.append(root.bound)
    assert bounds == sorted(bounds)
    assert bounds[-1] > before + 0.1 * (deadlines.met - before)
    assert root.work > work
    assert check_certificate(LUMPY, proof.certificate) == pytest.approx(root.bound, rel=1e-9)


@pytest.fixture
def outcomes(monkeypatch):
    """Have trees end as a list says (True: refuted), in given places; note what they were for."""
    log = SimpleNamespace(refuted=[], places=[], parts=[], most=[], work=0.0)

    def plant(problem, root, long_tasks):
        search = planted(problem, root, long_tasks)
        if search is not None:
            deadlines = root.deadlines
            gap = deadlines.highest - deadlines.refuted
            log.parts.append((search.tree.whole.deadline - deadlines.refuted) / gap)
            log.most.append(long_tasks.most)
        return search

    def visit(search):
        tree = search.tree
        if log.refuted and log.refuted.pop(0):
            tree.open, tree.proof = [], [Leaf(())]
        else:
            tree.work += log.work or 100.0
            search.places = log.places.pop(0) if log.places and not log.work else None

    planted = module._planted
    monkeypatch.setattr(module, "_planted", plant)
    monkeypatch.setattr(module, "visit_lp", visit)
    monkeypatch.setattr(module, "_VISITS", 1)
    return log


def tried(outcomes, seconds=np.inf, proof=None):
    """Return the parts of the gap that all trees begun within some seconds were to raise."""
    proof = proof or begun(1.05)
    with within(seconds):
        while not proof.long_tasks.has_ended:
            raise_by_long_tasks(LUMPY, proof.root, proof.long_tasks)
            assert len(outcomes.parts) < 40
    return outcomes.parts


def test_deadlines_rise_faster_after_trees_that_refute_and_slower_after_others(outcomes):
    outcomes.refuted = [True, True, False, True, False, False, False]
    parts = [1 / 4, 1 / 2, 1 / 2, 1 / 4, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
    assert tried(outcomes)[:8] == pytest.approx(parts, rel=1e-6)
    assert outcomes.most[:9] == [0.5] * 8 + [1.0]


def test_two_rounds_in_vain_are_the_last(outcomes):
    assert tried(outcomes) == pytest.approx([1 / 4, 1 / 8, 1 / 16] * 2, rel=1e-6)
    assert outcomes.most == [0.5] * 3 + [1.0] * 3


def test_trees_go_on_as_long_as_some_refute(outcomes):
    outcomes.refuted = ([False] * 4 + [True]) * 4
    assert len(tried(outcomes)) > 18


def test_a_tree_may_take_a_quarter_of_the_time_left(outcomes):
    assert tried(outcomes, 1.9) == []
    outcomes.refuted = []
    assert tried(outcomes, 3.5) == pytest.approx([1 / 4, 1 / 8, 1 / 16], rel=1e-6)


def test_a_bound_beyond_the_best_schedule_is_not_tried(outcomes):
    proof = begun(1.05)
    proof.root.deadlines.refuted = proof.root.deadlines.highest
    assert tried(outcomes, proof=proof) == []


def test_a_tree_ends_once_a_schedule_is_found_or_the_best_is_shorter(outcomes):
    outcomes.work = 0.01
    proof = begun(1.05)
    root, long_tasks = proof.root, proof.long_tasks
    raise_by_long_tasks(LUMPY, root, long_tasks)
    first = long_tasks.tree
    first.tree.found = np.arange(70) % 8
    assert np.array_equal(raise_by_long_tasks(LUMPY, root, long_tasks), [first.tree.found])
    assert long_tasks.tree is None
    raise_by_long_tasks(LUMPY, root, long_tasks)
    second = long_tasks.tree
    raise_by_long_tasks(LUMPY, root, long_tasks)
    assert long_tasks.tree is second
    root.deadlines.met = second.tree.whole.deadline
    raise_by_long_tasks(LUMPY, root, long_tasks)
    assert long_tasks.tree.tree.whole.deadline < second.tree.whole.deadline


def test_trees_come_after_dives_in_vain_and_in_their_stead(outcomes, monkeypatch):
    proof = begun(1.05)
    dives = []
    monkeypatch.setattr(proof_module, "_bisect", lambda *_: dives.append(None) or [])
    for in_vain, time, expected in ((0, True, (1, 0)), (2, True, (1, 1)), (0, False, (1, 2))):
        proof.bisection.in_vain = in_vain
        assert close_gap(LUMPY, proof, 1, time) == []
        assert (len(dives), len(outcomes.parts)) == expected
    assert proof.may_close_gap
    proof.long_tasks.has_ended, proof.bisection.in_vain = True, 2
    assert not proof.may_close_gap
    assert close_gap(LUMPY, proof, 1) == []
    assert close_gap(LUMPY, proof, 1, dives=False) is None
    assert (len(dives), len(outcomes.parts)) == (2, 2)
    monkeypatch.setattr(proof_module, "_PAIRS", 559)
    proof.long_tasks.has_ended = False
    assert close_gap(LUMPY, proof, 1, dives=False) is None


def test_a_search_has_the_bound_without_dives(outcomes):
    outcomes.refuted = [True]
    proof = begun(1.05)
    proof.bisection.in_vain = 2
    met, before = proof.root.deadlines.met, proof.root.bound
    lifting = Lifting(allowed=proof.root.work, proof=proof, met=met)
    lift(LUMPY, lifting, Progress(1, makespan=met))
    assert lifting.bound == pytest.approx(before + (met - before) / 4, rel=1e-4)


LONGEST = np.argsort(-LUMPY.matrix.min(axis=1), kind="stable")[:8]


def given_up(problem, proof):
    """Work in trees until one is given up, or there are no more."""
    long_tasks = proof.long_tasks
    part = long_tasks.part
    while long_tasks.part == part and not long_tasks.has_ended:
        raise_by_long_tasks(problem, proof.root, long_tasks)


def test_a_walk_keeps_the_longest_tasks_where_a_tree_has_put_them(outcomes):
    outcomes.places = [np.full(8, 2), np.full(8, 2), np.full(8, 5)]
    proof = begun(1.05)
    long_tasks, proof.bisection.in_vain = proof.long_tasks, 2
    close_gap(LUMPY, proof, 1)
    assert long_tasks.has_walk
    long_tasks.left = 1.0
    work, best = proof.root.work, np.inf
    while long_tasks.has_walk:
        assert proof.may_close_gap
        for schedule in close_gap(LUMPY, proof, 1, dives=False):
            assert set(schedule[LONGEST]) == {2}
            assert LUMPY.makespan(schedule) < best
            best = LUMPY.makespan(schedule)
    assert len(outcomes.parts) == 1
    assert proof.root.work - work == pytest.approx(1.0, abs=0.1)
    assert long_tasks.evaluations > 10**7
    others = LUMPY.matrix.copy()
    others[LONGEST], others[LONGEST, 2] = np.inf, LUMPY.matrix[LONGEST, 2]
    assert best <= 1.01 * deadline_bound(Problem(others))
    given_up(LUMPY, proof)
    assert not long_tasks.has_walk  # the same places
    given_up(LUMPY, proof)
    assert long_tasks.places.tolist() == [5] * 8
    assert long_tasks.has_walk
    assert long_tasks.left == pytest.approx(200.0, abs=1.0)


def test_a_walk_plans_no_budget_and_ends_when_it_is_done(outcomes, monkeypatch):
    class Walk:
        def init(self, problem, rng):
            return State(assignment=np.arange(70) % 8, makespan=5.0, evaluations=3)

        def step(self, problem, state):
            assert budget_used() is None
            return State(assignment=state.assignment, makespan=5.0, evaluations=7, done=True)

    monkeypatch.setattr(module, "Frontier", Walk)
    outcomes.places = [np.full(8, 2)]
    proof = begun(1.05)
    given_up(LUMPY, proof)
    with spending(lambda: 0.5):
        assert len(walk_on(proof.root, proof.long_tasks)) == 1
        assert proof.long_tasks.has_walk
        assert walk_on(proof.root, proof.long_tasks) == []
    assert not proof.long_tasks.has_walk
    assert proof.long_tasks.evaluations == 7


def test_a_walk_minds_memory_and_ready_times(outcomes):
    outcomes.places = [np.full(8, 2)]
    memory, ready = np.ones(70), np.linspace(0.0, 0.1, 8)
    problem = Problem(LUMPY.matrix, memory, np.full(8, 10.0), ready=ready)
    proof = begun(1.5, problem)
    given_up(problem, proof)
    schedules = [each for _ in range(3) for each in walk_on(proof.root, proof.long_tasks)]
    assert schedules
    for schedule in schedules:
        assert set(schedule[LONGEST]) == {2}
        assert problem.fits(schedule)
    assert problem.makespan(schedule) == proof.long_tasks.walk.makespan


def test_there_is_no_walk_in_places_that_do_not_fit(outcomes):
    outcomes.places = [np.full(8, 2), np.full(8, 3)]
    capacity = np.where(np.arange(8) == 2, 7.0, 10.0)  # for the eight tasks that it puts there
    problem = Problem(LUMPY.matrix, np.ones(70), capacity)
    proof = begun(1.5, problem)
    given_up(problem, proof)
    assert not proof.long_tasks.has_walk
    given_up(problem, proof)
    assert proof.long_tasks.has_walk


def test_a_run_has_the_evaluations_of_its_walks(outcomes):
    for count in (evaluations_of_lift, evaluations_of_branch_and_price):
        outcomes.places = [np.full(8, 2)]
        proof = begun(1.05)
        proof.bisection.in_vain = 2
        given_up(LUMPY, proof)
        assert count(proof) >= proof.long_tasks.evaluations > 10**6


def evaluations_of_lift(proof):
    """Return the evaluations of a proof beside a search."""
    lifting = Lifting(allowed=proof.root.work, proof=proof, met=proof.root.deadlines.met)
    for step in range(10):
        lift(LUMPY, lifting, Progress(step, 10**8 * step, makespan=lifting.met))
    return lifting.best.evaluations


def evaluations_of_branch_and_price(proof):
    """Return the evaluations of a solver's steps, a walk of its own left out."""
    state = BranchAndPriceState(proof=proof)
    state.makespan = proof.root.deadlines.met
    for _ in range(10):
        state = BranchAndPrice(temper=10**6).step(LUMPY, state)
    return state.evaluations

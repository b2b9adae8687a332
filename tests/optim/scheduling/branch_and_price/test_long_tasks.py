"""The bound by the longest tasks, against all ways to place these and a linear program each."""

import itertools
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import exact_optimum
from scipy.optimize import linprog
from strategies import problems_with_forbidden_pairs

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.branch_and_price import long_tasks as module
from edgeopt.optim.scheduling.branch_and_price import proof as proof_module
from edgeopt.optim.scheduling.branch_and_price.long_tasks import raise_by_long_tasks, walk_on
from edgeopt.optim.scheduling.branch_and_price.proof import close_gap, open_proof
from edgeopt.optim.scheduling.branch_and_price.root import raise_deadline
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice, BranchAndPriceState
from edgeopt.optim.scheduling.integer_program import (
    IntegerSolution,
    build_integer_program,
    solve_program,
)
from edgeopt.optim.scheduling.lifting import Lifting, lift
from edgeopt.optim.scheduling.run_time import budget_used, spending, within
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import Progress
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


def split_makespan(problem, number):
    """Return the least makespan where only so many of the longest tasks run on one node each."""
    x, times = problem.nodes, problem.matrix
    whole = np.argsort(-times.min(axis=1), kind="stable")[:number].tolist()
    least = np.inf
    for places in itertools.product(range(x), repeat=len(whole)):
        allowed = np.isfinite(times)
        for task, node in zip(whole, places, strict=True):
            allowed[task] &= np.arange(x) == node
        least = min(least, relaxed(times, allowed))
    return least


def relaxed(times, allowed):
    """Return the makespan of the linear program over the pairs given."""
    (k, x), pairs = times.shape, np.argwhere(allowed)
    loads, tasks = np.zeros((x, len(pairs) + 1)), np.zeros((k, len(pairs) + 1))
    loads[:, -1] = -1.0
    for column, (task, node) in enumerate(pairs):
        loads[node, column] = times[task, node]
        tasks[task, column] = 1.0
    cost = np.append(np.zeros(len(pairs)), 1.0)
    answer = linprog(cost, loads, np.zeros(x), tasks, np.ones(k))
    return answer.fun if answer.status == 0 else np.inf


def program_bound(problem, number):
    """Return the bound that HiGHS proves."""
    program = build_integer_program(problem, np.isfinite(problem.matrix))
    return solve_program(program._replace(longest=number), None).bound


def test_three_long_tasks_on_two_nodes():
    problem = Problem(np.repeat([[6.0], [6.0], [6.0], [1.0], [1.0]], 2, axis=1))
    bounds = [program_bound(problem, number) for number in (1, 2, 3, 5)]
    assert bounds == pytest.approx([10.0, 10.0, 12.0, 12.0], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, whole=False), st.integers(1, 3))
def test_the_bound_is_that_of_the_best_place_of_each_long_task(problem, number):
    bound, best = program_bound(problem, number), exact_optimum(problem)
    assert best is None or Fraction(bound) <= best
    if problem.ready is None and problem.task_memory is None:
        assert bound == pytest.approx(split_makespan(problem, number), rel=1e-5)


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
    while not proof.long_tasks.has_ended:
        for schedule in raise_by_long_tasks(LUMPY, root, proof.long_tasks):
            assert LUMPY.makespan(schedule) >= root.bound
        bounds.append(root.bound)
        assert deadlines.refuted == pytest.approx(root.bound, rel=1e-9)
        assert deadlines.refuted <= root.bound
    assert bounds == sorted(bounds)
    assert bounds[-1] > before + 0.05 * (deadlines.met - before)
    assert root.work > work
    certificate = proof.certificate
    assert certificate is not None
    assert certificate.deadline <= before  # HiGHS leaves none


@pytest.fixture
def answers(monkeypatch):
    """Have programs raise the bound as a list says, in shares of the gap; note their sizes."""
    log = SimpleNamespace(raises=[], whole=[], root=None, ended=True, assignments=[])

    def solve(program, start, mip_max_nodes):
        assert (start, mip_max_nodes) == (None, 1000)
        log.whole.append(program.longest)
        gap = log.root.deadlines.met - log.root.bound
        raised = log.raises.pop(0) if log.raises else 0.5
        assignment = log.assignments.pop(0) if log.assignments else None
        return IntegerSolution(assignment, log.root.bound + raised * gap, log.ended, work=0.25)

    monkeypatch.setattr(module, "solve_program", solve)
    return log


def programs(answers, seconds=np.inf):
    """Return the numbers of whole tasks of all programs begun within some seconds, and the root."""
    proof = begun(1.05)
    answers.root = proof.root
    with within(seconds):
        while not proof.long_tasks.has_ended:
            raise_by_long_tasks(LUMPY, proof.root, proof.long_tasks)
            assert len(answers.whole) < 9
    return answers.whole, proof.root


def test_each_program_has_twice_as_many_whole_tasks_as_long_as_some_are_split(answers):
    assert programs(answers)[0] == [4, 8, 16, 32, 64]


def test_two_programs_that_raise_the_bound_by_little_are_the_last(answers):
    answers.raises = [0.01, 0.02, 0.01, 0.015, 0.5]
    whole, root = programs(answers)
    assert whole == [4, 8, 16, 32]
    assert root.work > 1.0


def test_a_program_that_does_not_end_is_the_last(answers):
    answers.ended = False
    assert programs(answers)[0] == [4]


def test_a_program_is_begun_only_if_there_is_time_for_twice_the_last(answers):
    assert programs(answers, 1.9)[0] == [4]
    assert programs(answers, 5e-3)[0] == [4]


def test_a_bound_beyond_the_best_schedule_proves_that(answers):
    answers.raises = [1.5]
    _, root = programs(answers)
    assert root.bound == root.deadlines.met
    assert root.deadlines.is_settled


def test_programs_come_after_dives_in_vain_and_in_their_stead(answers, monkeypatch):
    proof = begun(1.05)
    answers.root = proof.root
    tried = []
    monkeypatch.setattr(proof_module, "_bisect", lambda *_: tried.append(None) or [])
    for in_vain, dives, expected in ((0, True, (1, 0)), (2, True, (1, 1)), (0, False, (1, 2))):
        proof.bisection.in_vain = in_vain
        assert close_gap(LUMPY, proof, 1, dives) == []
        assert (len(tried), len(answers.whole)) == expected
    assert proof.is_promising
    proof.long_tasks.has_ended, proof.bisection.in_vain = True, 2
    assert not proof.is_promising
    assert close_gap(LUMPY, proof, 1) == []
    assert close_gap(LUMPY, proof, 1, dives=False) is None
    assert (len(tried), len(answers.whole)) == (2, 2)
    monkeypatch.setattr(proof_module, "_PAIRS", 559)
    proof.long_tasks.has_ended = False
    assert close_gap(LUMPY, proof, 1, dives=False) is None


def test_a_search_has_the_bound_without_dives(answers):
    proof = begun(1.05)
    answers.root, proof.bisection.in_vain = proof.root, 2
    met, before = proof.root.deadlines.met, proof.root.bound
    lifting = Lifting(allowed=proof.root.work, proof=proof, met=met)
    lift(LUMPY, lifting, Progress(1, makespan=met))
    assert answers.whole == [4]
    assert lifting.bound == pytest.approx((before + met) / 2)


LONGEST = np.argsort(-LUMPY.matrix.min(axis=1), kind="stable")[:8]


def placements(*nodes):
    """Return schedules that have the longest eight tasks on one node each time."""
    each = np.arange(70) % 8
    return [np.where(np.isin(np.arange(70), LONGEST), node, each) for node in nodes]


def test_a_walk_keeps_the_longest_tasks_where_a_program_has_put_them(answers):
    answers.assignments, answers.raises = placements(3, 2, 5), [0.5, 0.5, 0.01, 0.01]
    proof = begun(1.05)
    answers.root, programs = proof.root, proof.long_tasks
    proof.bisection.in_vain = 2
    while not programs.has_ended:
        assert proof.is_promising
        close_gap(LUMPY, proof, 1)
    assert answers.whole == [4, 8, 16, 32]
    work, best = proof.root.work, np.inf
    while programs.has_walk:
        assert proof.is_promising
        [schedule] = close_gap(LUMPY, proof, 1, dives=False)
        assert set(schedule[LONGEST]) == {2}
        best = min(best, LUMPY.makespan(schedule))
    assert not proof.is_promising
    assert proof.root.work - work == pytest.approx(4 * 0.25, abs=0.1)
    assert programs.evaluations > 10**7
    others = LUMPY.matrix.copy()
    others[LONGEST], others[LONGEST, 2] = np.inf, LUMPY.matrix[LONGEST, 2]
    assert best <= 1.01 * deadline_bound(Problem(others))


def test_a_walk_plans_no_budget_and_ends_when_it_is_done(answers, monkeypatch):
    class Walk:
        def init(self, problem, rng):
            return State(assignment=placements(2)[0], evaluations=3)

        def step(self, problem, state):
            assert budget_used() is None
            return State(assignment=None, evaluations=7, done=True)

    monkeypatch.setattr(module, "Frontier", Walk)
    answers.assignments = placements(3, 2)
    proof = begun(1.05)
    answers.root, programs = proof.root, proof.long_tasks
    while not programs.has_walk:
        raise_by_long_tasks(LUMPY, proof.root, programs)
    with spending(lambda: 0.5):
        assert len(walk_on(proof.root, programs)) == 1
        assert programs.has_walk
        assert walk_on(proof.root, programs) == []
    assert not programs.has_walk
    assert programs.evaluations == 7


def test_a_walk_minds_memory_and_ready_times(answers):
    answers.assignments = placements(3, 2)
    memory, ready = np.ones(70), np.linspace(0.0, 0.1, 8)
    problem = Problem(LUMPY.matrix, memory, np.full(8, 10.0), ready=ready)
    proof = begun(1.5, problem)
    answers.root, programs = proof.root, proof.long_tasks
    while not programs.has_walk:
        raise_by_long_tasks(problem, proof.root, programs)
    for _ in range(3):
        [schedule] = walk_on(proof.root, programs)
        assert problem.fits(schedule)
        assert problem.makespan(schedule) == programs.walk.makespan


def test_there_is_no_walk_from_an_answer_that_does_not_fit(answers):
    answers.assignments, answers.raises = placements(3, 2), [0.5, 0.5, 0.01, 0.01]
    capacity = np.where(np.arange(8) == 2, 7.0, 10.0)  # for the eight tasks that it puts there
    problem = Problem(LUMPY.matrix, np.ones(70), capacity)
    proof = begun(1.5, problem)
    answers.root, programs = proof.root, proof.long_tasks
    while not programs.has_ended:
        raise_by_long_tasks(problem, proof.root, programs)
        assert not programs.has_walk


def test_there_is_no_second_walk_with_the_same_places_nor_after_a_program_in_vain(answers):
    answers.assignments, answers.raises = placements(3, 2, 2, 4, 5), [0.5, 0.5, 0.5, 0.01, 0.5]
    proof, seen = begun(1.05), []
    answers.root, programs = proof.root, proof.long_tasks
    while not programs.has_ended:
        raise_by_long_tasks(LUMPY, proof.root, programs)
        seen.append(programs.has_walk)
        programs.placed = None
    assert answers.whole == [4, 8, 16, 32, 64]
    assert seen == [False, True, False, False, True, False]


def test_a_run_has_the_evaluations_of_its_walks(answers):
    for count in (evaluations_of_lift, evaluations_of_branch_and_price):
        answers.assignments, answers.raises = placements(3, 2), [0.5, 0.5, 0.0, 0.0]
        proof = begun(1.05)
        answers.root, proof.bisection.in_vain = proof.root, 2
        assert count(proof) >= proof.long_tasks.evaluations > 10**6


def evaluations_of_lift(proof):
    """Return the evaluations of a proof beside a search."""
    lifting = Lifting(allowed=proof.root.work, proof=proof, met=proof.root.deadlines.met)
    for step in range(40):
        lift(LUMPY, lifting, Progress(step, 10**8 * step, makespan=lifting.met))
    return lifting.best.evaluations


def evaluations_of_branch_and_price(proof):
    """Return the evaluations of a solver's steps, a walk of its own left out."""
    state = BranchAndPriceState(proof=proof)
    state.makespan = proof.root.deadlines.met
    for _ in range(40):
        state = BranchAndPrice(temper=10**6).step(LUMPY, state)
    return state.evaluations

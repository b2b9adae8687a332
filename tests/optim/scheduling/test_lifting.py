"""The proof that grows during a run: it ends runs as optimal, by counted work."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import exact_optimum
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.rounding import sum_rounding
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.branch_and_price.dive import open_dive
from edgeopt.optim.scheduling.branch_and_price.proof import completed
from edgeopt.optim.scheduling.branch_and_price.root import open_root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.tree import plant
from edgeopt.optim.scheduling.branch_and_price.whole import whole_problem
from edgeopt.optim.scheduling.lifting import Lifting, lift, lifts_bound
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations, Progress
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


@pytest.mark.parametrize("kind", ["jobs", "u_100_200", "machines"])
def test_a_run_ends_when_the_bound_meets_its_schedule(kind):
    problem = load_problem(f"rcmax:{kind}:20x6:seed=1")
    bounds = []
    result = solve(
        problem,
        Frontier(),
        stop=Iterations(200),
        rng=1,
        callback=lambda progress: bounds.append(progress.lower_bound),
    )
    assert result.status == "optimal"
    assert deadline_bound(problem) < result.lower_bound == result.makespan
    assert bounds == sorted(bounds)


def test_equal_seeds_prove_the_same():
    problem = load_problem("rcmax:u_100_200:100x10:seed=2")
    found = [solve(problem, Frontier(), stop=Iterations(12), rng=1) for _ in range(2)]
    assert found[0].lower_bound == found[1].lower_bound > deadline_bound(problem)
    assert found[0].as_dict() | {"seconds": 0} == found[1].as_dict() | {"seconds": 0}


def test_the_work_is_in_proportion_to_that_of_the_solver():
    problem, work = load_problem("rcmax:u_100_200:100x10:seed=2"), []
    for evaluations in (0, 20_000_000):
        lifting = Lifting()
        lift(problem, lifting, Progress(evaluations=evaluations))
        work.append((lifting.allowed, lifting.proof.root.work))
    (least, once), (most, often) = work
    assert (least, most) == (0.0005, 0.02)
    assert 0.0005 <= once < 0.01 < often < 0.03


def test_a_proof_that_seems_near_may_take_as_long_as_the_search_and_longer():
    """With few units left: in dives, then until trees had their descents, then in a stall."""
    problem, lifting = load_problem("rcmax:u_1_100:24x4:seed=6"), Lifting()
    lift(problem, lifting, Progress(makespan=161.0))
    whole, root = whole_problem(problem, 150.0, 1.0), lifting.proof.root
    dive, tree = open_dive(whole, None), plant(whole, root.prices, root.columns)
    cases = [({}, 0, 1, 40), ({150.0: dive}, 0, 2, 4), ({150.0: dive}, 100, 3, 1)]
    for dives, visited, step, factor in [*cases, ({150.0: dive}, 100, 18, 4)]:
        tree.visited = visited
        lifting.proof.dives, lifting.proof.trees = dives, {150.0: tree}
        lifting.allowed = -1.0  # nothing is done
        lift(problem, lifting, Progress(iterations=step, makespan=161.0))
        assert lifting.allowed + 1.0 == pytest.approx(factor * 0.0005)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        problems_with_forbidden_pairs(max_tasks=5, max_nodes=3),
        problems_with_forbidden_pairs(max_tasks=5, max_nodes=3, whole=False),
        wild_problems(max_tasks=5),
    ),
    st.booleans(),
)
def test_bounds_and_schedules_of_a_proof_hold(problem, known):
    best, lifting = exact_optimum(problem), Lifting()
    makespan = np.inf if best is None or not known else float(best)
    for step in range(1, 7):
        evaluations = 100_000_000 * step
        lift(problem, lifting, Progress(step, evaluations, makespan=makespan, stalled=99))
    if best is None:
        assert lifting.best.assignment is None
        return
    rounded = 1 + 2 * Fraction(sum_rounding(problem))
    assert Fraction(lifting.bound) <= best * rounded
    if lifting.best.assignment is not None:
        assert problem.fits(lifting.best.assignment)
        assert problem.makespan(lifting.best.assignment) == lifting.best.makespan
        assert Fraction(lifting.best.makespan) * rounded >= best
    if lifting.certificate is not None:
        assert Fraction(check_certificate(problem, lifting.certificate)) <= best * rounded


GAPS = ["rcmax:u_1_100:24x4:seed=6", "rcmax:u_1_100:16x3:utilisation=0.95:seed=2"]


@pytest.mark.parametrize("spec", GAPS)
def test_trees_close_what_the_root_leaves(spec):
    problem = load_problem(spec)
    root = open_root(problem)
    root.deadlines.met = np.inf
    while not root.deadlines.root_is_done:
        raise_deadline(problem, root, 20)
    result = solve(problem, Frontier(), stop=Iterations(200), rng=1)
    assert result.status == "optimal"
    assert root.bound < result.makespan == check_certificate(problem, result.certificate)


def test_real_times_are_proved_by_looking_at_all_schedules():
    problem = Problem(np.random.default_rng(1).uniform(1.0, 9.0, (9, 3)))
    result = solve(problem, Frontier(), stop=Iterations(200), rng=1)
    assert result.status == "optimal"
    assert result.makespan == pytest.approx(float(exact_optimum(problem)), rel=1e-12)


def test_what_the_proof_finds_is_the_run_s_and_the_solver_s(monkeypatch):
    class Idle(Frontier):
        """Never finds a schedule by itself."""

        def step(self, problem, state):
            state.evaluations += 10_000_000
            return state

    monkeypatch.setattr("edgeopt.optim.scheduling.lifting.is_own", lambda solver: True)
    problem = load_problem("rcmax:u_1_100:24x4:seed=6")
    result = solve(problem, Idle(), stop=Iterations(40), rng=1)
    first, state = Frontier().init(problem, np.random.default_rng(1)), result.state
    assert (result.makespan, result.status) == (160.0, "optimal")
    assert state.makespan == 160.0 < first.makespan
    assert state.walk.incumbent.makespan[0] * state.unit == pytest.approx(160.0)
    assert problem.makespan(state.walk.incumbent.assignment) == 160.0
    assert 0 < result.evaluations % 10_000_000 < 1_000_000  # those of the proof


def test_a_certificate_is_completed_where_a_plain_bound_ended_the_run():
    problem = load_problem("paper:20x4:seed=1")
    result = solve(problem, Frontier(), stop=Iterations(20), rng=1)
    assert (result.status, result.certificate) == ("optimal", None)
    proof = completed(problem, None, result.makespan)
    assert check_certificate(problem, proof) == pytest.approx(result.makespan, rel=1e-10)
    assert completed(problem, proof, result.makespan) is proof


@pytest.mark.parametrize("seed", [2, 3])
def test_the_bound_of_the_lp_has_a_certificate(seed):
    problem, lifting = load_problem(f"devices:families:200x12:batch=8:seed={seed}"), Lifting()
    for step in range(1, 6):
        lift(problem, lifting, Progress(step, 100_000_000 * step, makespan=np.inf))
    proved = check_certificate(problem, lifting.certificate)
    assert proved == pytest.approx(lifting.bound, rel=2e-9)
    assert proved == pytest.approx(deadline_bound(problem), rel=1e-3)


def test_who_asks_for_it():
    small = Problem(np.ones((3, 2)))
    assert lifts_bound(small, Frontier())
    assert not lifts_bound(small, LocalSearch())
    assert not lifts_bound(Problem(np.ones((30_001, 10))), Frontier())

"""What is called a bound or optimal is so in exact arithmetic, over wild scales."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import exact_makespan, exact_optimum
from proofs.draws import draw_problem
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling import exact_search
from edgeopt.optim.scheduling.bounds.knapsack_bound import knapsack_bound
from edgeopt.optim.scheduling.bounds.rounding import lifted_to_units, sum_rounding
from edgeopt.optim.scheduling.exact_search import search_better
from edgeopt.optim.scheduling.integer_program import (
    build_integer_program,
    cover_of,
    solve_program,
)
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.named_bounds import BOUNDS, best_bound
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.formats import load_file
from edgeopt.problems.scheduling.problem import Problem


@settings(max_examples=60, deadline=None)
@given(wild_problems())
def test_bounds_are_at_most_the_optimum(problem):
    best = exact_optimum(problem)
    short = {"knapsack": lambda p: knapsack_bound(p, 0.1), "best": lambda p: best_bound(p, 0.1)}
    for bound in (BOUNDS | short).values():
        assert Fraction(bound(problem)) <= best


@settings(max_examples=40, deadline=None)
@given(wild_problems(max_tasks=6))
def test_an_optimum_that_milp_proves_is_one(problem):
    best = exact_optimum(problem)
    result = solve(problem, MILP(bound_iterations=3), stop=Iterations(30), rng=0)
    rounded = 1 + 2 * Fraction(sum_rounding(problem))
    assert Fraction(result.lower_bound) <= best * rounded
    assert Fraction(result.makespan) * rounded >= best
    if result.status == "optimal":
        assert exact_makespan(problem, result.assignment.tolist()) <= best * rounded


@pytest.mark.parametrize(("name", "best"), [("ready.npz", 8.0), ("bytes.npz", 13.0)])
def test_instances_that_were_wrongly_proved(shared, name, best):
    path = shared.parent / "cases" / "milp" / name
    if not path.is_file():
        pytest.skip(f"file missing: {path}")
    result = solve(load_file(path), MILP(), stop=Iterations(400), rng=0)
    assert (result.makespan, result.lower_bound, result.status) == (best, best, "optimal")


def test_a_late_node_does_not_hide_the_times_of_the_others():
    problem = Problem([[2.0, 5.0, 7.0], [8.0, 3.0, 7.0], [8.0, 6.0, 5.0]], ready=[0.0, 0.0, 1e10])
    program = build_integer_program(problem, np.ones((3, 3), dtype=bool), 9.0)
    assert set(program.node) == {0, 1}  # no schedule of 9 s uses the late node
    assert (program.origin, program.scale) == (0.0, 9.0)
    answer = solve_program(program, None)
    assert answer.bound == pytest.approx(8.0, abs=1e-5)
    assert answer.bound < 8.0
    assert lifted_to_units(problem, answer.bound, 9.0) == pytest.approx(8.0, rel=1e-12)


def test_a_set_that_exceeds_a_capacity_by_less_than_the_tolerance_is_excluded():
    gibi = 2.0**30
    problem = Problem(
        np.ones((3, 2)), [gibi + 1, gibi + 1, 3 * gibi + 1], [4 * gibi + 1, 16 * gibi]
    )
    packed = np.array([1, 0, 0])
    assert cover_of(problem, packed) == (1, 2)  # 4 GiB + 2 byte
    assert cover_of(problem, np.array([0, 0, 1])) is None
    pairs = np.zeros((3, 2), dtype=bool)
    pairs[np.arange(3), packed] = True
    assert solve_program(build_integer_program(problem, pairs), None).bound < np.inf
    covered = build_integer_program(problem, pairs, covers=[(1, 2)])
    assert covered.covers == ((0, (1, 2)),)  # node 1 holds both
    assert solve_program(covered, None).bound == np.inf


def filled(seed, size):
    """Return a problem and a schedule that fills all nodes; `size` draws n sizes of tasks."""
    rng = np.random.default_rng(seed)
    plan, memory = rng.integers(0, 4, 8), size(rng, 8)
    capacity = np.bincount(plan, memory, 4)
    return Problem(rng.uniform(1.0, 9.0, (8, 4)), memory, capacity), plan


def blocks(spare):
    """Return how to draw sizes of some GiB, which `spare` byte may be added to or missing from."""
    return lambda rng, n: rng.integers(1, 9, n) * 2.0**30 + rng.integers(-1, 2, n) * spare


@pytest.mark.parametrize(
    ("seed", "spare"), [(417, 1), (119, 3), (228, 3), (189, 10), (281, 30), (621, 100)]
)
def test_memory_filled_to_the_last_byte(seed, spare):
    problem, plan = filled(seed, blocks(spare))
    makespan, pairs = problem.makespan(plan), np.ones((8, 4), dtype=bool)
    program = build_integer_program(problem, pairs, deadline=makespan)
    assert solve_program(program, None).bound <= makespan


def test_a_proof_where_many_sets_exceed_a_capacity_by_a_few_bytes():
    problem = Problem(**draw_problem(15, 974))
    result = solve(problem, MILP(bound_iterations=0), stop=Iterations(400), rng=974)
    assert result.status == "optimal"
    assert Fraction(result.makespan) <= exact_optimum(problem) * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "size",
    [
        blocks(1),
        lambda rng, n: rng.integers(1, 2**34, n) * 1.0,
        lambda rng, n: rng.integers(1, 9, n) * 0.1,
        lambda rng, n: rng.uniform(0.0, 8.0, n),
        lambda rng, n: 10.0 ** rng.uniform(-6.0, 12.0, n),
    ],
    ids=["blocks", "bytes", "decimal", "real", "spread"],
)
def test_what_fits_is_far_from_the_limits_of_the_program(seed, size):
    problem, plan = filled(seed, size)
    program = build_integer_program(problem, np.ones((8, 4), dtype=bool))
    chosen = plan[program.task] == program.node
    assert chosen.sum() == 8
    assert program.held.max() <= 1.0
    used = np.bincount(program.node, program.held * chosen, 4)
    assert (used <= program.room - 2.0**-25).all()


def test_a_node_is_not_offered_what_alone_exceeds_it():
    problem = Problem(np.ones((2, 3)), [1e3, 1e12], [1e12, 0.0, 2e3])
    program = build_integer_program(problem, np.ones((2, 3), dtype=bool))
    assert list(zip(program.task, program.node, strict=True)) == [(0, 0), (0, 2), (1, 0)]


@settings(max_examples=80, deadline=None)
@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, whole=False))
def test_the_search_of_all_schedules(problem):
    best = exact_optimum(problem)
    found, complete = search_better(problem, None, np.inf, 10**6)
    assert complete
    assert (found is None) == (best is None)
    if found is not None:
        assert problem.fits(found)
        assert problem.makespan(found) == pytest.approx(float(best), rel=1e-12)
        assert search_better(problem, found, problem.makespan(found), 10**6)[1]


@settings(max_examples=20, deadline=None)
@given(problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, whole=False))
def test_a_search_in_portions_is_the_same(problem):
    whole = [search_better(problem, None, np.inf, nodes) for nodes in (40, 41, 10**6)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_search, "_LOADS_AT_ONCE", 20)
        parts = [search_better(problem, None, np.inf, nodes) for nodes in (40, 41, 10**6)]
    for (one, complete), (other, ended) in zip(whole, parts, strict=True):
        assert complete == ended
        assert (one is None) == (other is None)
        assert one is None or one.tolist() == other.tolist()


def test_a_search_leaves_off_when_the_time_is_up(monkeypatch):
    problem = Problem(np.random.default_rng(0).uniform(1.0, 2.0, (20, 4)))
    monkeypatch.setattr(exact_search, "_LOADS_AT_ONCE", 4000)
    calls = iter([False] * 3 + [True])
    monkeypatch.setattr(exact_search, "is_over", lambda: next(calls))
    assert not search_better(problem, None, np.inf, 10**9)[1]
    assert next(calls, None) is None


def test_a_search_that_is_cut_off_proves_nothing():
    problem = Problem(np.random.default_rng(0).uniform(1.0, 2.0, (12, 4)))
    assert not search_better(problem, None, np.inf, 50)[1]


def test_units_lift_a_bound_only_where_all_nodes_have_one():
    whole = Problem([[2.0, 4.0], [6.0, 8.0]], ready=[0.0, 1.0])
    assert lifted_to_units(whole, 4.5, 100.0) == pytest.approx(5.0)  # 1 + 4 on node 1
    assert lifted_to_units(whole, 6.5, 100.0) == pytest.approx(8.0)  # 0 + 8 on node 0
    mixed = Problem([[2.0, np.pi], [6.0, 8.0]])
    assert lifted_to_units(mixed, 6.5, 100.0) == 6.5
    assert lifted_to_units(mixed, 2.5, 3.0) == pytest.approx(4.0)  # node 1 is too slow for 3 s

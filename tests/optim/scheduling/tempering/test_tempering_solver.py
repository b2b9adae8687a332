"""The solver: from the heuristics' best schedule to the optimum of what can be enumerated."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from naive.exact import optimum

from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound, lp_bound
from edgeopt.optim.scheduling.local_search.iterated import LocalSearch, Start, start_assignment
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.optim.scheduling.tempering import solver as frontier
from edgeopt.optim.scheduling.tempering.model import build_model
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem


def run(problem, steps=5, seed=0, levels=8):
    return solve(problem, Frontier(levels=levels), stop=Iterations(steps), rng=seed)


def dense(k, x, slack=None, seed=0):
    """Unrelated nodes, each with `slack` times its share of the memory."""
    rng = np.random.default_rng(seed)
    times = rng.exponential(1.0, (k, x))
    if slack is None:
        return Problem(times)
    memory = rng.integers(1, 9, k)
    return Problem(times, memory, np.full(x, np.ceil(slack * memory.sum() / x)))


POOLS = {
    "no memory": lambda: dense(100, 6),
    "tight memory": lambda: dense(100, 6, slack=1.02),
    "ready times": lambda: replace(dense(100, 6), ready=np.linspace(0.0, 1.0, 6)),
    "more nodes than are proposed": lambda: dense(150, 30, slack=1.5),
}


@pytest.mark.parametrize("slack", [None, 1.3], ids=["no memory", "memory"])
def test_most_small_problems_are_solved(slack):
    """Not all: where the optimum is some per cent above the LP bound, the ladder is too cold."""
    problems = [dense(7, 3, slack, seed) for seed in range(12)]
    ratios = [run(problem, steps=10).makespan / optimum(problem) for problem in problems]
    assert sum(ratio < 1 + 1e-12 for ratio in ratios) >= 10
    assert 1 - 1e-12 < min(ratios) <= max(ratios) < 1.03


@pytest.fixture(params=POOLS, scope="module")
def pool(request):
    return POOLS[request.param]()


def test_never_worse_than_any_heuristic(pool):
    starts = [start_assignment(pool, name) for name in get_args(Start)]
    best = min(pool.makespan(start) for start in starts)
    solver = Frontier(levels=4)
    state = solver.init(pool, np.random.default_rng(0))
    spans = [state.makespan]
    assert state.makespan == best
    for _ in range(40):  # through two cycles and into the third
        state = solver.step(pool, state)
        spans.append(state.makespan)
        assert pool.fits(state.assignment)
        assert pool.makespan(state.assignment) == state.makespan
    assert spans == sorted(spans, reverse=True)
    assert lower_bound(pool) * (1 - 1e-9) <= spans[-1] < best
    assert state.cycle == 2


def test_same_seed_same_bits(pool):
    first, again, other = (run(pool, 20, seed) for seed in (3, 3, 4))
    assert first.assignment.tolist() == again.assignment.tolist()
    assert first.trace.makespan == again.trace.makespan
    assert first.evaluations != other.evaluations


def test_cycles_double_for_each_round_of_aims(monkeypatch):
    monkeypatch.setattr(frontier, "SHORTEST", 1)
    solver, problem = Frontier(levels=2), dense(100, 6)
    state = solver.init(problem, np.random.default_rng(0))
    seen = []
    for _ in range(16):
        state = solver.step(problem, state)
        seen.append((state.cycle, state.position))
    ends = [step for step, (_, position) in enumerate(seen, 1) if position == 0]
    assert ends == [2, 4, 8, 12]


def test_loads_above_a_share_of_the_gap_are_overloads(monkeypatch):
    monkeypatch.setattr(frontier, "SHORTEST", 1)
    solver, problem = Frontier(levels=2), dense(100, 6)
    state = solver.init(problem, np.random.default_rng(0))
    for aim in frontier.AIMS:
        gap = state.walk.incumbent.makespan[0] - 1.0
        state = solver.step(problem, state)
        wide = gap > frontier.WIDEST
        aimed = frontier.OVERLOAD_SHARE * min(gap * aim, frontier.WIDEST)
        if wide and aim < 1.0:
            aimed = gap - (1.0 - frontier.OVERLOAD_SHARE) * frontier.WIDEST
        assert state.walk.target == pytest.approx(1.0 + aimed)
        state = solver.step(problem, state)


def test_reduced_costs_prove_the_gap():
    """By duality bound + a schedule's reduced costs <= its makespan, in the model's unit."""
    problem = paper_pool(40, 5, rng=0)
    model = build_model(problem, lower_bound(problem))
    assert model.costs.min() == 0.0
    schedule = start_assignment(problem, "min-min")
    cost = model.costs[np.arange(40), schedule].sum()
    duality = (problem.makespan(schedule) - lp_bound(problem)) / lower_bound(problem)
    assert 0.0 < cost <= duality * (1 + 1e-9)


@pytest.mark.parametrize(("name", "limit"), [("MAX_PAIRS", 299), ("MAX_TASKS", 11)])
def test_a_large_problem_is_left_to_local_search(monkeypatch, name, limit):
    problem = dense(60, 5, slack=1.1)
    expected = solve(problem, LocalSearch(), stop=Iterations(3), rng=5)
    monkeypatch.setattr(frontier, name, limit)
    found = solve(problem, Frontier(), stop=Iterations(3), rng=5)
    assert found.assignment.tolist() == expected.assignment.tolist()
    assert found.trace.makespan == expected.trace.makespan


def test_no_start_is_infeasible_not_a_crash(monkeypatch):
    # Sizes 3 3 2 2 2 on two nodes of 6: only {3, 3} and {2, 2, 2} fit.
    problem = Problem(np.ones((5, 2)), [2.0, 3.0, 2.0, 3.0, 2.0], [6.0, 6.0])
    monkeypatch.setattr(frontier, "start_assignments", lambda problem: [])
    result = run(problem)
    assert result.status == "infeasible"
    assert result.assignment is None


@pytest.mark.parametrize("levels", [1, 2.5, "many"])
def test_levels_are_checked(levels):
    with pytest.raises(InputError, match="levels"):
        Frontier(levels=levels)


def test_a_published_instance_comes_near_its_bound(hcsp):
    result = solve(hcsp("512x16/u_c_hihi.0"), Frontier(), stop=Iterations(150), rng=0)
    assert result.gap < 0.005


def test_chains_where_memory_is_tight():
    """Annealing and tempering alone lose to local search there."""
    problem = load_problem("braun:u_i_hihi:64x10:utilisation=0.98:seed=7")
    result = run(problem, steps=200, levels=32)
    chains = solve(problem, LocalSearch(), stop=Iterations(200), rng=0)
    assert problem.fits(result.assignment)
    assert result.makespan <= 1.02 * chains.makespan


def test_no_chains_without_memory_and_ready_times(monkeypatch):
    monkeypatch.setattr(frontier, "improve_by_chains", lambda *_: pytest.fail("not wanted"))
    run(dense(12, 6), steps=40)

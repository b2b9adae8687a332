"""The exact solver: optimal, proved, anytime, silent."""

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling import milp
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.integer_program import (
    IntegerSolution,
    build_integer_program,
    solve_program,
)
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

QUICK = MILP(bound_iterations=5)


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=150, deadline=None)
def test_the_optimum_with_proof(problem):
    best = optimum(problem)
    result = solve(problem, QUICK, stop=Iterations(50), rng=0)
    assert result.makespan == pytest.approx(best, rel=1e-9)
    assert result.status == "optimal"
    assert result.lower_bound == result.makespan


@given(scheduling_problems(max_tasks=6, max_nodes=3, whole=False))
@settings(max_examples=80, deadline=None)
def test_the_optimum_with_real_times(problem):
    result = solve(problem, MILP(bound_iterations=0), stop=Iterations(50), rng=0)
    assert result.makespan == pytest.approx(optimum(problem), rel=1e-9)


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=80, deadline=None)
def test_the_program_over_all_pairs(problem):
    pairs = np.ones((problem.tasks, problem.nodes), dtype=bool)
    answer = solve_program(build_integer_program(problem, pairs), None)
    assert answer.ended
    assert problem.makespan(answer.assignment) == pytest.approx(optimum(problem), rel=1e-8)
    assert answer.bound <= optimum(problem) * (1 + 1e-8)


def test_pairs_without_a_schedule():
    problem = Problem(np.ones((3, 2)), np.ones(3), [2.0, 2.0])
    pairs = np.array([[True, False]] * 3)
    answer = solve_program(build_integer_program(problem, pairs), None)
    assert answer == (None, np.inf, True)


def test_makespan_falls_and_bound_rises_over_the_run():
    problem = load_problem("cov:40x6:seed=1")
    seen = []
    result = solve(
        problem,
        MILP(bound_iterations=30, nodes=1),
        stop=Iterations(36),
        rng=1,
        callback=lambda progress: seen.append(progress),
    )
    bounds = [progress.lower_bound for progress in seen]
    assert bounds == sorted(bounds)
    assert bounds[-1] > 1.01 * lower_bound(problem)
    assert [p.makespan for p in seen] == sorted((p.makespan for p in seen), reverse=True)
    assert result.gap < 0.01


def test_tight_memory():
    problem = paper_pool(25, 4, slack=1.05, rng=3)
    result = solve(problem, QUICK, stop=Iterations(12), rng=0)
    assert problem.fits(result.assignment)
    assert result.gap < 0.05


def test_same_seed_same_bits():
    problem = load_problem("braun:u_i_hihi:60x6:seed=2")
    runs = [
        solve(problem, MILP(bound_iterations=10, nodes=3), stop=Iterations(13), rng=4) for _ in "ab"
    ]
    assert runs[0].assignment.tolist() == runs[1].assignment.tolist()
    assert runs[0].lower_bound == runs[1].lower_bound


def test_no_start_is_known():
    # Sizes 3 3 2 2 2 on two nodes of 6: only {3, 3} and {2, 2, 2} fit, and no heuristic sees it.
    times = np.random.default_rng(0).uniform(1.0, 2.0, (5, 2))
    problem = Problem(times, [2.0, 3.0, 2.0, 3.0, 2.0], [6.0, 6.0])
    assert solve(problem, QUICK, stop=Iterations(20), rng=0).status == "optimal"


def test_too_large_is_refused_and_nothing_is_printed(capfd):
    with pytest.raises(InputError, match="for milp"):
        MILP().init(paper_pool(100_000, 1000, memory="none", rng=0), np.random.default_rng(0))
    solve(load_problem("cov:20x4:seed=1"), QUICK, stop=Iterations(7), rng=0)
    assert capfd.readouterr() == ("", "")


def test_slices_double_and_start_from_the_best_schedule(monkeypatch):
    problem, calls = load_problem("cov:20x4:seed=1"), []

    def answer(program, start, **options):
        calls.append((options["mip_max_nodes"], options["time_limit"]))
        assert problem.makespan(start) == state.makespan
        return IntegerSolution(None, 0.0, False)

    monkeypatch.setattr(milp, "solve_program", answer)
    solver = MILP(bound_iterations=0, nodes=3, slice_seconds=0.5)
    state = solver.init(problem, np.random.default_rng(0))
    for _ in range(3):
        state = solver.step(problem, state)
    assert calls == [(3, 0.5), (6, 1.0), (12, 2.0)]
    assert (state.slices, state.done) == (3, False)


def test_a_proof_ends_the_run_with_the_makespan_as_bound(monkeypatch):
    problem = load_problem("cov:20x4:seed=1")
    solver = MILP(bound_iterations=0)
    state = solver.init(problem, np.random.default_rng(0))
    monkeypatch.setattr(milp, "solve_program", lambda *_, **__: IntegerSolution(None, 0.0, True))
    state = solver.step(problem, state)
    assert state.done
    assert state.lower_bound == state.makespan


def test_the_program_with_memory_and_ready_times_by_hand():
    # Two tasks of 2 s and 3 byte; node 0 holds one of them, node 1 is ready at 4 s.
    problem = Problem(np.full((2, 2), 2.0), [3.0, 3.0], [5.0, 6.0], ready=[0.0, 4.0])
    program = build_integer_program(problem, np.ones((2, 2), dtype=bool))
    assert (program.scale, program.switches) == (4.0, 2)
    assert program.times.tolist() == [0.5] * 4
    assert program.room.tolist() == [0.5, 1.0]  # 5 byte hold no more than 3
    answer = solve_program(program, None)
    assert problem.makespan(answer.assignment) == 6.0
    assert answer.bound == pytest.approx(6.0)

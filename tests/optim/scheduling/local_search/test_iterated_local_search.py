"""The solver `local-search`."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.local_search import iterated
from edgeopt.optim.scheduling.local_search.iterated import HEURISTICS, LocalSearch
from edgeopt.optim.scheduling.local_search.search import WORK
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations, Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def tight_memory():
    """Memory that has nothing to do with the times."""
    rng = np.random.default_rng(4)
    memory, capacity = rng.uniform(1.0, 9.0, 80), rng.uniform(1.0, 3.0, 8)
    times = braun("u_i_hihi", 80, 8, rng=1).matrix
    return Problem(times, memory, capacity * (1.1 * memory.sum() / capacity.sum()))


@given(scheduling_problems(max_tasks=7, max_nodes=3))
@settings(max_examples=100, deadline=None)
def test_small_problems_are_solved(problem):
    result = solve(problem, LocalSearch(), stop=Iterations(20), rng=0)
    if result.assignment is None:
        return
    assert problem.fits(result.assignment)
    assert result.makespan <= optimum(problem) * (1 + 1e-9)


@pytest.mark.parametrize("name", HEURISTICS)
@pytest.mark.parametrize(
    "problem", [braun("u_s_hihi", 128, 8, rng=1), tight_memory()], ids=["braun", "memory"]
)
def test_every_start_is_improved(name, problem):
    first = problem.makespan(iterated.start_assignment(problem, name))
    runs = [solve(problem, LocalSearch(start=name), stop=Iterations(n), rng=1) for n in (1, 30)]
    assert runs[1].makespan < runs[0].makespan <= first


def test_it_comes_close_to_the_bound():
    # Min-Min is at 19 % and 22 %.
    for problem, gap in ((braun("u_s_hihi", 256, 8, rng=3), 0.02), (paper_pool(rng=3), 0.001)):
        result = solve(problem, LocalSearch(), stop=Evaluations(20_000_000), rng=1)
        assert result.gap < gap < problem.makespan(min_min(problem, None)) / result.lower_bound - 1


def test_the_form_of_the_times_does_not_matter():
    problem = Problem(UniformTimes(np.arange(1.0, 60), np.arange(1.0, 7)))
    dense = Problem(problem.matrix)
    for each in (problem, dense):
        assert solve(each, LocalSearch(), stop=Iterations(40), rng=2).gap < 0.01


def test_the_current_schedule_is_always_consistent():
    problem, solver = paper_pool(60, 10, slack=1.05, rng=5), LocalSearch(kicks=50, cycle=4)
    state = solver.init(problem, np.random.default_rng(1))
    for _ in range(60):
        state = solver.step(problem, state)
        schedule = state.search.schedule
        np.testing.assert_allclose(schedule.loads, problem.loads(schedule.assignment), rtol=1e-12)
        assert problem.fits(schedule.assignment)
        assert state.makespan == pytest.approx(problem.makespan(state.assignment), rel=1e-12)
    assert state.length > 4  # cycles have doubled


def test_a_copied_state_continues_with_the_same_bits():
    problem, solver = braun("u_c_hihi", 100, 8, rng=0), LocalSearch(cycle=2, kicks=100)
    state = solver.init(problem, np.random.default_rng(2))
    for _ in range(5):
        state = solver.step(problem, state)
    checkpoint = copy.deepcopy(state)
    for _ in range(10):
        state, checkpoint = solver.step(problem, state), solver.step(problem, checkpoint)
    assert state.assignment.tolist() == checkpoint.assignment.tolist()


def test_the_work_of_an_iteration_is_limited():
    problem = Problem(np.random.default_rng(0).uniform(1.0, 99.0, (3000, 2)))
    state = LocalSearch().init(problem, np.random.default_rng(0))
    state = LocalSearch().step(problem, state)
    assert WORK <= state.evaluations < 1.1 * WORK
    assert state.descending
    assert state.makespan == pytest.approx(problem.makespan(state.assignment))
    assert state.makespan < problem.makespan(lpt(problem, None))


def test_rules_that_compare_all_open_tasks_are_for_few_tasks(monkeypatch):
    problem = braun("u_c_hihi", 20, 3, rng=0)
    assert len(iterated.start_assignments(problem)) == 5
    monkeypatch.setattr(iterated, "_MOST_TASKS", 19)
    assert len(iterated.start_assignments(problem)) == 3


def test_cycles_double():
    problem, solver = braun("u_c_hihi", 20, 3, rng=0), LocalSearch(cycle=2, kicks=1)
    state = solver.init(problem, np.random.default_rng(0))
    seen = []
    for _ in range(16):
        state = solver.step(problem, state)
        seen.append((state.length, state.position))
    expected = [(2, 0)] + [(n, p) for n in (2, 4, 8) for p in range(1, n + 1)] + [(16, 1)]
    assert seen == expected
    assert state.search.kicks[0] == 15
    assert state.evaluations == 1 + state.search.compared[0] > 1 + 15  # 1: the first schedule


def test_best_fit_helps_a_heuristic_that_finds_no_room():
    # LPT fills the fast node first and then has no room for the last task.
    times = np.array([[1.0, 3.0]] * 5)
    problem = Problem(times, [2.0, 3.0, 2.0, 3.0, 2.0], [6.0, 6.0])
    assert -1 in lpt(problem, None)
    assert problem.fits(iterated.start_assignment(problem, "lpt"))


def test_no_schedule_that_fits_is_an_answer(monkeypatch):
    monkeypatch.setattr(iterated, "best_fit_decreasing", lambda *_: None)
    times = np.array([[1.0, 3.0]] * 5)
    problem = Problem(times, [2.0, 3.0, 2.0, 3.0, 2.0], [6.0, 6.0])
    result = solve(problem, LocalSearch(), stop=Iterations(3), rng=0)
    assert result.status == "infeasible"


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", "lucky"), ("width", 0), ("depth", 0), ("hot", 0.0), ("ambition", 1.5)],
)
def test_illegal_parameters(field, value):
    with pytest.raises(InputError, match=field):
        LocalSearch(**{field: value})

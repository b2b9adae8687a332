"""The loop: criteria, trace, callback, seeds, errors."""

from dataclasses import dataclass

import numpy as np
import pytest

from edgeopt.optim import Evaluations, Iterations, Progress, Seconds, Stall, TargetGap
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.checker import CheckError, check_schedule
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.solver import State
from edgeopt.optim.scheduling.stop import relative_gap
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

PROBLEM = Problem([[2.0, 9.0], [2.0, 9.0], [9.0, 4.0]], name="three tasks")
GOOD, BETTER, BEST = [0, 0, 0], [1, 0, 0], [0, 0, 1]  # makespans 13, 11, 4


@dataclass(frozen=True)
class Script:
    """Show one assignment after the other, two evaluations each."""

    assignments: tuple = (GOOD, GOOD, BETTER, BEST, GOOD)
    lie: float = 1.0

    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        shown = self.assignments[min(state.evaluations // 2, len(self.assignments) - 1)]
        state.evaluations += 2
        makespan = problem.makespan(shown)
        if makespan < state.makespan:
            state.assignment, state.makespan = np.array(shown), makespan * self.lie
        return state


def test_trace_has_each_improvement_and_the_end():
    problem = Problem(PROBLEM.et * 1.0, name="p")
    result = solve(problem, Script((GOOD, GOOD, BETTER, GOOD)), stop=Iterations(7), rng=3)
    assert result.trace.iterations == [1, 3, 7]
    assert result.trace.evaluations == [2, 6, 14]
    assert result.trace.makespan == [13.0, 11.0, 11.0]
    assert (result.iterations, result.evaluations, result.status) == (7, 14, "iterations")
    assert (result.solver, result.problem, result.seed) == ("Script", "p", 3)
    assert result.as_dict()["assignment"] == BETTER
    assert result.as_dict()["gap"] == pytest.approx(11 / result.lower_bound - 1)
    assert "trace" not in result.as_dict()


def test_the_bound_met_is_optimal():
    result = solve(PROBLEM, Script(), stop=Iterations(100))
    assert (result.status, result.iterations, result.makespan, result.gap) == (
        "optimal",
        4,
        4.0,
        0.0,
    )
    assert result.lower_bound == 4.0


@pytest.mark.parametrize(
    ("criterion", "iterations"),
    [
        (Iterations(3), 3),
        (Evaluations(2), 1),
        (Evaluations(5), 2),
        (Evaluations(6), 3),
        (Stall(1), 2),
        (TargetGap(11 / 4 - 1), 3),
        (lambda progress: progress.makespan <= 11, 3),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_each_criterion(criterion, iterations):
    assert solve(PROBLEM, Script(), stop=criterion).iterations == iterations


def test_stall_counts_from_the_last_improvement():
    script = Script((GOOD, GOOD, BETTER, GOOD, GOOD, GOOD, BEST))
    result = solve(PROBLEM, script, stop=Stall(3))
    assert (result.iterations, result.status) == (6, "stall")


def test_the_first_of_several_criteria_gives_the_status():
    result = solve(PROBLEM, Script((GOOD,)), stop=[Evaluations(100), Iterations(2)])
    assert result.status == "iterations"


@dataclass(frozen=True)
class Patience:
    """A criterion of a user's own."""

    def __call__(self, progress):
        return progress.stalled >= 1


@pytest.mark.parametrize("criterion", [Patience(), lambda progress: progress.stalled >= 1])
def test_a_criterion_of_ones_own_is_called_that(criterion):
    result = solve(PROBLEM, Script(), stop=[Iterations(9), criterion])
    assert (result.status, result.iterations) == ("criterion", 2)


def test_seconds_bound_the_time_in_the_solver():
    result = solve(PROBLEM, Script((GOOD,)), stop=Seconds(0.02))
    assert result.status == "seconds"
    assert result.iterations > 1
    assert 0.0 < result.seconds < 10.0  # what was lost before the solver began counts, too


def test_callback_sees_every_iteration_and_can_stop():
    seen = []

    def callback(progress):
        seen.append((progress.iterations, progress.evaluations, progress.makespan))
        return progress.iterations == 3

    result = solve(PROBLEM, Script(), stop=Iterations(50), callback=callback)
    assert seen == [(1, 2, 13.0), (2, 4, 13.0), (3, 6, 11.0)]
    assert result.status == "callback"


def test_a_function_is_a_solver_that_ends():
    def all_on_node_one(problem, rng):
        return [1] * problem.tasks

    result = solve(PROBLEM, all_on_node_one, rng=0)
    assert (result.makespan, result.status, result.evaluations) == (22.0, "finished", 1)
    assert result.solver == "all_on_node_one"


def test_a_function_that_finds_no_room():
    result = solve(PROBLEM, lambda problem, rng: [0, -1, 0])
    assert (result.status, result.assignment, result.makespan) == ("infeasible", None, np.inf)


def test_seed_is_recorded_and_repeats_the_run():
    def draw(problem, rng):
        return rng.integers(problem.nodes, size=problem.tasks)

    first = solve(PROBLEM, draw)
    assert solve(PROBLEM, draw, rng=first.seed).assignment.tolist() == first.assignment.tolist()
    generator = solve(PROBLEM, draw, rng=np.random.default_rng(first.seed))
    assert generator.assignment.tolist() == first.assignment.tolist()
    assert generator.seed is None
    sequence = solve(PROBLEM, draw, rng=np.random.SeedSequence(first.seed))
    assert sequence.assignment.tolist() == first.assignment.tolist()


@pytest.mark.parametrize("lie", [0.9, 1.1, 1 + 1e-6, np.nan])
def test_a_wrong_claim_does_not_leave_the_loop(lie):
    with pytest.raises(CheckError, match="the solver claims"):
        solve(PROBLEM, Script((GOOD,), lie), stop=Iterations(2))


@pytest.mark.parametrize(
    "assignment", [[0, 0], [0, 0, 2], [0, 0, -2], [0.0, 0.0, 1.0], [[0, 0, 1]]]
)
def test_what_is_no_assignment_is_refused(assignment):
    with pytest.raises(InputError, match="assignment"):
        solve(PROBLEM, lambda problem, rng: assignment)


def test_a_table_is_not_yet_a_problem():
    with pytest.raises(InputError, match=r"Problem\(table\)"):
        solve(np.ones((2, 2)), "lpt")


def test_checker_by_itself():
    tight = Problem([[1.0, 1.0]] * 2, [1.0, 1.0], [1.0, 1.0])
    assert check_schedule(tight, np.array([0, 1]), 1.0, 1.0) == 1.0
    with pytest.raises(CheckError, match="memory capacity"):
        check_schedule(tight, np.array([0, 0]), 2.0, 1.0)
    with pytest.raises(CheckError, match="below the bound"):
        check_schedule(tight, np.array([0, 1]), 1.0, 1.1)


def test_the_checker_forgives_rounding_and_no_more():
    problem, only = Problem([[1.0]]), np.array([0])
    assert check_schedule(problem, only, 1.0 + 1e-10, 1.0 + 1e-15) == 1.0
    with pytest.raises(CheckError, match="claims"):
        check_schedule(problem, only, 1.0 + 1e-8, 1.0)
    with pytest.raises(CheckError, match="below the bound"):
        check_schedule(problem, only, 1.0, 1.0 + 1e-12)
    few = 40 * 2.0**-52  # of a sum of one term: as far below the bound as is forgiven
    assert check_schedule(problem, only, 1.0, 1.0 + few) == 1.0
    with pytest.raises(CheckError, match="below the bound"):
        check_schedule(problem, only, 1.0, 1.0 + few + 2.0**-52)


def test_the_checker_names_the_first_task_on_a_node_that_cannot_run_it():
    problem = Problem([[1.0, 1.0], [1.0, np.inf], [1.0, np.inf], [1.0, np.inf]])
    with pytest.raises(CheckError, match="node 1 cannot run task 1,"):
        check_schedule(problem, np.array([0, 1, 1, 1]), np.inf, 1.0)


@pytest.mark.parametrize("solver", [3, "atsa", Script, None])
def test_what_is_no_solver(solver):
    with pytest.raises(InputError, match="solver: got"):
        solve(PROBLEM, solver)


@pytest.mark.parametrize("stop", [(), 5, [Iterations(3), 5]])
def test_what_is_no_criterion(stop):
    with pytest.raises(InputError, match="stop: got"):
        solve(PROBLEM, Script(), stop=stop)


@pytest.mark.parametrize(
    ("criterion", "value"),
    [
        (Iterations, 0),
        (Iterations, 2.5),
        (Iterations, True),
        (Evaluations, -1),
        (Stall, "3"),
        (Seconds, 0),
        (Seconds, np.nan),
        (TargetGap, -0.1),
        (TargetGap, np.inf),
    ],
)
def test_illegal_limits(criterion, value):
    with pytest.raises(InputError, match="must be"):
        criterion(value)


def test_gap_where_the_bound_is_zero():
    assert relative_gap(0.0, 0.0) == 0.0
    assert relative_gap(1.0, 0.0) == np.inf
    assert Progress(makespan=3.0, lower_bound=2.0).gap == 0.5


@dataclass(frozen=True)
class Prover:
    """Show a schedule of 13 s, then bounds of its own."""

    bounds: tuple

    def init(self, problem, rng):
        return State(assignment=np.array(GOOD), makespan=13.0)

    def step(self, problem, state):
        state.lower_bound = self.bounds[state.evaluations]
        state.evaluations += 1
        return state


def test_a_bound_that_a_foreign_solver_claims_is_shown_but_not_trusted():
    seen = []
    stop = Iterations(3)
    result = solve(PROBLEM, Prover((0.0, 11.0, 13.0)), stop=stop, callback=lambda p: seen.append(p))
    assert [progress.lower_bound for progress in seen] == [4.0, 4.0, 4.0]
    assert (result.lower_bound, result.status, result.claimed_bound) == (4.0, "iterations", 13.0)
    assert result.gap == pytest.approx(13 / 4 - 1)
    assert "claims 13 s, not verified" in str(result)
    assert solve(PROBLEM, Prover((3.0,)), stop=Iterations(1)).claimed_bound == 0.0
    assert (
        solve(PROBLEM, Prover((12.0, 0.0, 0.0)), stop=[TargetGap(0.1), stop]).status == "iterations"
    )


def test_a_bound_that_a_solver_of_ours_proves_counts_from_then_on():
    problem = Problem(np.random.default_rng(1).uniform(1.0, 2.0, (9, 3)))
    seen = []
    result = solve(problem, MILP(), stop=Iterations(99), callback=lambda p: seen.append(p))
    bounds = [progress.lower_bound for progress in seen]
    assert bounds == sorted(bounds)
    assert lower_bound(problem) < bounds[-1] == result.lower_bound
    assert result.claimed_bound == 0.0


def test_a_bound_above_the_makespan_is_a_lie():
    with pytest.raises(CheckError, match="below the bound 14"):
        solve(PROBLEM, Prover((14.0,)), stop=Iterations(1))


FORMS = {
    "matrix": Problem(np.ones((5, 3))),
    "uniform": Problem(UniformTimes(np.ones(5), np.ones(3))),
    "memory": Problem(np.ones((5, 3)), np.ones(5), np.full(3, 5.0)),
    "ready": Problem(np.ones((5, 3)), ready=np.ones(3)),
}


@pytest.mark.parametrize("form", FORMS)
def test_warm_up_runs_on_a_tiny_problem_of_the_same_form(form):
    problem, seen = FORMS[form], []

    class Watcher(Script):
        def step(self, tiny, state):
            seen.append(tiny)
            return State()

    warm_up(problem, Watcher())
    assert len(seen) == 20
    assert {(tiny.tasks, tiny.nodes) for tiny in seen} == {(2, 2)}
    assert isinstance(seen[0].et, UniformTimes) == isinstance(problem.et, UniformTimes)
    assert (seen[0].task_memory is None) == (problem.task_memory is None)
    assert (seen[0].ready is None) == (problem.ready is None)


def test_warm_up_ends_with_the_solver_and_leaves_its_errors_to_the_run():
    calls = []

    def once(problem, rng):
        calls.append(problem.tasks)
        raise RuntimeError("not yet")

    warm_up(PROBLEM, once)
    warm_up(PROBLEM, lambda problem, rng: calls.append("done") or [0, 0])
    assert calls == [2, "done"]
    with pytest.raises(RuntimeError, match="not yet"):
        solve(PROBLEM, once)

"""The exact solver: optimal, proved, anytime, silent."""

import math
import signal
import threading

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling import exact_search, integer_program, milp, run_time
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.branch_and_price import fixing, prices
from edgeopt.optim.scheduling.branch_and_price.narrowing import narrow
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.integer_program import (
    IntegerSolution,
    build_integer_program,
    solve_program,
)
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.run_time import within
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

QUICK = MILP(bound_iterations=5)


@given(scheduling_problems(max_tasks=6, max_nodes=3))
@settings(max_examples=80, deadline=None)
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
    assert answer[:3] == (None, np.inf, True)


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

    def answer(program, start, checks, **options):
        calls.append((options["mip_max_nodes"], checks))
        return IntegerSolution(None, 0.0, False)

    monkeypatch.setattr(milp, "solve_program", answer)
    solver = MILP(bound_iterations=0, nodes=3, checks=50)
    state = solver.init(problem, np.random.default_rng(0))
    for _ in range(3):
        state = solver.step(problem, state)
    assert calls == [(3, 50), (6, 100), (12, 200)]
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
    assert program.held.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert program.room.tolist() == [1.0 + 2.0**-24] * 2  # 5 byte hold no more than 3
    answer = solve_program(program, None)
    assert problem.makespan(answer.assignment) == 6.0
    assert answer.bound == pytest.approx(6.0)


def test_the_program_of_a_deadline_by_hand():
    # The best schedules are {2, 4} and {3, 3} at 6 s.
    problem = Problem(np.repeat([[2.0], [3.0], [3.0], [4.0]], 2, axis=1))
    pairs = np.ones((4, 2), dtype=bool)
    for deadline, best in ((5.0, None), (6.0, 6.0), (7.0, 6.0)):
        program = build_integer_program(problem, pairs, 8.0, deadline=deadline)
        assert (program.unit, program.most) == (1 / 8, (deadline + 0.5) / 8)
        answer = solve_program(program, None)
        assert answer.ended
        if best is None:
            assert answer[:3] == (None, np.inf, True)
        else:
            assert problem.makespan(answer.assignment) == best
            assert answer.bound == pytest.approx(best - 0.75, abs=1e-6)  # less the gap
    assert solve_program(build_integer_program(problem, pairs, 8.0), None, checks=0).bound < 6.0


def test_highs_stops_when_it_has_asked_often_enough():
    problem = load_problem("rcmax:u_10_100:20x6:seed=1")
    program = build_integer_program(problem, np.ones((20, 6), dtype=bool), 200.0)
    assert not solve_program(program, None, checks=3).ended


class Subscribers(list):
    def __iadd__(self, callback):
        self.append(callback)
        return self


class Questions:
    """Stands for HiGHS: asks whether to go on until it is told to stop."""

    def __init__(self):
        self.cbMipInterrupt, self.told = Subscribers(), []

    def setOptionValue(self, name, value):  # noqa: N802
        self.limit = (name, value)

    def run(self):
        while not any(self.told):
            self.cbMipInterrupt[0](self)

    def interrupt(self, value=True):
        self.told.append(value)


def test_highs_knows_its_time_and_is_stopped_when_that_is_up(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(run_time, "read_clock", now.__next__)
    highs = Questions()
    with within(5.5):  # at 0 s
        integer_program.run_program(highs, math.inf)
    assert highs.limit == ("time_limit", 4.5)
    assert highs.told == [False] * 4 + [True]
    highs = Questions()
    integer_program.run_program(highs, 2)
    assert (highs.limit, highs.told) == (("time_limit", math.inf), [False, False, True])


class Deaf(Questions):
    """Stands for HiGHS when it neither asks nor ends, until the test is over."""

    def __init__(self):
        super().__init__()
        self.over = threading.Event()

    def run(self):
        self.over.wait()


def test_a_run_goes_on_without_a_highs_that_does_not_end(monkeypatch, caplog):
    monkeypatch.setattr(integer_program, "_GRACE_S", 0.01)
    highs, problem = Deaf(), load_problem("rcmax:u_10_100:20x6:seed=1")
    with within(0.01):
        assert not integer_program.run_program(highs, math.inf)
    assert "does not end at its time limit" in caplog.text
    program = build_integer_program(problem, np.ones((20, 6), dtype=bool), 200.0)
    monkeypatch.setattr(integer_program, "run_program", lambda highs, checks: False)
    answer = solve_program(program, None)
    assert (answer.assignment, answer.bound, answer.ended) == (None, 0.0, False)
    highs.cbMipInterrupt[0](highs)  # were it to ask after all
    assert highs.told == [True]
    highs.over.set()


@pytest.fixture
def ctrl_c():
    """What sends Ctrl-C to the main thread, which raises as usual, also in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    yield lambda: signal.pthread_kill(main, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_does_not_wait_for_highs(monkeypatch, ctrl_c):
    monkeypatch.setattr(integer_program, "_GRACE_S", 0.01)
    highs = Deaf()
    highs.setOptionValue = lambda name, value: threading.Timer(0.05, ctrl_c).start()
    with within(10.0), pytest.raises(KeyboardInterrupt):
        integer_program.run_program(highs, math.inf)
    highs.cbMipInterrupt[0](highs)
    assert highs.told == [True]
    highs.over.set()


@pytest.mark.parametrize("form", ["dense", "memory"])
def test_no_clock_changes_a_bit_without_a_budget_of_seconds(form, monkeypatch):
    """Whatever the time, the work between two questions is the same."""
    problem = load_problem("rcmax:u_10_100:20x6:seed=1")
    if form == "memory":
        problem = paper_pool(16, 3, slack=1.2, rng=1)
    solver, found = MILP(bound_iterations=4, nodes=2, checks=8), []
    for speed in (0.0, 1e6):
        now, seen = iter(np.arange(10**6) * speed), []
        monkeypatch.setattr(run_time, "read_clock", now.__next__)
        result = solve(
            problem, solver, stop=Iterations(9), rng=1,
            callback=lambda p, seen=seen: seen.append((p.makespan, p.lower_bound, p.evaluations)),
        )  # fmt: skip
        found.append((result.assignment.tolist(), seen))
    assert found[0] == found[1]


def test_the_bound_goes_on_rising_between_the_slices(monkeypatch):
    problem = load_problem("rcmax:machines:40x8:seed=1")
    monkeypatch.setattr(milp, "solve_program", lambda *_, **__: IntegerSolution(None, 0.0, False))
    monkeypatch.setattr(milp, "narrow", lambda _, root, *__: narrow(problem, root, None, 0))
    solver = MILP(bound_iterations=3)
    state = solver.init(problem, np.random.default_rng(0))
    seen = []
    while not state.root.deadlines.root_is_done:
        state = solver.step(problem, state)
        seen.append((state.slices, state.iterations))
    assert seen[:5] == [(0, 3), (1, 3), (1, 6), (2, 6), (2, 12)]
    assert deadline_bound(problem) < state.lower_bound <= 184.0


def test_a_better_schedule_that_cannot_be_ends_the_run(monkeypatch):
    """Without HiGHS: the prices of the last deadline refute all pairs."""
    problem = load_problem("rcmax:machines:20x6:seed=1")
    best = solve(problem, MILP(), stop=Iterations(99), rng=1)
    assert best.status == "optimal"
    monkeypatch.setattr(milp, "solve_program", None)
    solver = MILP(bound_iterations=200)
    state = solver.init(problem, np.random.default_rng(0), start=best.assignment)
    state.root.deadlines.failed.add(0.0)  # the root has given up
    state = solver.step(problem, state)
    assert (state.done, state.slices, state.lower_bound) == (True, 1, best.makespan)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_refuted_is_the_deadline_and_no_more(whole, monkeypatch):
    """Where times have a unit, that is the makespan; else the run ends with a gap."""
    times = np.random.default_rng(1).uniform(1.0, 9.0, (12, 3))
    problem = Problem(np.rint(times * 10) if whole else times)
    refuted = IntegerSolution(None, math.inf, True)
    monkeypatch.setattr(milp, "solve_program", lambda *_, **__: refuted)
    monkeypatch.setattr(milp, "search_better", lambda *_: (None, False))
    solver = MILP(bound_iterations=0)
    state = solver.init(problem, np.random.default_rng(0))
    assert state.lower_bound < 0.99 * state.makespan
    state = solver.step(problem, state)
    assert state.done
    if whole:
        assert state.lower_bound == state.makespan
    else:
        assert state.makespan * (1 - 1e-9) < state.lower_bound < state.makespan


@pytest.mark.parametrize("late", [0.0, 1e12])
def test_a_deadline_that_late_nodes_blur_is_no_limit(late, monkeypatch):
    """A share of 1e12 s is longer than all tasks."""
    times = np.random.default_rng(1).uniform(1.0, 9.0, (12, 3))
    problem, seen = Problem(times, ready=np.full(3, late)), []

    def answer(program, start, **_):
        seen.append((program.deadline, start is None))
        return IntegerSolution(None, 0.0, False)

    monkeypatch.setattr(milp, "solve_program", answer)
    solver = MILP(bound_iterations=0)
    state = solver.init(problem, np.random.default_rng(0))
    solver.step(problem, state)
    (deadline, alone), makespan = seen[0], state.makespan
    if late:
        assert (deadline, alone) == (math.inf, False)
    else:
        assert makespan * (1 - 1e-9) < deadline < makespan
        assert alone


FORMS = {
    "matrix": lambda times: Problem(times),
    "columns first": lambda times: Problem(np.asfortranarray(times)),
    "work and speed": lambda times: Problem(UniformTimes(times[:, 0], times[0])),
    "memory": lambda times: Problem(times, np.ones(9), np.full(3, 4.0)),
    "ready": lambda times: Problem(times, ready=np.arange(3.0)),
    "forbidden pairs": lambda times: Problem(
        np.where(np.arange(27).reshape(9, 3) % 7, times, np.inf)
    ),
}


@pytest.mark.parametrize("solver", [MILP(bound_iterations=4), BranchAndPrice()])
@pytest.mark.parametrize("form", FORMS)
def test_no_kernel_is_compiled_while_the_clock_runs(form, solver, monkeypatch):
    """On a busy machine that would take longer than the run: the warm-up calls it before."""
    problem = FORMS[form](np.random.default_rng(3).uniform(1.0, 9.0, (9, 3)))
    called = set()

    def noted(name, kernel):
        return lambda *args: called.add((name, *map(numba.typeof, args))) or kernel(*args)

    kernels = {"_solve_knapsacks": prices, "_best_with": fixing, "_descend": exact_search}
    for name, module in kernels.items():
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    warm_up(problem, solver)
    warm = set(called)
    assert {name for name, *_ in warm} == kernels.keys()
    solve(problem, solver, stop=Iterations(20), rng=1)
    assert called == warm

"""Windows: small cases by hand, memory, scheduling time, and any solver of `optim`."""

import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.online.changes import Change
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.pool_state import oldest_that_fit
from edgeopt.optim.online.resources import OverloadWarning, Resources, Stages
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.arrivals import streams
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.memory import best_fit_decreasing


def stages(edge, memory=None):
    nothing = np.zeros(len(edge))
    held = None if memory is None else np.array(memory, float)
    return Stages(np.array(edge, float), nothing, nothing, nothing, held)


def busy_stream(tasks=300, seed=0, load=0.8, nodes=3):
    stream = poisson(load * nodes, tasks=tasks, sizes=streams.exponential(1.0), rng=seed)
    return stream.time, stages(stream.size), Resources(np.ones(nodes))


def test_a_window_closes_when_full_or_old_by_hand():
    time = np.array([0.0, 1.0, 2.0, 3.0, 9.0])
    run = simulate_windows(time, stages(np.ones(5)), Resources([1.0]), mct, Window(3, 4.0))
    assert run.log.close.tolist() == [2, 7, 13]
    assert run.log.tasks.tolist() == [3, 1, 1]
    assert run.timeline.finish.tolist() == [3, 4, 5, 8, 14]


def test_the_last_window_of_a_stream_need_not_be_full():
    run = simulate_windows(np.arange(5.0), stages(np.ones(5)), Resources([1.0]), mct, Window(3))
    assert run.log.close.tolist() == [2, 4]
    assert run.log.tasks.tolist() == [3, 2]


def test_the_solver_sees_what_nodes_still_have_to_do():
    time = np.array([0.0, 1.0])
    run = simulate_windows(time, stages([10, 1]), Resources([1.0, 1.0]), fcfs, Window(1))
    assert run.timeline.node.tolist() == [0, 1]
    alone = simulate_windows(time, stages([1, 1]), Resources([1.0, 1.0]), fcfs, Window(1))
    assert alone.timeline.node.tolist() == [0, 0]


def test_a_window_of_one_with_fcfs_is_dispatch_task_by_task():
    time, work, resources = busy_stream()
    run = simulate_windows(time, work, resources, fcfs, Window(1))
    timeline = simulate_dispatch(time, work, resources)
    np.testing.assert_array_equal(run.timeline.node, timeline.node)
    np.testing.assert_allclose(run.timeline.finish, timeline.finish, rtol=1e-12)


def test_scheduling_time_delays_the_window_and_the_next_one():
    time = np.array([0.0, 0.0, 0.1, 0.1])
    run = simulate_windows(
        time, stages(np.ones(4)), Resources([1.0, 1.0]), mct, Window(2), scheduling_s=0.5
    )
    assert run.log.close.tolist() == [0.0, 0.5]
    assert run.log.dispatch.tolist() == [0.5, 1.0]
    assert run.timeline.edge_start.tolist() == [0.5, 0.5, 1.5, 1.5]


def test_scheduling_time_by_a_function_and_by_the_clock():
    time, work, resources = busy_stream(tasks=40)
    run = simulate_windows(
        time, work, resources, mct, Window(10), scheduling_s=lambda k, x: 0.01 * k + x
    )
    np.testing.assert_allclose(run.log.dispatch - run.log.close, 0.01 * 10 + 3)
    clock = simulate_windows(time, work, resources, mct, Window(10), scheduling_s="measured")
    np.testing.assert_allclose(clock.log.dispatch - clock.log.close, clock.log.solver_s, rtol=1e-6)
    assert (clock.log.solver_s > 0).all()


def test_a_slow_scheduler_is_overload():
    time, work, resources = busy_stream(tasks=200)
    with pytest.warns(OverloadWarning, match="scheduler"):
        run = simulate_windows(time, work, resources, mct, Window(1), scheduling_s=1.0)
    assert np.isfinite(run.timeline.finish).all()


@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_schedules_windows(name):
    time, work, resources = busy_stream(tasks=60)
    runs = [
        simulate_windows(
            time, work, resources, SOLVERS[name], Window(7, 2.0), stop=Iterations(3), rng=1
        )
        for _ in range(2)
    ]
    assert_each_ends_once(time, work, resources, runs[0].timeline)
    for first, second in zip(runs[0].timeline, runs[1].timeline, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_function_of_ones_own_sees_ready_times_and_memory():
    seen = []

    def mine(problem, rng):
        seen.append(problem)
        return np.zeros(problem.tasks, dtype=int)

    work = stages([4, 1], memory=[3, 2])
    resources = Resources([1.0, 1.0], capacity=[6.0, 2.0])
    simulate_windows(np.array([0.0, 1.0]), work, resources, mine, Window(1))
    last = seen[-1]
    assert last.ready.tolist() == [3, 0]
    assert last.node_capacity.tolist() == [3, 2]


class Interrupted(ATSA):
    """Ctrl-C while it works on a window for which it has a schedule."""

    def step(self, problem, state):
        if problem.tasks > 2 and state.assignment is not None:  # the warm-up has two
            signal.raise_signal(signal.SIGINT)
        return super().step(problem, state)


def test_ctrl_c_ends_the_simulation_not_only_a_window():
    work, resources = stages([1, 1, 1]), Resources([1.0, 1.0])
    with pytest.raises(KeyboardInterrupt):
        simulate_windows(np.zeros(3), work, resources, Interrupted(ants=3), Window(3), rng=0)


def test_tasks_without_room_wait_until_memory_is_released():
    work = stages([2, 3, 1], memory=[4, 4, 4])
    resources = Resources([1.0], capacity=[9.0])
    run = simulate_windows(np.zeros(3), work, resources, lpt, Window(3))
    assert run.log.tasks.tolist() == [2, 1]
    assert run.timeline.dispatch.tolist() == [0, 0, 2]
    assert run.timeline.finish.tolist() == [2, 5, 6]


def test_a_large_task_is_not_overtaken_for_ever():
    time = np.arange(0.0, 40.0, 0.5)
    memory = np.ones(80)
    memory[5] = 10.0
    run = simulate_windows(
        time, stages(np.full(80, 0.9), memory), Resources([1.0, 1.0], capacity=[10.0, 10.0]), mct,
        Window(4, 1.0),
    )  # fmt: skip
    assert run.timeline.dispatch[5] <= run.timeline.dispatch[6:].min()


def test_memory_and_what_a_solver_cannot_pack():
    # Sizes 3 3 2 2 2 on two nodes of 6: only {3, 3} and {2, 2, 2} fit, which MCT does not find.
    work = stages([5, 4, 3, 2, 1], memory=[2, 3, 2, 3, 2])
    run = simulate_windows(
        np.zeros(5), work, Resources([1.0, 1.0], capacity=[6.0, 6.0]), mct, Window(5)
    )
    assert run.log.tasks.tolist() == [5]
    assert run.timeline.node[1] == run.timeline.node[3] != run.timeline.node[0]


def test_tasks_of_a_node_that_fails_while_the_solver_works_are_scheduled_again():
    run = simulate_windows(
        np.zeros(1), stages([1]), Resources([2.0, 1.0]), mct, Window(1), scheduling_s=1.0,
        changes=[Change(0.5, 0, "fail")],
    )  # fmt: skip
    assert run.timeline.node.tolist() == [1]
    assert run.timeline.dispatch.tolist() == [2.0]


def test_no_node_for_a_while():
    changes = [Change(0.5, 0, "fail"), Change(7.0, 0, "join")]
    run = simulate_windows(
        np.array([0.0, 1.0, 2.0]),
        stages([1, 1, 0]),
        Resources([1.0]),
        mct,
        Window(1),
        changes=changes,
    )
    assert run.timeline.finish.tolist() == [8, 9, 7]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "solver", [mct, ATSA(ants=3), PSO(particles=3)], ids=["mct", "atsa", "pso"]
)
def test_every_task_ends_once_whatever_happens(random_system, seed, solver):
    time, work, resources, changes = random_system(seed)
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(5.0, 15.0, resources.nodes)
    held = work._replace(memory=rng.uniform(0.0, 5.0, len(time)))
    pool = Resources(resources.flops, resources.uplink, resources.cloud_servers, capacity)
    run = simulate_windows(
        time, held, pool, solver, Window(int(rng.integers(1, 9)), 3.0), stop=Iterations(2), rng=0,
        scheduling_s=0.1, changes=changes,
    )  # fmt: skip
    assert_each_ends_once(time, held, pool, run.timeline)


def assert_each_ends_once(time, work, resources, timeline):
    """No task is lost; no node does two at once, nor holds more memory than it has."""
    assert (timeline.dispatch >= time).all()
    assert (timeline.edge_start >= timeline.dispatch).all()
    assert np.isfinite(timeline.finish).all()
    assert (timeline.finish >= timeline.edge_end).all()
    spent = timeline.edge_end - timeline.edge_start
    np.testing.assert_allclose(spent, work.edge / resources.flops[timeline.node], atol=1e-9)
    for node in range(resources.nodes):
        own = np.flatnonzero((timeline.node == node) & (work.edge > 0))
        own = own[np.argsort(timeline.edge_start[own], kind="stable")]
        assert (timeline.edge_start[own][1:] >= timeline.edge_end[own][:-1] - 1e-9).all()
        if work.memory is not None:
            for now in timeline.dispatch[own]:
                holds = own[(timeline.dispatch[own] <= now) & (timeline.edge_end[own] > now)]
                assert work.memory[holds].sum() <= resources.capacity[node] * (1 + 1e-12)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
)
@settings(deadline=None)
def test_the_oldest_that_fit(memory, free):
    memory, free = np.array(memory, float), np.array(free, float)
    fit = oldest_that_fit(memory, free)
    assert len(fit.assignment) == fit.tasks
    held = np.bincount(fit.assignment, memory[: fit.tasks], len(free))
    assert (held <= free).all()
    if fit.tasks < len(memory):
        assert best_fit_decreasing(memory[: fit.tasks + 1], free) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"window": lambda: Window(0)}, "window.tasks"),
        ({"window": lambda: Window(2.5)}, "window.tasks"),
        ({"window": lambda: Window(2, -1.0)}, "window.timeout_s"),
        ({"window": lambda: Window(2, np.inf)}, "window.timeout_s"),
        ({"scheduling_s": -1.0}, "scheduling_s"),
        ({"scheduling_s": "soon"}, "scheduling_s"),
        ({"scheduling_s": lambda tasks, nodes: np.nan}, "scheduling_s"),
        ({"solver": 7}, "solver"),
        ({"memory": [1.0]}, "capacity"),
        ({"capacity": [1.0, 1.0]}, "memory"),
        ({"memory": [3.0], "capacity": [2.0, 2.0]}, r"memory\[0\]"),
        (
            {"memory": [3.0], "capacity": [4.0, 2.0], "changes": [Change(5.0, 0, "fail")]},
            r"memory\[0\]",
        ),
    ],
)
def test_bad_input_is_refused(change, field):
    with pytest.raises(InputError, match=field):
        simulate_windows(
            np.zeros(1),
            stages([1], change.get("memory")),
            Resources([1.0, 1.0], capacity=change.get("capacity")),
            change.get("solver", mct),
            change.get("window", lambda: Window(1))(),
            scheduling_s=change.get("scheduling_s", 0.0),
            changes=change.get("changes", ()),
        )

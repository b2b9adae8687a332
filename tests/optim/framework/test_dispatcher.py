"""Dispatchers from the tables of a simulation file, and what they run."""

import numpy as np
import pytest

from edgeopt.optim.framework.dispatcher import Dispatcher, WindowDispatcher, make_dispatcher
from edgeopt.optim.online.changes import Change
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages
from edgeopt.optim.online.sliding_window import Window
from edgeopt.problems.errors import InputError

LEAVES = {"time_s": 2.0, "node": 0, "kind": "leave"}


def test_a_table_without_a_solver_is_dispatch_by_a_rule():
    assert make_dispatcher({}) == Dispatcher("fcfs")
    assert make_dispatcher({}, "round-robin").rule == "round-robin"
    assert make_dispatcher({"rule": "earliest-finish"}, "fcfs").rule == "earliest-finish"
    assert make_dispatcher({"changes": [LEAVES]}).changes == (Change(2.0, 0, "leave"),)


def test_a_table_with_a_solver_is_dispatch_by_windows():
    table = {"solver": "atsa", "parameters": {"ants": 4}, "window": 8, "timeout_s": 0.5}
    made = make_dispatcher({**table, "budget": {"iterations": 3}, "scheduling_s": 0.01})
    assert made == WindowDispatcher(
        {"solver": "atsa", "ants": 4}, Window(8, 0.5), {"iterations": 3}, 0.01
    )
    assert make_dispatcher(table).budget == {"evaluations": 1000}


def test_a_window_of_one_by_fcfs_does_what_the_rule_does():
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.exponential(1.0, 40))
    none = np.zeros(40)
    stages, resources = Stages(rng.exponential(2.0, 40), none, none, none), Resources([1.0, 2.0])
    windows = make_dispatcher({"solver": "fcfs", "window": 1, "changes": [LEAVES]})
    by_windows = windows.run(time, stages, resources, rng)
    by_rule = make_dispatcher({"changes": [LEAVES]}).run(time, stages, resources, rng)
    direct = simulate_dispatch(time, stages, resources, changes=[Change(2.0, 0, "leave")])
    np.testing.assert_array_equal(by_rule.node, direct.node)
    np.testing.assert_array_equal(by_windows.node, direct.node)
    np.testing.assert_allclose(by_windows.finish, direct.finish, rtol=1e-12)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("fcfs", "dispatch: got 'fcfs', must be a table"),
        ({"rule": "lifo"}, "rule: got 'lifo'"),
        ({"window": 3}, "window"),
        ({"solver": "mct"}, "dispatch.window: got None"),
        ({"solver": "nobody", "window": 3}, "nobody"),
        ({"solver": "mct", "window": 0}, "window.tasks: got 0"),
        ({"solver": "atsa", "parameters": {"ants": 0}, "window": 3}, "ants"),
        ({"solver": "mct", "window": 3, "budget": {"naps": 1}}, "naps"),
        ({"changes": LEAVES}, "dispatch.changes"),
        ({"changes": [{"time_s": 2.0, "node": 0}]}, "dispatch.changes"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(InputError, match=message):
        make_dispatcher(table)

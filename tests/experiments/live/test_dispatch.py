"""Online dispatch chooses what the simulation chooses, when nodes take what was predicted."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.experiments.live.dispatch import Chooser, NodeQueues
from edgeopt.optim.framework.dispatcher import Dispatcher, make_dispatcher
from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages


def pool(flops, present=None):
    """Nodes that are all present."""
    here = np.ones(len(flops), dtype=bool) if present is None else np.array(present)
    return NodeQueues(np.array(flops, dtype=float), here)


def dispatch_online(time, work, flops, dispatcher):
    """The node of each task, as a master would choose it whose nodes keep to the prediction."""
    nodes = pool(flops)
    chooser, chosen, ends = Chooser(dispatcher, nodes, np.random.default_rng(1)), [], []
    for task, (now, flop) in enumerate(zip(time, work, strict=True)):
        for end, node, done in sorted(ends):
            if end <= now:
                nodes.finish(node, done, end)
        ends = [each for each in ends if each[0] > now]
        (node,) = chooser.choose(np.array([flop]), now)
        nodes.add(node, task, flop, now)
        ends.append((nodes.free_s[node], node, task))
        chosen.append(node)
    return chosen


@pytest.mark.parametrize("rule", ["fcfs", "earliest-finish", "round-robin"])
@pytest.mark.parametrize("rate_hz", [2.0, 8.0])
def test_rules_choose_as_in_the_simulation(rule, rate_hz):
    rng = np.random.default_rng(5)
    time, work = np.cumsum(rng.exponential(1.0 / rate_hz, 60)), rng.uniform(0.5, 1.5, 60)
    flops, zero = np.array([1.0, 2.0, 3.0]), np.zeros(60)
    stages, resources = Stages(work, zero, zero, zero), Resources(flops)
    wanted = simulate_dispatch(time, stages, resources, rule=rule).node
    assert dispatch_online(time, work, flops, Dispatcher(rule)) == wanted.tolist()


def test_a_window_is_scheduled_by_the_solver_on_what_the_nodes_have_left():
    nodes = pool([1.0, 1.0])
    chooser = Chooser(make_dispatcher({"solver": "lpt", "window": 3}), nodes, None)
    nodes.add(0, 9, 4.0, 10.0)  # node 0 is busy for 4 s
    # LPT: 3 on node 1 (free at 0, 3), 2 on node 1 (5 against 6), 1 on node 0 (5 against 6).
    assert chooser.choose(np.array([3.0, 2.0, 1.0]), 10.0) == [1, 1, 0]
    assert len(chooser.solver_s) == 1


def test_windows_close_when_full_when_timed_out_or_at_the_end():
    chooser = Chooser(
        make_dispatcher({"solver": "lpt", "window": 3, "timeout_s": 0.5}), pool([1.0]), None
    )
    assert chooser.closing_s([], is_last=True) == np.inf
    assert chooser.closing_s([2.0, 2.1], is_last=False) == 2.5
    assert chooser.closing_s([2.0, 2.1], is_last=True) == 2.0
    assert chooser.closing_s([2.0, 2.1, 2.2], is_last=False) == 2.0
    assert chooser.most == 3
    assert Chooser(Dispatcher(), pool([1.0]), None).closing_s([2.0], is_last=False) == 2.0


def test_nothing_is_dispatched_while_no_node_is_present():
    chooser = Chooser(Dispatcher(), pool([1.0, 1.0], [False, False]), None)
    assert chooser.closing_s([2.0], is_last=True) == np.inf
    assert chooser.in_turn() is None


def test_absent_nodes_are_passed_over():
    nodes = pool([1.0, 1.0, 1.0], [True, False, True])
    chooser = Chooser(Dispatcher("round-robin"), nodes, None)
    assert [chooser.choose(np.ones(1), 0.0)[0] for _ in range(4)] == [0, 2, 0, 2]
    first = Chooser(Dispatcher(), nodes, None)
    nodes.add(0, 1, 1.0, 0.0)
    assert first.choose(np.ones(1), 0.0) == [2]


def test_a_lost_node_gives_back_its_tasks_but_those_it_keeps():
    nodes = pool([2.0, 1.0])
    for task in (4, 7, 5):
        nodes.add(0, task, 1.0, 10.0)
    assert nodes.free_s[0] == 11.5
    nodes.finish(0, 4, 10.75)  # later than predicted: the others move too
    assert nodes.free_s[0] == 11.75
    assert nodes.lose(0, [7]) == [5]
    assert not nodes.present[0]
    nodes.finish(0, 7, 12.0)
    nodes.finish(0, 5, 12.0)  # of an attempt that was given up
    assert nodes.free_s[0] == 12.0

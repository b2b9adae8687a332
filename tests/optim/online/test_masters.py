"""Several masters: each pool runs as it would alone."""

import numpy as np
import pytest

from edgeopt.optim.online.dispatch import simulate_dispatch, simulate_masters
from edgeopt.optim.online.resources import Resources, Uplink
from edgeopt.optim.online.sliding_window import Window
from edgeopt.optim.online.windows import simulate_windows
from edgeopt.optim.scheduling.heuristics.list_rules import mct
from edgeopt.problems.errors import InputError


def test_one_master_is_no_hierarchy(random_system):
    time, stages, resources, _ = random_system(3)
    alone = simulate_dispatch(time, stages, resources)
    for column, expected in zip(
        simulate_masters(time, stages, resources, 1, simulate_dispatch), alone, strict=True
    ):
        np.testing.assert_array_equal(column, expected)


def test_each_pool_runs_alone(random_system):
    time, stages, _, _ = random_system(1)
    resources = Resources(
        np.arange(1.0, 6.0), Uplink([8.0]), cloud_servers=5, capacity=np.arange(10.0, 15.0)
    )
    held = stages._replace(memory=np.full(len(time), 2.0))

    def windows(*pool):
        return simulate_windows(*pool, mct, Window(4, 1.0)).timeline

    timeline = simulate_masters(time, held, resources, 2, windows)
    second = windows(
        time[1::2],
        held.part(slice(1, None, 2)),
        Resources([2.0, 4.0], Uplink([4.0]), cloud_servers=2, capacity=[11.0, 13.0]),
    )
    np.testing.assert_array_equal(timeline.node[1::2], np.array([1, 3])[second.node])
    np.testing.assert_array_equal(timeline.finish[1::2], second.finish)
    assert set(timeline.node[::2]) <= {0, 2, 4}


def test_nodes_take_their_own_uplinks_along(random_system):
    time, stages, _, _ = random_system(1)
    rates = np.array([1.0, 20.0, 3.0])
    timeline = simulate_masters(
        time, stages, Resources(np.ones(3), Uplink(rates)), 3, simulate_dispatch
    )
    sent = stages.upload_bits > 0
    spent = (timeline.upload_end - timeline.upload_start)[sent]
    np.testing.assert_allclose(spent, (stages.upload_bits / rates[timeline.node])[sent])


@pytest.mark.parametrize(("masters", "servers"), [(0, None), (4, None), (3, 2), (1.5, None)])
def test_bad_numbers_of_masters_are_refused(random_system, masters, servers):
    time, stages, _, _ = random_system(1)
    with pytest.raises(InputError, match="masters"):
        simulate_masters(
            time, stages, Resources(np.ones(3), cloud_servers=servers), masters, simulate_dispatch
        )


def test_more_masters_than_tasks(random_system):
    time, stages, _, _ = random_system(1, tasks=2, changes=False)
    timeline = simulate_masters(time, stages, Resources(np.ones(5)), 4, simulate_dispatch)
    assert np.isfinite(timeline.finish).all()

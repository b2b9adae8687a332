"""Energy by our formulae equals what leafsim meters while it plays our timeline."""

import numpy as np
import pytest
import simpy

from edgeopt.optim.online.dispatch import simulate_dispatch
from edgeopt.optim.online.resources import Resources, Stages, Uplink
from edgeopt.problems.offloading.equations import (
    printed_dynamic_energy_j,
    radio_energy_j,
    static_energy_j,
)

STATIC_W, OMEGA, J_BIT, TICK = 2.0, 0.25, 0.5, 0.25


def play(env, infrastructure, start, end):
    """Hold a leafsim task or data flow from start to end."""
    yield env.timeout(start)
    thing, place = infrastructure()
    thing.allocate(place)
    yield env.timeout(end - start)
    thing.deallocate()


def metered(timeline, resources, span):
    """Static, dynamic and radio energy in J; all times are multiples of the meter's tick."""
    from leaf.application import DataFlow, Task
    from leaf.infrastructure import Link, Node
    from leaf.power import PowerMeter, PowerModelLink, PowerModelNode

    env, (rate,) = simpy.Environment(), resources.uplink.rate[0]
    nodes = [
        Node(f"{j}", power_model=PowerModelNode(power_per_cu=OMEGA * f, static_power=STATIC_W))
        for j, f in enumerate(resources.flops)
    ]
    link = Link(nodes[0], Node("cloud"), 2 * rate, PowerModelLink(J_BIT))
    for i, j in enumerate(timeline.node):
        work = (timeline.edge_start[i], timeline.edge_end[i])
        env.process(play(env, lambda j=j: (Task(resources.flops[j]), nodes[j]), *work))
        sent = (timeline.upload_start[i], timeline.upload_end[i])
        env.process(play(env, lambda: (DataFlow(rate), [link]), *sent))
    meters = [PowerMeter(thing, measurement_interval=TICK) for thing in (nodes, link)]
    for meter in meters:
        env.process(meter.run(env, delay=TICK / 2))
    env.run(until=span)
    static, dynamic, radio = (
        TICK * sum(getattr(m, part) for m in meter.measurements)
        for meter, part in ((meters[0], "static"), (meters[0], "dynamic"), (meters[1], "dynamic"))
    )
    return static, dynamic, radio


@pytest.mark.parametrize("seed", range(3))
def test_energy_of_a_small_run(seed):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.integers(1, 4, 20)).astype(float)
    edge, bits = rng.integers(1, 9, 20) * 2.0, rng.integers(1, 5, 20) * 1.0
    resources = Resources([1.0, 2.0, 4.0], Uplink([2.0]))
    timeline = simulate_dispatch(time, Stages(edge, bits, np.zeros(20), np.zeros(20)), resources)
    span = float(timeline.finish.max())
    static, dynamic, radio = metered(timeline, resources, span)
    assert static == pytest.approx(static_energy_j(STATIC_W, 3 * span))
    own = printed_dynamic_energy_j(OMEGA, edge, resources.flops[timeline.node])
    assert dynamic == pytest.approx(own.sum())
    assert radio == pytest.approx(radio_energy_j(J_BIT, bits).sum())

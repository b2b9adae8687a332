"""MASM-style: models of different accuracy on shares of every node."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.measures import task_delay_parts_s
from edgeopt.optim.framework.node_use import node_use
from edgeopt.optim.framework.schemes.masm import Masm, MasmProblem, solve_masm
from edgeopt.optim.framework.simulate import run_lanes, simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.changes import Change
from edgeopt.problems.arrivals.streams import poisson
from edgeopt.problems.errors import InputError

CUTS = (7, 15, 27, 34)


@pytest.fixture
def planned(mixed: SplitSystem, conditions):
    stream = poisson(mixed.system.tasks.arrival_hz, tasks=4000, rng=2)
    return stream, Masm().plan(mixed, stream, conditions(stream), np.random.default_rng(1))


def test_each_node_shares_no_more_than_its_speed(mixed: SplitSystem, planned):
    lanes = planned[1].lanes
    used = np.bincount(lanes.node, weights=lanes.flops, minlength=mixed.nodes)
    assert (used <= mixed.speeds * (1 + 1e-9)).all()
    assert len(lanes.flops) == mixed.nodes * len(CUTS)


def test_nodes_get_tasks_in_proportion_to_their_speed(mixed: SplitSystem, planned):
    stream, plan = planned
    tasks = np.bincount(plan.lanes.node[plan.lanes.lane], minlength=mixed.nodes)
    expected = mixed.speeds / mixed.speeds.sum()
    np.testing.assert_allclose(tasks / stream.tasks, expected, atol=0.03)


def test_a_node_at_full_speed_spends_the_cmos_energy_of_its_clock(mixed: SplitSystem):
    """kappa f^2 of the program is that of the device: f = F stands for the whole clock."""
    pool = mixed.system.pool
    devices = tuple(replace(one, kappa=2e-29, clock_hz=1.2e9) for one in pool.devices)
    here = replace(mixed, system=replace(mixed.system, pool=replace(pool, devices=devices)))
    scheme, cuts = Masm(theta=0.2), list(CUTS)
    share, flops = scheme.solve(here, here.work[cuts])
    for node in range(here.nodes):
        speed = here.speeds[node]
        problem = MasmProblem(
            work=here.work[cuts],
            quality=here.accuracy[cuts],
            upload_s=np.full(4, float(here.terms.uplink_s)),
            arrival_hz=here.system.tasks.arrival_hz * speed / here.speeds.sum(),
            flops=speed,
            theta=0.2,
            kappa=2e-29 * (1.2e9 / speed) ** 2,  # kappa F^2 = 2e-29 * 1.2e9^2
            least_quality=0.9,
        )
        answer = solve_masm(problem)
        np.testing.assert_allclose(flops[node], answer.flops, rtol=1e-6)
        part = speed / here.speeds.sum()
        np.testing.assert_allclose(share[node], part * answer.share, rtol=1e-6, atol=1e-9)
        assert answer.flops.sum() < 0.99 * speed  # energy counts: not all speed is used


def test_the_mean_quality_is_kept(mixed: SplitSystem, planned):
    assert planned[1].accuracy.mean() > 0.9 - 0.01
    demanding = Masm(least_quality=1.0)
    share, _ = demanding.solve(mixed, mixed.work[list(CUTS)])
    assert share[:, :3].max() < 1e-9


def test_no_task_runs_faster_than_its_lane(mixed: SplitSystem, planned):
    stream, plan = planned
    timeline = run_lanes(stream, plan, plan.lanes)
    speed = plan.lanes.flops[plan.lanes.lane]
    np.testing.assert_allclose(timeline.edge_end - timeline.edge_start, plan.stages.edge / speed)
    assert (timeline.edge_start >= stream.time).all()
    np.testing.assert_array_equal(timeline.node, plan.lanes.node[plan.lanes.lane])
    for lane in np.unique(plan.lanes.lane):
        chosen = plan.lanes.lane == lane
        assert (timeline.edge_start[chosen][1:] >= timeline.edge_end[chosen][:-1]).all()


def test_a_node_is_busy_and_spends_in_proportion(mixed: SplitSystem, planned, conditions):
    stream, plan = planned
    run = simulate(
        mixed, stream, conditions(stream), Masm(), Dispatcher(), np.random.default_rng(1)
    )
    use = node_use(mixed, plan, run.timeline, run.exits, 100.0)
    # a lane's time times its part of the speed is the time at full speed
    work = np.bincount(run.timeline.node, weights=plan.stages.edge, minlength=mixed.nodes)
    np.testing.assert_allclose(use.busy_s, work / mixed.speeds)
    part = plan.lanes.flops[plan.lanes.lane] / mixed.speeds[run.timeline.node]
    devices = mixed.system.pool
    omega = devices.per_node("omega")[run.timeline.node]
    flops = devices.per_node("flops")[run.timeline.node]
    assert use.dynamic_j.sum() == pytest.approx((omega * flops * part * plan.flop).sum())


def test_the_models_have_their_branches(mixed: SplitSystem, planned):
    plan = planned[1]
    work = {cut: mixed.flop[cut] + exit_branch(mixed, cut).flop for cut in CUTS}
    assert set(np.round(plan.flop)) <= {round(value) for value in work.values()}


def test_no_more_quality_is_paid_for_than_is_asked(mixed: SplitSystem):
    share, _ = Masm().solve(mixed, mixed.work[list(CUTS)])
    assert share.sum(axis=0) @ mixed.accuracy[list(CUTS)] == pytest.approx(0.9, abs=0.03)


def test_waiting_is_seen(mixed: SplitSystem, planned, conditions):
    stream, _ = planned
    run = simulate(
        mixed, stream, conditions(stream), Masm(), Dispatcher(), np.random.default_rng(1)
    )
    parts = task_delay_parts_s(run)
    assert parts["waiting"].mean() > 0
    assert not parts["link"].any()


def test_nodes_that_go_are_refused(mixed: SplitSystem, stream, conditions):
    goes = Dispatcher(changes=(Change(1.0, 0, "leave"),))
    with pytest.raises(InputError, match="left out with a scheme"):
        simulate(mixed, stream, conditions(stream), Masm(), goes, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cuts": ()}, "at least one"),
        ({"cuts": (9, 7)}, "rising"),
        ({"cuts": (0, 7)}, "cuts: got 0"),
        ({"theta": 1.5}, "theta: got 1.5"),
        ({"least_quality": 2.0}, "least_quality: got 2.0"),
    ],
)
def test_bad_fields_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Masm(**fields)


def test_a_quality_that_no_model_has_is_refused(mixed: SplitSystem, stream, conditions):
    with pytest.raises(InputError, match=r"least_quality: got 0\.99"):
        Masm(cuts=(7,), least_quality=0.99).plan(
            mixed, stream, conditions(stream), np.random.default_rng(0)
        )

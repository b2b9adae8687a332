"""Plans: demands of tasks that leave the edge at a cut, and the size of what a node holds."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.plan import model_bytes, plan_cut, plan_cuts
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Resources
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.offloading.reading import PRINTED


def test_demands_are_those_of_one_sample_times_the_size(split: SplitSystem, stream, conditions):
    cuts = np.array([0, 7, 20, 34, 7, 0])
    plan = plan_cuts(split, stream, conditions(stream), cuts)
    flop = 2.0 * split.profile.edge_macs[cuts]
    np.testing.assert_allclose(plan.flop, flop * stream.size)
    np.testing.assert_allclose(plan.stages.upload_bits, split.upload_bits[cuts] * stream.size)
    left = 2.0 * split.profile.edge_macs[-1] - flop
    np.testing.assert_allclose(
        plan.stages.cloud, left / split.system.cloud.flops * stream.size, atol=1e-15
    )
    assert plan.stages.upload_bits[3] == 0  # at the last cut the task ends on its node
    assert plan.model_bytes == 4 * split.profile.edge_parameters[34]  # of the deepest cut
    assert not plan.exit_flop.any()
    assert (plan.accuracy == 1).all()


def test_one_cut_is_that_cut_for_each_task(split: SplitSystem, stream, conditions):
    one, each = (
        plan_cut(split, stream, conditions(stream), 13),
        plan_cuts(split, stream, conditions(stream), np.full(stream.tasks, 13)),
    )
    np.testing.assert_array_equal(one.stages.edge, each.stages.edge)
    assert one.model_bytes == each.model_bytes


def test_work_over_speed_is_the_execution_time(split: SplitSystem, conditions):
    lone = Stream(np.zeros(1), np.array([3.0]))
    plan = plan_cut(split, lone, conditions(lone), 20)
    resources = Resources(split.speeds)
    seconds = plan.stages.edge[0] / resources.flops[0]
    assert seconds == pytest.approx(3 * split.terms.execution_s[0, 20], rel=1e-12)


def test_a_model_holds_the_parameters_that_the_reading_counts(split: SplitSystem):
    assert model_bytes(split, 0) == 0
    assert model_bytes(split, 20) == 4 * split.profile.edge_parameters[20]
    printed = replace(split, reading=PRINTED)
    parameters = printed.profile.chain_parameters[20]
    assert model_bytes(printed, 20) == parameters * PRINTED.element_bytes
    assert parameters < split.profile.edge_parameters[20]

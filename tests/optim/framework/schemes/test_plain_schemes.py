"""Schemes with one cut: cloud only, edge only, collaborative."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.measures import delay_s, task_delay_parts_s
from edgeopt.optim.framework.plan import model_bytes
from edgeopt.optim.framework.schemes.plain import (
    CloudOnly,
    Collaborative,
    EdgeOnly,
    SchemeWarning,
    tmoa_cut,
)
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import CORRECTED, PRINTED, QUEUED
from edgeopt.problems.systems.load import load_system

RNG = np.random.default_rng(0)


def test_cloud_only_forwards_what_terminals_send(split, stream, conditions):
    plan = CloudOnly().plan(split, stream, conditions(stream), RNG)
    assert not plan.stages.edge.any()
    assert plan.model_bytes == 0
    image = 8.0 * 224 * 224 * 3
    assert plan.stages.upload_bits.tolist() == [image] * 3 + [2 * image] * 3
    whole = 2 * split.profile.edge_macs[-1] / split.system.cloud.flops
    np.testing.assert_allclose(plan.stages.cloud, [whole] * 3 + [2 * whole] * 3)


def test_edge_only_uploads_nothing(split, stream, conditions):
    plan = EdgeOnly().plan(split, stream, conditions(stream), RNG)
    assert not plan.stages.upload_bits.any()
    assert not plan.stages.cloud.any()
    np.testing.assert_allclose(plan.flop, 2.0 * split.profile.edge_macs[-1] * stream.size)


@pytest.mark.parametrize(("nodes", "cut"), [(10, 20), (20, 13), (30, 7)])
def test_collaborative_takes_the_cuts_of_table_1(split, stream, conditions, nodes, cut):
    here = replace(split, system=load_system("table1", nodes=nodes))
    plan = Collaborative().plan(here, stream, conditions(stream), RNG)
    assert set(plan.cut) == {cut}
    crossing = split.profile.crossing_elements[cut]
    assert plan.stages.upload_bits[0] == 32 * crossing
    assert plan.model_bytes == 4 * split.profile.edge_parameters[cut]


def test_algorithm_2_is_as_printed_under_the_printed_reading(split: SplitSystem):
    printed = replace(split, reading=PRINTED, system=load_system("pi_lte"))
    assert tmoa_cut(printed, "deepest") == split.depth - 1  # its loop never tests layer N


def test_without_a_feasible_cut_the_least_excess_is_taken(with_tasks):
    late = with_tasks(deadline_s=0.15)  # the terminals' upload alone takes 0.2 s
    with pytest.warns(SchemeWarning, match=r"cut \d+ has 1.\d+ times its limit of delay"):
        cut = tmoa_cut(late, "deepest")
    terms = late.terms
    delay, limit = terms.delay_s.ravel() / 0.15, terms.columns.memory_limit_bytes
    excess = np.maximum(delay, terms.memory_bytes / limit)
    assert excess[cut] == excess.min()


@pytest.mark.parametrize(("reading", "way_back"), [(CORRECTED, 0.01), (QUEUED, 0.0)])
def test_a_lone_task_takes_the_delay_of_the_program(split, conditions, reading, way_back):
    tasks = replace(split.system.tasks, arrival_hz=1e-9)  # else the program waits
    split = replace(split, reading=reading, system=replace(split.system, tasks=tasks))
    lone = Stream(np.zeros(1), np.ones(1))
    here = conditions(lone, trips=split.system.link.round_trip_s)
    for cut in (0, 7, 13, 20):
        run = simulate(split, lone, here, Collaborative(cut=cut), Dispatcher(), RNG)
        terms = split.terms
        expected = 0.2 + (terms.execution_s + terms.link_s + terms.cloud_s)[0, cut] + way_back
        assert delay_s(run)[0] == pytest.approx(expected, rel=1e-12)
        assert sum(task_delay_parts_s(run).values())[0] == pytest.approx(expected, rel=1e-12)


def test_layers_that_do_not_fit_are_warned_of(split, stream, conditions):
    with pytest.warns(SchemeWarning, match="97.51 MiB of a node's 29.6 MiB"):
        simulate(split, stream, conditions(stream), EdgeOnly(), Dispatcher(), RNG)


def test_the_chain_alone_has_a_size_as_printed(split: SplitSystem):
    printed = replace(split, reading=PRINTED)
    assert model_bytes(printed, 20) == split.profile.chain_parameters[20]


@pytest.mark.parametrize("cut", [35, -2, 1.5, True])
def test_cuts_that_do_not_exist_are_refused(split, stream, conditions, cut):
    with pytest.raises(InputError, match="cut"):
        Collaborative(cut=cut).plan(split, stream, conditions(stream), RNG)

"""B-Net: early exits and the cut behind one of them."""

import re
from itertools import product

import numpy as np
import pytest

from edgeopt.optim.framework.exits import exit_branch
from edgeopt.optim.framework.plan import Plan
from edgeopt.optim.framework.schemes.bnet import BNet, expected
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.arrivals.streams import Stream, poisson
from edgeopt.problems.errors import InputError

MACS_7 = 9 * 64 * 64 * 28 * 28 + 64 * 1000  # 3 x 3, stride 2, on 64 maps of 56 x 56; then fc


def plan_of(split, conditions, bnet: BNet, tasks: int = 4000) -> tuple[Stream, Plan]:
    stream = poisson(30.0, tasks=tasks, rng=1)
    return stream, bnet.plan(split, stream, conditions(stream), np.random.default_rng(3))


def test_mean_work_and_uploads_are_the_expected_ones(split, conditions):
    bnet = BNet(exits=(7, 15), shares=(0.5, 0.2, 0.3), after=2)
    _, plan = plan_of(split, conditions, bnet)
    flop = split.flop
    costs = [
        flop[7] + exit_branch(split, 7).flop,
        flop[15] - flop[7] + exit_branch(split, 15).flop,
    ]
    mean = 1.0 * costs[0] + 0.5 * costs[1]  # E[C] = sum_n s_n (C_segment,n + C_branch,n)
    spread = 0.5 * costs[1] / np.sqrt(4000)
    assert plan.flop.mean() == pytest.approx(mean, abs=4 * spread)
    share = (plan.stages.upload_bits > 0).mean()
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 4000))  # s_3
    assert set(plan.cut) == {7, 15}
    np.testing.assert_array_equal(plan.accuracy == 1.0, plan.stages.upload_bits > 0)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_every_task_runs_its_segments_once(split, conditions, after):
    """Edge and cloud together do the work of the layers and branches up to the task's exit."""
    bnet = BNet(exits=(7, 15), shares=(0.5, 0.2, 0.3), after=after)
    _, plan = plan_of(split, conditions, bnet, tasks=300)
    cloud_flop = plan.stages.cloud * split.system.cloud.flops
    branches = np.cumsum([exit_branch(split, 7).flop, exit_branch(split, 15).flop, 0.0])
    whole = split.flop[[7, 15, 34]] + branches
    done = plan.flop + cloud_flop
    nearest = np.abs(done[:, np.newaxis] - whole).min(axis=1)
    assert (nearest <= 1e-9 * done).all()
    assert (plan.stages.upload_bits > 0).sum() == (plan.stages.cloud > 0).sum()
    if after == 3:
        assert not plan.stages.upload_bits.any()
    if after == 0:
        assert (plan.stages.upload_bits == 8 * 224 * 224 * 3).all()


def test_branches_cost_only_if_they_are_counted(split, conditions):
    plans = [
        plan_of(split, conditions, BNet(after=3, branch_cost=cost), 200)[1]
        for cost in (True, False)
    ]
    more = plans[0].flop - plans[1].flop
    assert set(np.round(more / 2)) == {MACS_7, MACS_7 + exit_branch(split, 15).flop / 2}


def test_the_cut_is_the_best_of_an_enumeration(mixed: SplitSystem):
    """Expected delays added up path by path, for every exit behind which one may cut."""
    bnet = BNet(exits=(7, 15), shares=(0.5, 0.2, 0.3))
    parts = bnet.segments(mixed)
    delay, load = expected(mixed, parts)
    cuts = [0, 7, 15, 34]
    rate, speed = mixed.terms.columns.rate_bit_s.min(), mixed.speeds.min()
    for after in range(4):
        total = 0.0
        for end, share in zip((1, 2, 3), bnet.shares, strict=True):
            for segment, passed in product(range(1, end + 1), [end > after]):
                cost = parts.work[segment - 1] / speed
                total += share * (cost if segment <= after else parts.cloud_s[segment - 1])
                if passed and segment == end:
                    total += share * (mixed.upload_bits[cuts[after]] / rate + 0.02)
        assert delay[after] == pytest.approx(total)
    stable = np.where(load < 1, delay, np.inf)
    assert bnet.best_cut(mixed, parts) == stable.argmin()


def test_what_does_not_fit_or_is_overloaded_is_not_chosen(split, with_tasks):
    parts = BNet().segments(split)
    load = expected(split, parts)[1]
    assert np.isinf(load[3])  # the whole network needs 97.5 MiB, 29.6 MiB are usable
    busy = with_tasks(arrival_hz=1e5)
    loads = expected(busy, parts)[1]
    assert (loads > 1).all()
    assert BNet().best_cut(busy, parts) == loads.argmin()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shares": (0.5, 0.5)}, "shares: got (0.5, 0.5), must be 3 numbers"),
        ({"shares": (0.5, 0.5, 0.5)}, "of sum 1, not 1.5"),
        ({"shares": (1.5, -0.5, 0.0)}, "shares: got 1.5"),
        ({"shares": [0.5, 0.2, 0.3]}, "must be 3 numbers"),
        ({"exits": (), "shares": (1.0,)}, "at least one cut"),
        ({"exits": (15, 7)}, "must be rising"),
        ({"exits": (0, 7)}, "exits: got 0"),
        ({"after": 4}, "after: got 4"),
        ({"branch_cost": 1}, "branch_cost: got 1"),
        ({"exit_accuracy": 1.01}, "exit_accuracy: got 1.01"),
    ],
)
def test_bad_fields_are_refused(fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        BNet(**fields)


def test_exits_beyond_the_network_are_refused(split: SplitSystem):
    with pytest.raises(InputError, match="below the last cut, 34"):
        BNet(exits=(7, 34)).segments(split)

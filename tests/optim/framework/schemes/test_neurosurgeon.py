"""Neurosurgeon-style: the best single cut for the link of the moment."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from edgeopt.optim.framework.plan import model_bytes
from edgeopt.optim.framework.schemes.plain import Neurosurgeon
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.problems.errors import InputError
from edgeopt.problems.systems.load import load_system

RNG = np.random.default_rng(0)
RATES = np.array([1e6, 1e9, 1e7, 1e6, 3e8, 1e9])


def test_each_task_has_the_cut_of_least_delay(split, stream, conditions):
    roomy = replace(split, system=load_system("jetson_wifi"))
    plan = Neurosurgeon().plan(roomy, stream, conditions(stream, rates=RATES), RNG)
    for rate, cut in zip(RATES, plan.cut, strict=True):
        delays = [
            max(roomy.terms.execution_s[:, j])
            + roomy.upload_bits[j] / rate
            + (0.02 if roomy.upload_bits[j] else 0.0)
            + roomy.cloud_s[j]
            for j in range(35)
        ]
        assert delays[cut] == min(delays)
    assert len(set(plan.cut)) > 1
    assert plan.cut[0] == plan.cut[3] == 34  # a slow link


def test_a_cut_that_does_not_adapt_stays_as_at_the_start(split, stream, conditions):
    plan = Neurosurgeon(adapts=False).plan(split, stream, conditions(stream, rates=RATES), RNG)
    assert len(set(plan.cut)) == 1
    assert plan.redeploy_bytes == 0


def test_memory_limits_the_cut(split: SplitSystem, stream, conditions):
    plan = Neurosurgeon().plan(split, stream, conditions(stream, rates=1e4), RNG)
    limit = split.terms.columns.memory_limit_bytes
    assert split.terms.memory_bytes[plan.cut.max()] <= limit


def test_the_energy_is_that_of_the_program(stream, conditions):
    from edgeopt.problems.networks.load import load_network

    lte = SplitSystem(load_network("resnet34"), load_system("pi_lte"))
    plan = Neurosurgeon("energy").plan(lte, stream, conditions(stream), RNG)
    assert set(plan.cut) == {int(lte.terms.mean_energy_j.argmin())}


def test_changes_are_priced_by_what_is_missing(split, stream, conditions):
    roomy = replace(split, system=load_system("jetson_wifi"))
    plan = Neurosurgeon().plan(roomy, stream, conditions(stream, rates=RATES), RNG)
    sizes = [model_bytes(roomy, int(cut)) for cut in plan.cut]
    missing = sum(max(0.0, b - a) for a, b in pairwise(sizes))
    assert plan.redeploy_bytes == missing > 0
    assert plan.model_bytes == max(sizes)


@pytest.mark.parametrize("fields", [{"objective": "cost"}, {"adapts": 1}])
def test_bad_fields_are_refused(fields):
    with pytest.raises(InputError, match=next(iter(fields))):
        Neurosurgeon(**fields)

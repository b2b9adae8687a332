"""The bounds: what each costs, and how far it is above the LP's (`extra_info`)."""

from dataclasses import replace

import pytest

from edgeopt.optim.scheduling.bounds.knapsack_bound import knapsack_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import combinatorial_bound, lower_bound, lp_bound
from edgeopt.problems.scheduling.spec import load_problem

PROBLEMS = (
    "braun:u_c_hihi:512x16:seed=1",
    "braun:u_i_hihi:512x16:utilisation=0.98:seed=1",
    "braun:u_c_hihi:4096x128:seed=1",
    "paper:200x30:seed=1",
    "paper:50x10:backlog=0.5:seed=1",
    "paper:100000x1000:seed=1",
)


@pytest.mark.parametrize("spec", PROBLEMS)
@pytest.mark.parametrize("bound", [combinatorial_bound, lp_bound, lower_bound])
def test_quick_bounds(benchmark, bound, spec):
    problem = load_problem(spec)
    benchmark.group = spec
    lp_bound(replace(problem))  # compiles
    value = benchmark.pedantic(bound, setup=lambda: ((replace(problem),), {}), rounds=3)
    benchmark.extra_info["above_lp_percent"] = round(100 * (value / lp_bound(problem) - 1), 4)


@pytest.mark.parametrize("spec", PROBLEMS[:2])
def test_knapsack_bound(benchmark, spec):
    problem = load_problem(spec)
    benchmark.group = spec
    value = benchmark.pedantic(knapsack_bound, (problem, 20.0), rounds=1)
    benchmark.extra_info["above_lp_percent"] = round(100 * (value / lp_bound(problem) - 1), 4)

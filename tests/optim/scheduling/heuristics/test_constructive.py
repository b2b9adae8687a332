"""The constructive heuristics against naive versions, published values and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from naive import heuristics as naive
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.heuristics.batch_rules import max_min, min_min, sufferage
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs, lpt, mct, met, round_robin
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

HEURISTICS = (fcfs, round_robin, mct, met, lpt, min_min, max_min, sufferage)

# Makespans in s published for the instances of Braun et al. 2001 (OLB, MCT, MET: Xhafa et al. 2007;
# Min-Min, Max-Min, Sufferage: the same values appear throughout the literature).
PUBLISHED = {
    "u_c_hihi.0": (14376662.176, 11422624.494, 47472299.43, 8460675.003, 12385671.828, 10249172.885),  # noqa: E501
    "u_c_hilo.0": (221051.824, 185887.404, 1185092.969, 161805.434, 204054.589, 168982.602),
    "u_c_lohi.0": (477357.020, 378303.625, 1453098.004, 275837.356, 392566.686, 337121.461),
    "u_c_lolo.0": (7306.596, 6360.055, 39582.297, 5441.428, 6945.362, 5658.538),
    "u_i_hihi.0": (26102017.618, 4413582.982, 4508506.792, 3513919.281, 8018378.072, 3306818.943),
    "u_i_hilo.0": (272785.201, 94855.913, 96610.481, 80755.679, 151923.835, 77589.104),
    "u_i_lohi.0": (833605.655, 143816.094, 185694.594, 120517.709, 251528.848, 114578.915),
    "u_i_lolo.0": (8938.027, 3137.350, 3399.285, 2785.645, 5177.709, 2639.318),
    "u_s_hihi.0": (19464875.910, 6693923.896, 25162058.136, 5160342.819, 9208811.495, 5121953.621),
    "u_s_hilo.0": (250362.114, 126587.591, 605363.773, 104375.164, 172822.698, 102499.893),
    "u_s_lohi.0": (603231.467, 186151.286, 674689.536, 140284.489, 282085.731, 150297.125),
    "u_s_lolo.0": (8938.389, 4436.118, 21042.413, 3806.828, 6232.242, 3846.469),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values_of_the_braun_instances(hcsp, name):
    problem = hcsp(f"512x16/{name}")
    solvers = (fcfs, mct, met, min_min, max_min, sufferage)
    for solver, published in zip(solvers, PUBLISHED[name], strict=True):
        assert problem.makespan(solver(problem, None)) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize("solver", HEURISTICS, ids=lambda solver: solver.__name__)
@given(problem=scheduling_problems(max_tasks=12, max_nodes=5))
@settings(max_examples=80, deadline=None)
def test_kernel_equals_the_naive_version(solver, problem):
    expected = getattr(naive, solver.__name__)(problem)
    found = solver(problem, None)
    if -1 in expected:
        assert -1 in found
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("solver", HEURISTICS, ids=lambda solver: solver.__name__)
def test_work_and_speed_give_the_same_schedule_as_the_matrix(solver):
    uniform = paper_pool(60, 7, rng=3)
    dense = Problem(uniform.matrix, uniform.task_memory, uniform.node_capacity)
    np.testing.assert_array_equal(solver(uniform, None), solver(dense, None))


def test_by_hand():
    # Two nodes; node 1 is fast for task 0 only.
    problem = Problem([[4.0, 1.0], [2.0, 3.0], [2.0, 6.0]])
    assert fcfs(problem, None).tolist() == [0, 1, 1]
    assert round_robin(problem, None).tolist() == [0, 1, 0]
    assert mct(problem, None).tolist() == [1, 0, 0]
    assert met(problem, None).tolist() == [1, 0, 0]
    # lpt: mean times 2.5, 2.5, 4: task 2 first (to 0), then 0 (to 1), then 1 (4 on both: to 0)
    assert lpt(problem, None).tolist() == [1, 0, 0]
    # max-min: earliest completions 1, 2, 2: task 1 first; then of 1 and 4 (2 to node 0) task 2
    assert max_min(problem, None).tolist() == [1, 0, 0]
    # sufferage 3, 1, 4: task 2 to node 0, then 0 to node 1, then 1: both complete at 4
    assert sufferage(problem, None).tolist() == [1, 0, 0]


def test_ties_go_to_the_lowest_index():
    problem = Problem(np.ones((4, 3)))
    for solver in (fcfs, mct, min_min, max_min, sufferage, lpt, round_robin):
        assert solver(problem, None).tolist() == [0, 1, 2, 0]
    assert met(problem, None).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("solver", HEURISTICS, ids=lambda solver: solver.__name__)
def test_memory_sends_a_task_to_the_slow_node(solver):
    problem = Problem(UniformTimes([1.0, 1.0], [10.0, 1.0]), [1.0, 1.0], [1.0, 1.0])
    assert sorted(solver(problem, None)) == [0, 1]


def test_a_dead_end_is_marked():
    # In order of arrival the small tasks fill both nodes, and the large one fits neither.
    problem = Problem(np.ones((3, 2)), [1.0, 1.0, 2.0], [2.0, 2.0])
    assert fcfs(problem, None).tolist() == [0, 1, -1]
    assert -1 in mct(problem, None)


def test_lpt_on_identical_machines_is_within_its_guarantee():
    rng = np.random.default_rng(0)
    for _ in range(10):
        problem = Problem(UniformTimes(rng.integers(1, 20, 7).astype(float), np.ones(3)))
        guarantee = 4 / 3 - 1 / 9  # Graham 1969, three machines
        assert problem.makespan(lpt(problem, None)) <= guarantee * optimum(problem)


@pytest.mark.parametrize("nodes", [1, 4, 30])
def test_a_greedy_list_is_optimal_for_equal_tasks(nodes):
    problem = paper_pool(37, nodes, memory="none", batch="equal", rng=nodes)
    times = np.sort((problem.matrix[0][:, None] * np.arange(1, 38)).ravel())  # of 1..k on each node
    for solver in (mct, lpt):
        assert problem.makespan(solver(problem, None)) == pytest.approx(times[36])

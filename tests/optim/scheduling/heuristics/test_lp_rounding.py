"""Rounding keeps its factor of 2, memory, and the vertex's structure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import optimum
from strategies import scheduling_problems

from edgeopt.optim.scheduling.bounds.quick_bounds import lower_bound
from edgeopt.optim.scheduling.heuristics.lp_rounding import least_deadline, lp_rounding
from edgeopt.optim.scheduling.solve import solve
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem

SHARE = 1e-7


def deadline(problem, vertex):
    """The makespan of the vertex, or its longest pair if that is longer."""
    used = vertex.share > SHARE
    return max(vertex.makespan, problem.matrix[vertex.task[used], vertex.node[used]].max())


def components(tasks, nodes):
    """Numbers of edges and of ends in each component of a graph of tasks and nodes."""
    groups = []
    for task, node in zip(tasks.tolist(), nodes.tolist(), strict=True):
        ends, edges = {("task", task), ("node", node)}, 1
        for group in [group for group in groups if group[0] & ends]:
            groups.remove(group)
            ends, edges = ends | group[0], edges + group[1]
        groups.append((ends, edges))
    return [(edges, len(ends)) for ends, edges in groups]


@given(scheduling_problems(max_tasks=6, max_nodes=3, memory=False))
@settings(max_examples=100, deadline=None)
def test_deadline_and_schedule_hold_their_factors(problem):
    best = optimum(problem)
    assert deadline(problem, least_deadline(problem)) <= best * (1 + 1e-9)
    assert problem.makespan(lp_rounding(problem, None)) <= 2 * best * (1 + 1e-9)


@given(scheduling_problems(max_tasks=6, max_nodes=3, memory=False, whole=False))
@settings(max_examples=100, deadline=None)
def test_with_real_times(problem):
    assert problem.makespan(lp_rounding(problem, None)) <= 2 * optimum(problem) * (1 + 1e-9)


@given(scheduling_problems(max_tasks=7, max_nodes=4, memory=True))
@settings(max_examples=100, deadline=None)
def test_with_memory_a_schedule_fits_or_is_incomplete(problem):
    assignment = lp_rounding(problem, None)
    assert (assignment < 0).any() or problem.fits(assignment)


@given(
    st.integers(0, 10**6),
    st.sampled_from(["braun:u_i_hihi:40x8", "cov:30x12", "braun:u_c_lolo:60x5"]),
)
@settings(max_examples=60, deadline=None)
def test_a_vertex_is_a_pseudo_forest(seed, name):
    problem = load_problem(f"{name}:seed={seed}")
    vertex = least_deadline(problem)
    used = vertex.share > SHARE
    assert used.sum() <= problem.tasks + problem.nodes
    split = used & (vertex.share < 1 - SHARE)
    for edges, ends in components(vertex.task[split], vertex.node[split]):
        assert edges <= ends


def test_the_deadline_excludes_pairs_that_no_schedule_of_that_length_has():
    # The LP would split the long task at 5 s; it must run somewhere whole: 10 s.
    problem = Problem([[10.0, 10.0], [1.0, 1.0]])
    assert deadline(problem, least_deadline(problem)) == pytest.approx(10.0)
    # With all pairs the LP needs 6 s, using one of 9 s; without it, 9.5 s.
    times = np.array([[9.0, 9.5], [3.0, 3.0]])
    vertex = least_deadline(Problem(times))
    assert deadline(Problem(times), vertex) == pytest.approx(9.0)


def test_a_tight_memory_is_packed():
    problem = paper_pool(60, 6, slack=1.02, rng=0)
    assert problem.fits(lp_rounding(problem, None))


def test_on_both_forms_and_against_the_bound():
    pool = Problem(UniformTimes(np.arange(1.0, 41), np.arange(1.0, 6)))
    for problem in (pool, load_problem("braun:u_i_hihi:200x10:seed=1")):
        result = solve(problem, lp_rounding)
        assert result.status in ("finished", "optimal")
        assert result.makespan < 1.2 * lower_bound(problem)


def test_what_is_too_large_is_refused():
    with pytest.raises(InputError, match="problem: got '100000 x 1000', must be of at most 2"):
        lp_rounding(paper_pool(100_000, 1000, rng=0), None)

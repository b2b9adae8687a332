"""Does any assignment meet the capacities: against brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling import memory
from edgeopt.problems.scheduling.memory import best_fit_decreasing, check_capacity


def some_assignment_fits(
    sizes: np.ndarray, capacity: np.ndarray, allowed: np.ndarray | None = None
) -> bool:
    """Try all assignments."""
    every = np.ones((len(sizes), len(capacity)), dtype=bool)
    nodes = [np.flatnonzero(row) for row in (every if allowed is None else allowed)]
    return any(
        (np.bincount(assignment, weights=sizes, minlength=len(capacity)) <= capacity).all()
        for assignment in product(*nodes)
    )


def packed(sizes: np.ndarray, capacity: np.ndarray, allowed: np.ndarray) -> list[int] | None:
    """Put the largest task first, each where it leaves least: the first of equal nodes."""
    room, places = capacity.tolist(), {}
    for task in sorted(range(len(sizes)), key=lambda each: -sizes[each]):
        fitting = [j for j in range(len(room)) if allowed[task, j] and room[j] >= sizes[task]]
        if not fitting:
            return None
        places[task] = min(fitting, key=lambda j: room[j] - sizes[task])
        room[places[task]] -= sizes[task]
    return [places[task] for task in range(len(sizes))]


def is_accepted(sizes: np.ndarray, capacity: np.ndarray, allowed: np.ndarray | None = None) -> bool:
    """Whether `check_capacity` lets the problem through."""
    try:
        check_capacity(sizes, capacity, allowed)
    except InputError:
        return False
    return True


sizes_and_capacity = st.tuples(
    st.lists(st.integers(0, 12), min_size=1, max_size=6),
    st.lists(st.integers(0, 25), min_size=1, max_size=3),
)


@settings(deadline=None, max_examples=100)
@given(sizes_and_capacity, st.sampled_from([1.0, 1e-9, 602_112.0, 1e22]))
def test_the_verdict_is_that_of_brute_force(case: tuple[list[int], list[int]], unit: float):
    sizes, capacity = (np.array(values, dtype=float) for values in case)
    accepted = is_accepted(sizes * unit, capacity * unit)
    assert accepted == some_assignment_fits(sizes, capacity)


@settings(deadline=None, max_examples=100)
@given(sizes_and_capacity, st.integers(0, 999), st.sampled_from([0.2, 0.5, 0.8]))
def test_so_it_is_where_nodes_cannot_run_some_tasks(
    case: tuple[list[int], list[int]], seed: int, share: float
):
    sizes, capacity = (np.array(values, dtype=float) for values in case)
    allowed = np.random.default_rng(seed).random((len(sizes), len(capacity))) < share
    accepted = is_accepted(sizes, capacity, allowed)
    assert accepted == some_assignment_fits(sizes, capacity, allowed)
    witness = best_fit_decreasing(sizes, capacity, allowed)
    if witness is not None:
        assert accepted
        assert packed(sizes, capacity, allowed) in (None, witness.tolist())
        assert allowed[np.arange(len(sizes)), witness].all()


@given(sizes_and_capacity)
def test_the_greedy_witness_fits(case: tuple[list[int], list[int]]):
    sizes, capacity = (np.array(values, dtype=float) for values in case)
    witness = best_fit_decreasing(sizes, capacity)
    if witness is not None:
        used = np.bincount(witness, weights=sizes, minlength=len(capacity))
        assert (used <= capacity).all()
        assert some_assignment_fits(sizes, capacity)


def test_best_fit_takes_the_largest_task_first_and_the_fullest_node():
    assert best_fit_decreasing(np.array([2.0, 5.0]), np.array([7.0, 5.0])).tolist() == [0, 1]


def test_stage_one_names_the_task_or_the_sum():
    with pytest.raises(InputError, match=r"task_memory\[1\]: got 8.0, must be at most the largest"):
        check_capacity(np.array([1.0, 8.0]), np.array([7.0, 7.0]))
    with pytest.raises(InputError, match=r"sum of task_memory: got 12.0, must be at most"):
        check_capacity(np.array([4.0, 4.0, 4.0]), np.array([5.0, 6.0]))
    with pytest.raises(InputError, match="sum of task_memory"):
        check_capacity(np.array([1e308, 1e308]), np.array([1.5e308]))


def test_stage_two_is_a_witness_that_needs_no_integer_program(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_milp_is_infeasible", None)
    check_capacity(np.array([4.0, 4.0, 4.0]), np.array([8.0, 4.0]))


def test_stage_three_decides_where_the_greedy_fails():
    sizes, capacity = np.array([4.0, 3.0, 2.0, 2.0]), np.array([5.0, 6.0])
    assert best_fit_decreasing(sizes, capacity) is None  # it puts 4 on the first node
    check_capacity(sizes, capacity)  # 3 + 2 and 4 + 2
    with pytest.raises(InputError, match=r"node_capacity: got .* such that some assignment"):
        check_capacity(np.array([3.0, 3.0, 3.0]), np.array([5.0, 5.0]))


def test_what_fits_up_to_rounding_is_accepted():
    check_capacity(np.full(3, 0.1), np.array([0.3]))  # the sum is 0.30000000000000004


def test_without_a_verdict_the_problem_is_let_through(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_MILP_SECONDS", 0.0)
    rng = np.random.default_rng(0)
    sizes = rng.integers(10**6, 2 * 10**6, size=60) + 0.5
    check_capacity(sizes, np.full(7, sizes.sum() / 7 + 1.0))

"""The scheduling problem: loads, makespan, memory, content."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

ET = [[3.0, 1.0], [2.0, 4.0], [0.0, 5.0]]
PROBLEM = Problem(ET, [10, 20, 30], [35, 60])


def test_loads_makespan_and_total_time():
    assert (PROBLEM.tasks, PROBLEM.nodes) == (3, 2)
    assert PROBLEM.loads([1, 0, 1]).tolist() == [2.0, 6.0]
    assert PROBLEM.makespan([1, 0, 1]) == 6.0
    assert PROBLEM.total_time([1, 0, 1]) == 8.0
    assert PROBLEM.loads([0, 0, 0]).tolist() == [5.0, 0.0]


def test_memory():
    assert PROBLEM.memory_used([1, 0, 1]).tolist() == [20.0, 40.0]
    assert PROBLEM.fits([1, 0, 1])
    assert not PROBLEM.fits([0, 1, 0])  # 40 of 35 byte
    free = Problem(ET)
    assert free.memory_used([0, 1, 0]).tolist() == [0.0, 0.0]
    assert free.fits([0, 0, 0])


def test_ready_times_count_for_nodes_with_tasks():
    problem = Problem([[2.0, 4.0], [3.0, 1.0]], ready=[10.0, 1.0])
    assert problem.makespan([0, 1]) == 12.0  # 10 + 2 on node 0, 1 + 1 on node 1
    assert problem.makespan([1, 1]) == 6.0  # node 0 is ready at 10, but has no task
    assert problem.loads([1, 1]).tolist() == [0.0, 5.0]
    assert problem.total_time([0, 1]) == 3.0


def test_memory_fits_up_to_rounding():
    for unit in (2.0**-40, 1.0, 2.0**40):
        # 0.1 + 0.1 + 0.1 > 0.3 in floats, in any unit
        tight = Problem([[1.0]] * 3, [0.1 * unit] * 3, [0.3 * unit])
        assert tight.fits([0, 0, 0])
    assert not replace(PROBLEM, node_capacity=np.array([60.0, 59.999])).fits([1, 1, 1])


@st.composite
def assigned(draw: st.DrawFn) -> tuple[Problem, list[int]]:
    """Draw a problem in either form with an assignment."""
    k, x = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrix = rng.integers(0, 50, size=(k, x)) + 0.5
    et = UniformTimes(matrix[:, 0], matrix[0]) if draw(st.booleans()) else matrix
    problem = Problem(et, rng.integers(0, 9, size=k), np.full(x, 9.0 * k))
    return problem, rng.integers(0, x, size=k).tolist()


@given(assigned())
def test_loads_equal_a_plain_loop(case: tuple[Problem, list[int]]):
    problem, assignment = case
    loads, used = [0.0] * problem.nodes, [0.0] * problem.nodes
    for task, node in enumerate(assignment):
        loads[node] += problem.matrix[task, node]
        used[node] += problem.task_memory[task]
    assert problem.loads(assignment).tolist() == loads
    assert problem.memory_used(assignment).tolist() == used
    assert problem.makespan(assignment) == max(loads)
    assert problem.total_time(assignment) == pytest.approx(sum(loads))
    assert problem.fits(assignment)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ([0, 1], r"assignment.shape: got \(2,\), must be \(3,\)"),
        ([[0, 1, 0]], "assignment.shape"),
        ([0.0, 1.0, 0.0], "assignment.dtype"),
        ([True, False, True], "assignment.dtype"),
        ([0, 2, 0], r"assignment\[1\]: got 2, must be a node index in 0..1"),
        ([0, 1, -1], r"assignment\[2\]: got -1"),
    ],
)
def test_what_is_no_assignment_is_refused(assignment: list, message: str):
    for method in (PROBLEM.loads, PROBLEM.makespan, PROBLEM.fits, PROBLEM.check_assignment):
        with pytest.raises(InputError, match=message):
            method(assignment)


def test_a_checked_assignment_is_a_copy():
    mine = np.array([0, 1, 0], dtype=np.int64)
    checked = PROBLEM.check_assignment(mine)
    mine[0] = 1
    assert checked.tolist() == [0, 1, 0]
    assert PROBLEM.check_assignment(np.array([0, 1, 0], dtype=np.uint8)).dtype == np.int64


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, -1e-300])
@pytest.mark.parametrize("field", ["et", "task_memory", "node_capacity", "ready"])
def test_bad_numbers_are_refused_by_field(field: str, value: float):
    arrays = {"et": np.ones((3, 2)), "task_memory": np.ones(3), "node_capacity": np.full(2, 9.0)}
    arrays["ready"] = np.zeros(2)
    arrays[field].flat[1] = value
    if field == "et" and value == np.inf:
        return  # a node that cannot run the task
    with pytest.raises(InputError, match=rf"^{field}\["):
        Problem(**arrays)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.empty((0, 2)),), "et.shape"),
        ((np.empty((2, 0)),), "et.shape"),
        ((np.zeros((2, 2)),), "all entries 0"),
        (([1.0, 2.0],), "et.shape"),
        ((ET, [1, 1, 1]), "node_capacity: got None, must be given"),
        ((ET, None, [9, 9]), "task_memory: got None, must be given"),
        ((ET, [1, 1], [9, 9]), r"task_memory.shape: got \(2,\), must be \(3,\)"),
        ((ET, [1, 1, 1], [9]), r"node_capacity.shape: got \(1,\), must be \(2,\)"),
        ((ET, [[1, 1, 1]], [9, 9]), "task_memory.shape"),
        ((ET, None, None, "name", [1]), r"ready.shape: got \(1,\), must be \(2,\)"),
        ((ET, [1, 1, 9], [5, 5]), r"task_memory\[2\]: got 9.0"),
    ],
)
def test_bad_problems_are_refused(arguments: tuple, message: str):
    with pytest.raises(InputError, match=message):
        Problem(*arguments)


def test_infinite_times_forbid_a_node():
    problem = Problem([[3.0, np.inf], [2.0, 1.0]], [5.0, 1.0], [9.0, 9.0])
    assert problem.allowed.tolist() == [[True, False], [True, True]]
    assert problem.runs([1, 1]).tolist() == [False, True]
    assert problem.fits([0, 1])
    assert not problem.fits([1, 1])
    assert problem.makespan([1, 1]) == np.inf
    assert Problem([[1.0, 2.0]]).allowed is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[np.inf, np.inf], [2.0, 1.0]],), r"et\[0\]"),
        (([[1.0, np.inf], [2.0, 1.0]], [5.0, 1.0], [4.0, 9.0]), r"task_memory\[0\]: got 5"),
        ((ET, None, None, "name", None, ["a"]), r"task_names: got \('a',\), must be 3 names"),
        ((ET, None, None, "name", None, None, "ab"), "node_names: got 'ab'"),
    ],
)
def test_tasks_that_can_run_nowhere_and_wrong_names_are_refused(arguments: tuple, message: str):
    with pytest.raises(InputError, match=message):
        Problem(*arguments)


def test_zero_entries_are_legal():
    assert Problem([[0.0, 0.0], [0.0, 1.0]]).makespan([0, 0]) == 0.0


def test_a_problem_does_not_change():
    et = np.array(ET)
    problem = Problem(et)
    et[0, 0] = 99.0
    assert problem.matrix[0, 0] == 3.0
    with pytest.raises(FrozenInstanceError):
        problem.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        problem.matrix[0, 0] = 1.0


@pytest.mark.parametrize(
    "et", [ET, UniformTimes([3.0, 1.0, 2.0], [1.0, 2.0])], ids=["matrix", "uniform"]
)
def test_no_array_of_a_problem_can_be_written(et: object):
    problem = Problem(et, [10, 20, 30], [35, 60], ready=[1, 0])  # type: ignore[arg-type]
    arrays = [problem.matrix, problem.task_memory, problem.node_capacity, problem.ready]
    arrays += [*problem.et] if isinstance(problem.et, UniformTimes) else [problem.et]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    assert problem.matrix is problem.matrix  # made once, and shared


def test_the_digest_is_of_the_content_alone():
    digest = PROBLEM.digest
    assert Problem(ET, [10, 20, 30], [35, 60], name="other").digest == digest
    others = [
        Problem(ET),
        Problem(np.transpose(ET)),
        Problem(np.reshape(ET, (2, 3))),
        Problem(np.nextafter(ET, 9)),
        Problem(ET, [10, 20, 31], [35, 60]),
        Problem(ET, [10, 20, 30], [35, 61]),
        Problem(ET, ready=[1, 0]),
        Problem(ET, [10, 20, 30], [35, 60], ready=[1, 0]),
        Problem(UniformTimes(np.ones(3), np.ones(2))),
        Problem(UniformTimes(np.ones(2), np.ones(3))),
    ]
    assert len({digest, *(other.digest for other in others)}) == 11

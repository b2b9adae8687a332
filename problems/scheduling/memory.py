"""Memory capacities: whether any assignment meets them."""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError

_MILP_SECONDS = 10.0

# Largest capacity in the MILP: the tolerances of HiGHS are absolute, and its infinity is 1e20.
_LARGEST = 1e6

_TOLERANCE = 1e-9  # of the largest capacity: what is missing by less may be so by rounding


def check_capacity(
    task_memory: FloatArray, node_capacity: FloatArray, allowed: NDArray[np.bool_] | None = None
) -> None:
    """Raise `InputError` if no assignment of the tasks fits the nodes.

    Parameters
    ----------
    task_memory, node_capacity : ndarray, shape (k,) and (x,)
        Memory of each task and of each node in byte.
    allowed : ndarray of bool, shape (k, x), optional
        Which nodes can run which task; all if not given.

    Notes
    -----
    This is variable-sized bin packing, decided in three stages: necessary conditions that name the
    reason, best-fit decreasing as a witness of feasibility, and HiGHS (`scipy.optimize.milp`) for
    the cases in between. The problem is accepted if HiGHS does not decide within 10 s, or if the
    missing memory is within its tolerance (about 1e-9 of the largest capacity).
    """
    if task_memory.max() > node_capacity.max():
        task = int(task_memory.argmax())
        rule = f"at most the largest node's capacity, {node_capacity.max():g} byte"
        raise InputError(f"task_memory[{task}]", task_memory[task], rule)
    with np.errstate(over="ignore"):  # an infinite sum is compared correctly
        total, room = task_memory.sum(), node_capacity.sum()
    rounding = len(task_memory) * np.finfo(np.float64).eps  # as in `Problem.fits`
    if total > room * (1.0 + rounding):
        raise InputError("sum of task_memory", total, f"at most the total capacity, {room:g} byte")
    if allowed is not None:
        _check_rooms(task_memory, node_capacity, allowed)
    if best_fit_decreasing(task_memory, node_capacity, allowed) is not None:
        return
    if _milp_is_infeasible(task_memory, node_capacity, allowed):
        raise InputError("node_capacity", node_capacity, "such that some assignment fits")


def _check_rooms(
    task_memory: FloatArray, node_capacity: FloatArray, allowed: NDArray[np.bool_]
) -> None:
    """Raise `InputError` if a task fits none of the nodes that can run it."""
    room = np.where(allowed, node_capacity, -np.inf).max(axis=1)
    short = np.flatnonzero(task_memory > room)
    if short.size:
        task = int(short[0])
        rule = f"at most {room[task]:g} byte, the largest capacity of a node that can run the task"
        raise InputError(f"task_memory[{task}]", task_memory[task], rule)


def best_fit_decreasing(
    task_memory: FloatArray,
    node_capacity: FloatArray,
    allowed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64] | None:
    """Return an assignment, shape (k,), that fits, or None if this greedy rule finds none.

    The largest task comes first; each goes to the node that it fills best (Friesen and Langston,
    "Variable sized bin packing", SIAM J. Computing 15, 1986). Where not every node can run every
    task (`allowed`, shape (k, x)), the tasks of fewest nodes come first if that fails.
    """
    largest_first = np.argsort(-task_memory, kind="stable")
    assignment = _best_fit(task_memory, node_capacity, allowed, largest_first)
    if assignment is None and allowed is not None:
        fewest_first = np.lexsort((-task_memory, allowed.sum(axis=1)))
        assignment = _best_fit(task_memory, node_capacity, allowed, fewest_first)
    return assignment


def _best_fit(
    task_memory: FloatArray,
    node_capacity: FloatArray,
    allowed: NDArray[np.bool_] | None,
    order: NDArray[np.int64],
) -> NDArray[np.int64] | None:
    """Put the tasks in order, each on the node of those that can run it that it fills best."""
    rooms = sorted((room, node) for node, room in enumerate(node_capacity.tolist()))
    assignment = np.empty(len(task_memory), dtype=np.int64)
    sizes = task_memory.tolist()
    for task in order.tolist():
        size = sizes[task]
        place = bisect_left(rooms, (size,))  # of the least room that is enough
        while allowed is not None and place < len(rooms) and not allowed[task, rooms[place][1]]:
            place += 1
        if place == len(rooms):
            return None
        room, node = rooms.pop(place)
        insort(rooms, (room - size, node))
        assignment[task] = node
    return assignment


def _milp_is_infeasible(
    task_memory: FloatArray, node_capacity: FloatArray, allowed: NDArray[np.bool_] | None
) -> bool:
    """Whether HiGHS proves that the integer program of the packing has no solution."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # takes long to import
    from scipy.sparse import eye_array, kron

    # Tasks of equal size and equal nodes are interchangeable: count them instead of placing each.
    capacity = node_capacity / node_capacity.max() * _LARGEST
    sizes = task_memory / node_capacity.max() * _LARGEST
    runs = np.ones((len(sizes), len(capacity))) if allowed is None else allowed
    kinds, counts = np.unique(np.column_stack([sizes, runs]), axis=0, return_counts=True)
    s, x = len(kinds), len(capacity)
    placed = kron(eye_array(s), np.ones((1, x)), format="csr")  # all tasks of a kind are placed
    held = kron(kinds[:, :1].T, eye_array(x), format="csr")  # what a node holds fits
    answer = milp(
        np.zeros(s * x),
        constraints=[
            LinearConstraint(placed, counts, counts),
            LinearConstraint(held, -np.inf, capacity + _TOLERANCE * _LARGEST),
        ],
        bounds=Bounds(0, (kinds[:, 1:] * counts[:, None]).ravel()),
        integrality=np.ones(s * x, dtype=np.int64),
        options={"time_limit": _MILP_SECONDS},
    )
    return bool(answer.status == 2)

"""Nodes that join, leave or fail while tasks run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    IntArray,
    check_choice,
    check_integer,
    check_number,
)

Kind = Literal["join", "leave", "fail"]

JOIN, LEAVE, FAIL = 0, 1, 2


class Change(NamedTuple):
    """A node joins, leaves or fails.

    Attributes
    ----------
    time_s : float
        When, in s, >= 0; before the tasks that arrive at the same time.
    node : int
        Which of the x nodes. A node whose first change is to join is absent before.
    kind : {"join", "leave", "fail"}
        A node that leaves finishes its current task; one that fails loses it. The other tasks of
        its queue, and the lost one from its beginning, are dispatched again at that time, in the
        order of their arrival.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.optim.online import Change, Resources, Stages, simulate_dispatch
    >>> zero, work = np.zeros(3), np.full(3, 1e9)
    >>> stages = Stages(work, zero, zero, zero)
    >>> resources = Resources(np.array([1e9, 1e9]))
    >>> changes = (Change(0.5, 1, "leave"),)
    >>> simulate_dispatch(zero, stages, resources, changes=changes).node
    array([0, 1, 0])
    """

    time_s: float
    node: int
    kind: Kind


class ChangeArrays(NamedTuple):
    """Changes in the order of time, as kernels take them, shape (c,) each.

    Attributes
    ----------
    time : ndarray
        In s.
    node, kind : ndarray of int64
        Node, and `JOIN`, `LEAVE` or `FAIL`.
    """

    time: FloatArray
    node: IntArray
    kind: IntArray


def change_arrays(changes: Sequence[Change], nodes: int) -> ChangeArrays:
    """Return the changes sorted by time; equal times keep their order.

    Raises
    ------
    InputError
        If a value is out of range, a node joins that is present, one goes that is absent, or no
        node is left at the end, in which case tasks would wait for ever.
    """
    for place, change in enumerate(changes):
        check_number(f"changes[{place}].time_s", change.time_s, at_least=0)
        check_integer(f"changes[{place}].node", change.node, at_least=0, at_most=nodes - 1)
        check_choice(f"changes[{place}].kind", change.kind, get_args(Kind))
    ordered = sorted(changes, key=lambda change: change.time_s)
    # Reversed, so that the first change of each node is the one that remains.
    present = {change.node: change.kind == "join" for change in reversed(ordered)}
    present = {node: not joins for node, joins in present.items()}  # before the first change
    for change in ordered:
        if present[change.node] == (change.kind == "join"):
            rule = "join only while it is absent, leave or fail only while it is present"
            raise InputError("changes", change, f"a change of a node that may {rule}")
        present[change.node] = change.kind == "join"
    # Nodes without a change stay; otherwise some node must be left.
    if len(present) == nodes and not any(present.values()):
        raise InputError("changes", ordered[-1], "such that some node is present at the end")
    return ChangeArrays(
        np.array([change.time_s for change in ordered], dtype=np.float64),
        np.array([change.node for change in ordered], dtype=np.int64),
        np.array([get_args(Kind).index(change.kind) for change in ordered], dtype=np.int64),
    )


def free_at_start(changes: ChangeArrays, nodes: int) -> FloatArray:
    """Return when each node is first free, shape (x,): 0, or infinite if it joins later."""
    free = np.zeros(nodes)
    # Backwards again: the first change decides whether a node is present at the start.
    for node, kind in zip(changes.node[::-1], changes.kind[::-1], strict=True):
        free[node] = np.inf if kind == JOIN else 0.0
    return free

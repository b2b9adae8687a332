"""Nodes that join, leave or fail while tasks run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    check_choice,
    check_integer,
    check_number,
)

Kind = Literal["join", "leave", "fail"]

JOIN, LEAVE, FAIL = 0, 1, 2


class Change(NamedTuple):
    """One node comes or goes.

    Attributes
    ----------
    time_s : float
        When, in s, >= 0. A task that arrives at the same time finds it done.
    node : int
        Which of the x nodes. A node whose first change is to join is not there before.
    kind : {"join", "leave", "fail"}
        A node that leaves ends the task that it works on; one that fails loses it. All its other
        tasks that have not ended, and the lost one from its beginning, are given out anew at that
        time, in the order of their arrival.

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
    """Return the changes sorted by time (equal times in the order given).

    Raises
    ------
    InputError
        If a value is out of range, a node joins that is there, one goes that is not, or no node
        is left at the end, so that tasks would wait for ever.
    """
    for place, change in enumerate(changes):
        check_number(f"changes[{place}].time_s", change.time_s, at_least=0)
        check_integer(f"changes[{place}].node", change.node, at_least=0, at_most=nodes - 1)
        check_choice(f"changes[{place}].kind", change.kind, get_args(Kind))
    ordered = sorted(changes, key=lambda change: change.time_s)
    there = {change.node: change.kind == "join" for change in reversed(ordered)}
    there = {node: not joins for node, joins in there.items()}  # before the first change
    for change in ordered:
        if there[change.node] == (change.kind == "join"):
            rule = "join only while it is away, leave or fail only while it is there"
            raise InputError("changes", change, f"a change of a node that may {rule}")
        there[change.node] = change.kind == "join"
    if len(there) == nodes and not any(there.values()):
        raise InputError("changes", ordered[-1], "such that some node is there at the end")
    return ChangeArrays(
        np.array([change.time_s for change in ordered], dtype=np.float64),
        np.array([change.node for change in ordered], dtype=np.int64),
        np.array([get_args(Kind).index(change.kind) for change in ordered], dtype=np.int64),
    )


def there_at_start(changes: ChangeArrays, nodes: int) -> FloatArray:
    """Return when each node is free at the start, shape (x,): 0, or inf where it joins later."""
    free = np.zeros(nodes)
    for node, kind in zip(changes.node[::-1], changes.kind[::-1], strict=True):
        free[node] = np.inf if kind == JOIN else 0.0
    return free

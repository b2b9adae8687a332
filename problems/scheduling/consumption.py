"""What a schedule uses besides time: energy and cost of pairs, power of nodes; and deadlines."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError, check_array
from edgeopt.problems.scheduling.frames import Names, aligned, labelled_times


class Axes(NamedTuple):
    """The tasks and nodes that the numbers belong to.

    Attributes
    ----------
    shape : tuple of int
        k and x.
    tasks, nodes : tuple of str or None
        Their names.
    allowed : ndarray of bool, shape (k, x), or None
        Which nodes can run which task; None: every node can.
    """

    shape: tuple[int, int]
    tasks: Names | None
    nodes: Names | None
    allowed: NDArray[np.bool_] | None


def check_consumption(given: dict[str, Any], axes: Axes) -> dict[str, FloatArray]:
    """Return those of the fields that are given as read-only arrays.

    Parameters
    ----------
    given : dict
        ``energy`` and ``cost``, shape (k, x), ``active_power`` and ``idle_power``, shape (x,), and
        ``deadlines``, shape (k,), each None if the problem does not state it.
    axes : Axes
        Tasks and nodes.

    Raises
    ------
    InputError
        If a number is missing, negative or not finite where it is needed, an array has the wrong
        shape or labels, or energy would be known twice or in part.
    """
    stated = {field: value for field, value in given.items() if value is not None}
    if "energy" in stated and "active_power" in stated:
        rule = "left out: energy already says what each pair uses"
        raise InputError("active_power", stated["active_power"], rule)
    if "idle_power" in stated and not stated.keys() & {"energy", "active_power"}:
        rule = "given with energy or active_power: idle nodes are a part of the energy"
        raise InputError("idle_power", stated["idle_power"], rule)
    checked = {field: _checked(field, value, axes) for field, value in stated.items()}
    if "idle_power" in checked and "active_power" in checked:
        wrong = np.flatnonzero(checked["idle_power"] > checked["active_power"])
        if wrong.size:
            node = int(wrong[0])
            most = checked["active_power"][node]
            rule = f"at most active_power[{node}], {most:g} W"
            raise InputError(f"idle_power[{node}]", checked["idle_power"][node], rule)
    return checked


def _checked(field: str, value: Any, axes: Axes) -> FloatArray:
    """Return one field as a read-only array."""
    if field in ("energy", "cost"):
        return _of_pairs(field, value, axes)
    names, length = (
        (axes.tasks, axes.shape[0]) if field == "deadlines" else (axes.nodes, axes.shape[1])
    )
    values = check_array(field, aligned(field, value, names), ndim=1, at_least=0)
    if len(values) != length:
        raise InputError(f"{field}.shape", values.shape, f"({length},) to match et")
    return values


def _of_pairs(field: str, value: Any, axes: Axes) -> FloatArray:
    """Return what each pair uses; infinite where the node cannot run the task."""
    table = labelled_times(value)
    for labels, known in ((table.tasks, axes.tasks), (table.nodes, axes.nodes)):
        if labels is not None and known is not None and labels != known:
            rule = "the tasks and nodes of the execution times, in their order"
            raise InputError(f"{field} labels", list(labels), rule)
    given = table.et
    if np.shape(given) == axes.shape and axes.allowed is not None:
        # What a node would use for a task that it cannot run is of no concern.
        given = np.where(axes.allowed, given, np.inf)
    values = check_array(field, given, ndim=2, at_least=0, infinite=True)
    if values.shape != axes.shape:
        raise InputError(f"{field}.shape", values.shape, f"{axes.shape} to match et")
    needed = values if axes.allowed is None else np.where(axes.allowed, values, 0.0)
    if not np.isfinite(needed).all():
        task, node = np.argwhere(~np.isfinite(needed))[0]
        rule = "finite, as the node can run the task"
        raise InputError(f"{field}[{task}, {node}]", values[task, node], rule)
    if not math.isfinite(float(needed.max()) * axes.shape[0]):
        raise InputError(field, needed.max(), "so small that sums over the tasks are finite")
    return values

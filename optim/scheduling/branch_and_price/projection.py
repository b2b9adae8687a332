"""Prices that refute a deadline, by projections: the nearest that may, as far as is known."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.scheduling.branch_and_price.prices import (
    CALL_S,
    KNAPSACK_S,
    TOTAL,
    Prices,
    Search,
    evaluate,
    in_master,
    mean_price,
    memory_scale,
    scaled,
)
from edgeopt.optim.scheduling.run_time import is_over, time_left
from edgeopt.problems.errors import FloatArray, IntArray

_AIM = 1e-6  # of all prices: by how much prices are to refute a deadline, at least

_ENOUGH = 0.5  # of what is aimed at; where the known sets forbid it, nothing is left of it

_TURN = 5.0  # by what factor a move may differ from the last

_TYPICAL = 0.1  # of the mean price: a price of 0 moves as one of this

_TOLERANCE = 1e-5  # of the constraints, in units of the move

_ROUGH = 1.0  # of the objective: prices on the way to the nearest are as good

_BLENDS, _FARTHEST = 3, 0.5  # more prices evaluated in an iteration, and how far they go

_SCALAR = 700  # variables, up to which matrices are factorised without vector instructions

_SETUP_S, _SCALAR_S, _ROOT_S, _VECTOR_S = 3e-3, 1.6e-8, 2.6e-10, 4.5e-8  # see `_work`


def approach(search: Search) -> None:
    """Do one iteration: the nearest prices that may refute the deadline, and new columns.

    The first aim is beyond what refutes, as known columns of few iterations promise too much. If
    no prices reach it with these, the aim is just that, and if none reach that, no prices refute
    the deadline: columns of all nodes run all tasks.

    Parameters
    ----------
    search : Search
        Is changed.
    """
    search.iterations += 1
    now = search.worth.spare
    wanted = search.reach * (_AIM * TOTAL - now)
    found = _project(search, now + wanted)
    if found is None:
        return
    prices, promise, search.weight = found
    if not promise > now + _ENOUGH * wanted:
        search.converged, search.reach = search.reach <= 1.0, 1.0
        return
    best = []
    for between in _blends(search, prices):
        worth, taken = evaluate(search.whole, search.left, between)
        search.work += KNAPSACK_S * search.left.alive.size
        best.append(taken)
        if worth.spare > search.worth.spare:
            search.prices, search.worth = between, worth
    nodes = np.tile(np.arange(len(taken)), len(best))
    search.columns = search.columns.joined(nodes, np.vstack(best))


def _blends(search: Search, prices: Prices) -> list[Prices]:
    """Return prices to evaluate: given ones, and some between these and the best so far.

    Where a projection takes long, more columns for each make it a third as many. They are to
    differ: each price goes another part of its way, up to half of it.
    """
    if not search.is_large:
        return [prices]
    rng = np.random.default_rng(search.iterations)
    start, blends = search.prices, [prices]
    for _ in range(_BLENDS):
        part = _FARTHEST * rng.random(len(prices.task))
        task = start.task + part * (prices.task - start.task)
        memory = start.memory + _FARTHEST / 2 * (prices.memory - start.memory)
        blends.append(scaled(Prices(task, memory), search.left))
    return blends


def _project(search: Search, level: float) -> tuple[Prices, float, FloatArray] | None:
    """Return the nearest prices for a level, what they spare with the known columns, and weights.

    None is returned if there was no time.
    """
    from scipy.sparse import csr_array

    free = np.flatnonzero(search.left.free)
    unit, scale = mean_price(search), memory_scale(search)
    columns = search.columns
    held = columns.tasks @ search.whole.memory / scale
    room = np.maximum(search.left.room, 0.0) / scale
    tasks = csr_array(columns.tasks[:, free], dtype=np.float64)
    sets = Sets(columns.node, tasks, held, room)
    task, memory = np.split(in_master(search, search.prices), [len(free)])
    found = project(sets, task, memory, level / unit, search.move)
    search.work += CALL_S
    if found is None:
        return None
    search.work += found.work
    if found.move > 0.0:
        search.move = float(np.clip(found.move, search.move / _TURN, search.move * _TURN))
    prices = np.zeros(len(search.left.free))
    prices[free] = found.task
    promise = sets.spare(found.task, found.memory) * unit
    return scaled(Prices(prices, found.memory / scale), search.left), promise, found.weight


class Sets(NamedTuple):
    """Sets of tasks, one a row, with a node each.

    Attributes
    ----------
    node : ndarray, shape (c,)
        Of each set.
    tasks : csr_array, shape (c, m)
        1 where the set has the task, else 0; sparse, as such products are the same on any machine.
    held : ndarray, shape (c,)
        Memory of each set.
    room : ndarray, shape (x,)
        Memory of each node; without any, memory has no price.
    """

    node: IntArray
    tasks: Any
    held: FloatArray
    room: FloatArray

    def worth(self, task: FloatArray, memory: FloatArray) -> FloatArray:
        """Return what each set is worth: the prices of its tasks, less those of their memory."""
        return np.asarray(self.tasks @ task - self.held * memory[self.node])

    def best(self, worth: FloatArray) -> FloatArray:
        """Return the worth of each node's best set, 0 if none is worth anything."""
        best = np.zeros(len(self.room))
        np.maximum.at(best, self.node, worth)
        return best

    def spare(self, task: FloatArray, memory: FloatArray) -> float:
        """Return by how much all tasks are worth more than the memory and the nodes' best sets."""
        best = self.best(self.worth(task, memory))
        return float(task.sum() - memory @ self.room - best.sum())


class Projection(NamedTuple):
    """The nearest prices.

    Attributes
    ----------
    task, memory : ndarray, shapes (m,) and (x,)
        Prices.
    weight : ndarray, shape (c,)
        Of the sets, dual to the prices: where no prices reach the level, sets of weights that sum
        to 1 on each node contain each task once or more, about.
    move : float
        How far they are from where they were.
    work : float
        About the processor time in s; counted, not measured.
    """

    task: FloatArray
    memory: FloatArray
    weight: FloatArray
    move: float
    work: float


def project(
    sets: Sets, task: FloatArray, memory: FloatArray, level: float, unit: float
) -> Projection | None:
    """Return the prices nearest to given ones at which the sets spare as much as a level.

    They have the same sum. A step of the projection is measured relative to the prices. If there
    are no such prices, those returned spare less. None is returned if there was no time.

    Parameters
    ----------
    sets : Sets
        What is known.
    task, memory : ndarray, shapes (m,) and (x,)
        Prices; those of the tasks have a mean of 1.
    level : float
        The tasks are to be worth more than the memory and the best sets by as much.
    unit : float
        About how far the prices will move.

    References
    ----------
    Lemarechal, Nemirovskii, Nesterov, "New variants of bundle methods", Mathematical Programming
    69, 1995.
    """
    import clarabel

    m, c, x = len(task), len(sets.node), len(sets.room)
    pricing = sets.room.any()
    center = np.append(task, memory) if pricing else task
    worth = sets.worth(task, memory)
    best = sets.best(worth)
    start = np.append(center, best)
    n = len(start)
    step = np.zeros(n)
    step[: len(center)] = 1.0 / (m * np.maximum(center, _TYPICAL))
    right = np.concatenate(
        [
            [0.0, task.sum() - memory @ sets.room - best.sum() - level],
            best[sets.node] - worth,
            start,
        ]
    )
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(1 + c + n)]
    program = clarabel.DefaultSolver(
        _diagonal(step), np.zeros(n), _rows(sets, n), right / unit, cones, _settings(clarabel, n)
    )
    answer = program.solve()
    if is_over():
        return None
    moved = np.asarray(answer.x) * unit
    values = np.maximum(start + np.where(np.isfinite(moved), moved, 0.0), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # of a direction without end
        move = float(np.sqrt(step @ moved**2))
    dual = np.maximum(np.asarray(answer.z), 0.0)
    return Projection(
        values[:m],
        values[m : m + x] if pricing else memory,
        dual[2 : 2 + c] / dual[1] if dual[1] > 0.0 else np.zeros(c),
        move,
        _work(program, answer.iterations),
    )


def _work(program: Any, iterations: int) -> float:
    """Return about the processor time in s: of factorising a matrix in each iteration."""
    method = program.get_info().linsolver
    entry = _VECTOR_S
    if method.name == "qdldl":
        entry = _SCALAR_S + _ROOT_S * math.sqrt(method.nnzL)
    return float(_SETUP_S + entry * iterations * method.nnzL)


def _diagonal(values: FloatArray) -> Any:
    """Return a diagonal matrix."""
    from scipy.sparse import diags_array

    return diags_array(values, format="csc")


def _rows(sets: Sets, n: int) -> Any:
    """Return the constraints: the sum stays, the level is met, sets count, nothing is negative."""
    from scipy.sparse import csc_array, eye_array, hstack, vstack

    c, x = len(sets.node), len(sets.room)
    m, pricing = sets.tasks.shape[1], sets.room.any()
    places = (np.arange(c), sets.node)
    worth = csc_array((np.full(c, -1.0), places), shape=(c, x))
    memory = [csc_array((-sets.held, places), shape=(c, x))] if pricing else []
    above = np.zeros((2, n))
    above[0, :m] = 1.0
    above[1, m : n - x] = sets.room if pricing else 0.0
    above[1, n - x :] = 1.0
    counted = hstack([sets.tasks, *memory, worth])
    return vstack([csc_array(above), counted, -eye_array(n)], format="csc")


def _settings(clarabel: Any, variables: int) -> Any:
    """Return the settings of Clarabel: one thread, and a rough answer.

    Up to 700 variables are factorised without vector instructions: with an ordering that leaves
    fewer entries, this is as fast or faster, and the same on any machine.
    """
    settings = clarabel.DefaultSettings()
    settings.verbose = settings.presolve_enable = False
    settings.max_threads = 1
    settings.direct_solve_method = "qdldl" if variables <= _SCALAR else "faer"
    settings.tol_feas, settings.tol_gap_abs, settings.tol_gap_rel = _TOLERANCE, _ROUGH, _ROUGH
    if time_left() < np.inf:
        settings.time_limit = time_left()
    return settings

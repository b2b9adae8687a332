"""Pheromone tau: the weights derived from it (2), its update (3) and its bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.arrays import power, sum_four
from edgeopt.optim.stream import build_alias
from edgeopt.problems.errors import FloatArray, IntArray

_BEST_PATH_PROBABILITY = 0.05  # Stuetzle and Hoos 2000, p_best


class Trail(NamedTuple):
    """Pheromone and the arrays derived from it in each iteration; shape (k, x) unless stated.

    Attributes
    ----------
    pheromone : ndarray
        tau in 1/s.
    start : ndarray, shape (x,)
        The initial pheromone tau0 of each node, towards which the local rule draws.
    fixed : ndarray
        The part of eta ** beta that never changes, relative to the largest entry of its row; 0
        for nodes that cannot run the task.
    scale : ndarray, shape (k,)
        Factor of a row's pheromone before it is raised to alpha.
    weights : ndarray
        The static weights, (scale tau) ** alpha times `fixed`; a factor of a row cancels in (2).
    keep, alias : ndarray
        Alias tables of the weights, row by row.
    light, heavy : ndarray of int, shape (x + 1,)
        Scratch of the alias tables.
    """

    pheromone: FloatArray
    start: FloatArray
    fixed: FloatArray
    scale: FloatArray
    weights: FloatArray
    keep: FloatArray
    alias: IntArray
    light: IntArray
    heavy: IntArray


@jit_lean
def prepare(trail: Trail, alpha: float, tables: bool) -> None:
    """Compute the static weights of (2) from the pheromone and, if asked, their alias tables.

    A row whose weights are all 0 has no table: its first `keep` is -1.
    """
    tasks, nodes = trail.pheromone.shape
    for i in range(tasks):
        # Powers of the pheromone could underflow or overflow; relative to the largest of the row,
        # the largest power is 1.
        if alpha != 1.0:
            trail.scale[i] = 1.0 / max(largest_of_row(trail.pheromone, i), 1e-300)
        for j in range(nodes):
            trail.weights[i, j] = static_weight(trail, i, j, alpha)
        if not tables:
            continue
        total = sum_four(trail.weights[i])
        if total > 0.0:
            build_alias(trail.weights, total, trail.keep, trail.alias, i, trail.light, trail.heavy)
        else:
            trail.keep[i, 0] = -1.0


@jit_lean
def static_weight(trail: Trail, task: int, node: int, alpha: float) -> float:
    """Return tau ** alpha times the fixed part of eta ** beta, up to a factor of the row (2)."""
    tau: float = trail.pheromone[task, node]
    if alpha != 1.0:
        tau = power(tau * trail.scale[task], alpha)
    weight: float = tau * trail.fixed[task, node]
    return weight


@jit_lean
def largest_of_row(matrix: FloatArray, row: int) -> float:
    """Return the largest entry of a row of non-negative numbers."""
    largest = 0.0
    for j in range(matrix.shape[1]):
        largest = max(largest, matrix[row, j])
    return largest


@jit_lean
def update_locally(trail: Trail, task: int, node: int, alpha: float, rate: float) -> None:
    """Draw the pheromone of a choice just made towards tau0 (Dorigo and Gambardella 1997, (5))."""
    tau = (1.0 - rate) * trail.pheromone[task, node] + rate * trail.start[node]
    trail.pheromone[task, node] = tau
    trail.weights[task, node] = static_weight(trail, task, node, alpha)


@jit_lean
def update_pheromone(
    pheromone: FloatArray, paths: IntArray, costs: FloatArray, rho: float, Q: float
) -> None:
    """Evaporate, then add Q / cost on the path of every ant that found room for all tasks (3).

    Parameters
    ----------
    pheromone : ndarray, shape (k, x)
        tau in 1/s, changed in place.
    paths : ndarray, shape (y, k)
        Assignments of the ants that deposit.
    costs : ndarray, shape (y,)
        Their costs in s; an infinite one deposits nothing, and one of 0 counts as 1e-300.
    rho, Q : float
        Evaporation rate and deposit.

    Notes
    -----
    The paper sums over y = 1..k, but k is the number of tasks; there are m ants.
    """
    for i in range(pheromone.shape[0]):
        for j in range(pheromone.shape[1]):
            pheromone[i, j] *= 1.0 - rho  # (3), first term
    for y in range(len(costs)):
        deposit = Q / max(costs[y], 1e-300)  # (3), delta tau
        if deposit > 0.0:
            for i in range(paths.shape[1]):
                pheromone[i, paths[y, i]] += deposit


def max_min_bounds(
    tasks: int, nodes: int, cost: float, rho: float, Q: float
) -> tuple[float, float]:
    """Return the bounds of the MAX-MIN ant system for the best cost so far in s.

    Stuetzle and Hoos 2000, "MAX-MIN Ant System", (7) and (11), with x / 2 choices on average.
    """
    high = Q / max(rho, np.finfo(float).eps) / max(cost, 1e-300)
    root = _BEST_PATH_PROBABILITY ** (1.0 / tasks)
    low = high * (1.0 - root) / (max(nodes / 2 - 1, 1.0) * root)
    return min(low, high), high

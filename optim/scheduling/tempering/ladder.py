"""The temperatures of parallel tempering, and how tasks and nodes are proposed at each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.jit import jit_lean
from edgeopt.optim.scheduling.colony.alias import build_alias, draw_alias
from edgeopt.optim.scheduling.tempering.model import Model
from edgeopt.optim.stream import RandomStream, next_uniform
from edgeopt.problems.errors import FloatArray, IntArray

MOST_NODES = 64  # of a task that are proposed: those of least reduced cost

HOT, COLD = 20.0, 8.0  # temperatures at the ends of the ladder, times gap / k

SOFT, STIFF = 20.0, 1500.0  # stiffness at its ends, times x and x / gap^2

IMMOBILE = 1e-9  # least weight of a task


class Ladder(NamedTuple):
    """One level for each replica, from soft and hot to stiff and cold.

    Attributes
    ----------
    temperatures : ndarray, shape (m,)
        Of the reduced costs.
    stiffness : ndarray, shape (m,)
        Factor of the overload in the exponent.
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    chances : ndarray, shape (m, k, q)
        Cumulated probabilities of these nodes, proportional to exp(-cost / temperature).
    keep, alias : ndarray, shape (m, k)
        Tables from which tasks are drawn, in proportion to the chance that they would leave
        their cheapest node.
    """

    temperatures: FloatArray
    stiffness: FloatArray
    nodes: IntArray
    chances: FloatArray
    keep: FloatArray
    alias: IntArray


def nearest_nodes(model: Model, rng: np.random.Generator) -> IntArray:
    """Return each task's nodes by reduced cost, shape (k, q), ties in random order."""
    ties = rng.random(model.costs.shape)
    return np.lexsort((ties, model.costs), axis=1)[:, :MOST_NODES]


def build_ladder(model: Model, nodes: IntArray, levels: int, gap: float) -> Ladder:
    """Return the ladder for schedules about `gap` above the LP bound.

    Parameters
    ----------
    model : Model
        Times, reduced costs and weights.
    nodes : ndarray of int, shape (k, q)
        The nodes of each task by reduced cost.
    levels : int
        How many, m >= 1.
    gap : float
        Distance to the bound in the model's unit, > 0.

    Notes
    -----
    At the cold end k / 8 pairs, each as costly as the temperature, add up to the gap. With equal
    prices of all nodes an overload has exponent 1 at about 4 % of the gap there, and at about
    a third of the unit, the makespan, on the softest level.
    """
    k, x = model.times.shape
    costs = np.take_along_axis(model.costs, nodes, axis=1)
    temperatures = np.geomspace(HOT * gap / k, COLD * gap / k, levels)
    ladder = Ladder(
        temperatures,
        np.geomspace(SOFT * x, STIFF * x / gap**2, levels),
        nodes,
        _chances(costs, temperatures),
        np.ones((levels, k)),
        np.zeros((levels, k), dtype=np.int64),
    )
    weights = IMMOBILE + np.maximum(1.0 - ladder.chances[:, :, 0].astype(np.float64), 0.0)
    light, heavy = np.zeros((2, k + 1), dtype=np.int64)
    for level in range(levels):
        total = weights[level].sum()
        build_alias(weights, total, ladder.keep, ladder.alias, level, light, heavy)
    return ladder


def _chances(costs: FloatArray, temperatures: FloatArray) -> FloatArray:
    """Return cumulated Gibbs probabilities, shape (m, k, q); single precision is enough."""
    sums = np.exp(-costs / temperatures[:, None, None]).cumsum(axis=2)
    sums /= sums[:, :, -1:]
    sums[:, :, -1] = 2.0  # above any uniform number, whatever the rounding
    return sums.astype(np.float32)


@jit_lean
def propose(ladder: Ladder, level: int, stream: RandomStream) -> tuple[int, int]:
    """Return a task and a node for it, drawn whatever the present assignment.

    Parameters
    ----------
    ladder : Ladder
        Chances of tasks and nodes.
    level : int
        Level of the ladder.
    stream : ndarray of uint64, shape (4,)
        Random numbers; one is taken.
    """
    task, rest = draw_alias(ladder.keep, ladder.alias, level, next_uniform(stream))
    return task, draw_node(ladder, level, task, rest)


@jit_lean
def draw_node(ladder: Ladder, level: int, task: int, uniform: float) -> int:
    """Return a node for a task, drawn with the Gibbs probability of its reduced cost.

    Parameters
    ----------
    ladder : Ladder
        Chances of nodes.
    level : int
        Level of the ladder.
    task : int
        Whose node.
    uniform : float
        Uniform in [0, 1].
    """
    choice = 0
    while ladder.chances[level, task, choice] <= uniform:
        choice += 1
    node: int = ladder.nodes[task, choice]
    return node

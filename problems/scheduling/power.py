"""Power of nodes that grows with their speed, for instances that have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, check_number
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

_WATTS = 5.0  # of a node of mean speed: a single-board computer under load

_SPREAD = 0.2  # by which nodes of equal speed differ, in both directions

IDLE_SHARE = 0.3
"""Idle power over active power, unless another one is given."""


def with_power(
    problem: Problem, exponent: float, rng: np.random.Generator, idle: float = IDLE_SHARE
) -> Problem:
    """Return the problem with nodes whose active power grows with their speed.

    Parameters
    ----------
    problem : Problem
        It states neither energy nor power.
    exponent : float
        0 to 3: 1 if all nodes use the same energy for the same work, 3 for the cubic law of
        processors that change their frequency.
    rng : Generator
        Source of randomness.
    idle : float
        Idle power over active power, 0 to 1; 0 for nodes that sleep while they wait.

    Raises
    ------
    InputError
        If the problem states energy, or a number is out of range.

    Notes
    -----
    Active power is 5 W * (speed / mean speed)**exponent * U(0.8, 1.2), idle power `idle` of
    it. The speed of a node is the inverse of its mean execution time, the mean of all speeds
    geometric. The numbers are assumptions, of the size that single-board computers have.

    References
    ----------
    Yao, Demers, Shenker, "A scheduling model for reduced CPU energy", FOCS 1995 (the cubic law).

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.scheduling import Problem, with_power
    >>> drawn = with_power(Problem([[4.0, 1.0]]), 1.0, np.random.default_rng(1))
    >>> drawn.active_power.round(2).tolist(), drawn.idle_power.round(2).tolist()
    ([2.51, 11.8], [0.75, 3.54])
    """
    check_number("power", exponent, at_least=0, at_most=3)
    check_number("idle", idle, at_least=0, at_most=1)
    if problem.energy is not None or problem.active_power is not None:
        raise InputError("power", exponent, "left out: the problem states its energy")
    relative = _speeds(problem)
    factors = rng.uniform(1.0 - _SPREAD, 1.0 + _SPREAD, problem.nodes)
    active = _WATTS * relative**exponent * factors
    return replace(problem, active_power=active, idle_power=idle * active)


def _speeds(problem: Problem) -> FloatArray:
    """Return the nodes' speeds over their geometric mean; 1 for a node of no task or no time."""
    if isinstance(problem.et, UniformTimes):
        speeds = problem.et.speed
    else:
        runs = np.isfinite(problem.et)
        totals = problem.et.sum(axis=0, where=runs)
        known = totals > 0.0
        speeds = np.divide(runs.sum(axis=0), totals, out=np.ones(problem.nodes), where=known)
        if known.any() and not known.all():
            speeds = np.where(known, speeds, np.exp(np.log(speeds[known]).mean()))
    return np.asarray(speeds / np.exp(np.log(speeds).mean()))

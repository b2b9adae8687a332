"""Simulated annealing over instances, for the one of the largest ratio."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edgeopt.experiments.adversary.space import InstanceSpace
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.scheduling.problem import Problem

_DRAWN = 0.1  # share of the instances that are drawn at random, before the annealing

_HOT, _COLD = 0.1, 0.001  # temperatures, in units of the logarithm of a ratio


@dataclass
class Found:
    """The worst instance of a search, and how it was found.

    Attributes
    ----------
    values : ndarray
        Of the instance, see `InstanceSpace`.
    ratio : float
        Its score.
    tried : int
        Instances tried.
    trace_tried, trace_ratio : list
        Number of instances tried and score at each improvement.
    """

    values: FloatArray
    ratio: float = -math.inf
    tried: int = 0
    trace_tried: list[int] = field(default_factory=list)
    trace_ratio: list[float] = field(default_factory=list)


def anneal_instances(
    space: InstanceSpace,
    ratio_of: Callable[[Problem], float],
    instances: int,
    rng: np.random.Generator,
) -> Found:
    """Search a space for the instance of the largest ratio.

    A tenth of the instances is drawn at random. The annealing begins with the best of them; a
    neighbour whose ratio is smaller is accepted with probability (new / old) ** (1 / T), where T
    falls geometrically from 0.1 to 0.001.

    Parameters
    ----------
    space : InstanceSpace
        Where to search.
    ratio_of : callable
        Returns the ratio of a problem, >= 0, perhaps infinite: no other is larger, which ends the
        search.
    instances : int
        How many to try, at least 1.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Found
        The same for the same seed.

    References
    ----------
    Coleman, Krishnamachari, "Comparing task graph scheduling algorithms: an adversarial approach",
    arXiv:2403.07120, 2024 (there for graphs of tasks). Kirkpatrick, Gelatt, Vecchi, "Optimization
    by simulated annealing", Science 220, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.adversary import anneal_instances, open_space
    >>> space = open_space(tasks=3, nodes=2, low=1, high=8)
    >>> rng = np.random.default_rng(1)
    >>> found = anneal_instances(space, lambda problem: float(problem.matrix.sum()), 200, rng)
    >>> found.ratio  # 3 x 2 times, all of them 8 s
    48.0
    """
    found = Found(space.draw(rng))

    def tried(values: FloatArray) -> float:
        ratio = ratio_of(space.problem(values))
        found.tried += 1
        if ratio > found.ratio:
            found.values, found.ratio = values, ratio
            found.trace_tried.append(found.tried)
            found.trace_ratio.append(ratio)
        return ratio

    tried(found.values)
    drawn = max(1, round(_DRAWN * instances))
    while found.tried < drawn and found.ratio < math.inf:
        tried(space.draw(rng))
    values, ratio = found.values, found.ratio
    while found.tried < instances and found.ratio < math.inf:
        share = (found.tried - drawn) / max(instances - drawn, 1)
        neighbour = space.change(values, rng)
        new = tried(neighbour)
        if is_accepted(new, ratio, _HOT * (_COLD / _HOT) ** share, rng.random()):
            values, ratio = neighbour, new
    return found


def is_accepted(new: float, old: float, temperature: float, uniform: float) -> bool:
    """Whether a ratio replaces another: always if it is no smaller."""
    return new >= old or uniform < (new / old) ** (1.0 / temperature)

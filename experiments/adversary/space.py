"""The instances that a search may try: limits on the times, a form, and random changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    IntArray,
    check_choice,
    check_integer,
    check_number,
)
from edgeopt.problems.scheduling.problem import Problem, UniformTimes, check_size
from edgeopt.problems.scheduling.spec import load_problem

FORMS = ("unrelated", "semi-consistent", "consistent", "uniform")

_MOST_PAIRS = 10**6  # a row of a table holds the times

_DEFAULTS: dict[str, Any] = {"tasks": 20, "nodes": 4, "low": 1.0, "high": 100.0}

_WITHIN = 0.5

_COPIES, _STEPS = 0.2, 0.4  # shares of the changes: a row for another, and small ones

_STEP = 0.1  # standard deviation of a small change, as a share of the range of logarithms

_ALONE = 0.5  # chance that a change concerns no further value


@dataclass(frozen=True, eq=False)
class InstanceSpace:
    """A space of instances: values between limits that make a problem.

    Attributes
    ----------
    low, high : ndarray
        Limits of the values: times in s, shape (k, x), or, of uniform nodes, shape (k + x,): the
        work of the tasks, then the speed of the nodes. Where both are equal, a value is fixed.
    tasks : int
        k.
    ordered : ndarray or None
        Nodes from fast to slow, whose times ascend for every task; None if nothing is sorted.
    like : Problem or None
        The problem whose memory, ready times and names all instances have.

    Examples
    --------
    See `open_space`.
    """

    low: FloatArray
    high: FloatArray
    tasks: int
    ordered: IntArray | None = None
    like: Problem | None = None

    def problem(self, values: FloatArray, name: str = "adversary") -> Problem:
        """Return the problem of these values."""
        k = self.tasks
        et = values if values.ndim == 2 else UniformTimes(values[:k], values[k:])
        return Problem(et, name=name) if self.like is None else replace(self.like, et=et, name=name)

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """Return random values, uniform in their logarithms."""
        values = self.low.copy()
        free = self._free
        values.flat[free] = self._drawn(free, rng)
        return self._sorted(values)

    def change(self, values: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a neighbour of values: some drawn anew, moved a little, or one row for another.

        A value that is drawn anew is one of its limits in two of three cases, as the worst
        instances have many of these.
        """
        changed, kind = values.copy(), rng.random()
        if kind < _COPIES:
            to, of = rng.integers(len(values), size=2)
            changed[to] = np.clip(values[of], self.low[to], self.high[to])
            return self._sorted(changed)
        chosen = rng.choice(self._free, size=min(int(rng.geometric(_ALONE)), len(self._free)))
        if kind < _COPIES + _STEPS:
            factors = np.exp(_STEP * rng.standard_normal(len(chosen)) * self._range(chosen))
            moved = changed.flat[chosen] * factors
            changed.flat[chosen] = np.clip(moved, self.low.flat[chosen], self.high.flat[chosen])
        else:
            limits = (self.low.flat[chosen], self.high.flat[chosen], self._drawn(chosen, rng))
            changed.flat[chosen] = np.choose(rng.integers(3, size=len(chosen)), limits)
        return self._sorted(changed)

    @property
    def _free(self) -> IntArray:
        """Flat indices of the values that can change."""
        return np.flatnonzero(self.low.ravel() < self.high.ravel())

    def _range(self, places: IntArray) -> FloatArray:
        """Return the logarithms of the ratios of both limits."""
        return np.log(self.high.flat[places] / self.low.flat[places])

    def _drawn(self, places: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return random values within their limits, also after rounding."""
        low, high = self.low.flat[places], self.high.flat[places]
        return np.clip(low * np.exp(rng.random(len(places)) * self._range(places)), low, high)

    def _sorted(self, values: FloatArray) -> FloatArray:
        """Return values in the form of the space; sorted limits hold for sorted values, too."""
        if self.ordered is not None:
            values[:, self.ordered] = np.sort(values[:, self.ordered], axis=1)
        return values


def open_space(
    *,
    tasks: int | None = None,
    nodes: int | None = None,
    low: float | None = None,
    high: float | None = None,
    instance: str | None = None,
    within: float | None = None,
    form: str = "unrelated",
) -> InstanceSpace:
    """Return a space of instances between two times, or around an instance.

    Parameters
    ----------
    tasks, nodes : int, optional
        k and x; 20 and 4 unless given.
    low, high : float, optional
        Limits of the times in s; 1 and 100 unless given.
    instance : str, optional
        A file or short name, instead of these four: its size, memory, ready times, forbidden
        pairs and times of 0 stay.
    within : float, optional
        How far each time may be from that of the instance, as a share of it, below 1; 0.5 unless
        given. Of ``uniform`` nodes: how far work and speed may be.
    form : str
        ``unrelated``: any times. ``consistent``: the order of the nodes, from fast to slow, is the
        same for all tasks; ``semi-consistent``: for every second node, from the first on.
        ``uniform``: work of the task over speed of the node.

    Raises
    ------
    InputError
        If an argument is illegal, or the instance is not of the form.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.experiments.adversary import open_space
    >>> space = open_space(tasks=3, nodes=2, low=1, high=8, form="consistent")
    >>> values = space.draw(np.random.default_rng(1))
    >>> space.problem(values).matrix.round(1)
    array([[2.9, 7.2],
           [1.3, 7.2],
           [1.9, 2.4]])
    """
    check_choice("form", form, FORMS)
    size = {"tasks": tasks, "nodes": nodes, "low": low, "high": high}
    given = {name: value for name, value in size.items() if value is not None}
    if instance is None:
        if within is not None:
            raise InputError("within", within, "left out, unless an instance is given")
        chosen: dict[str, Any] = {**_DEFAULTS, **given}
        return _between(**chosen, form=form)
    for name, value in given.items():
        raise InputError(name, value, "left out: the instance has its size and times")
    share = _WITHIN if within is None else check_number("within", within, above=0.0)
    if share >= 1.0:
        raise InputError("within", within, "below 1: times are above 0")
    return _around(load_problem(instance), share, form, instance)


def space_words(space: Mapping[str, Any]) -> str:
    """Return in words which instances may be tried.

    Parameters
    ----------
    space : mapping
        Arguments of `open_space`.
    """
    form = space.get("form", "unrelated")
    if "instance" in space:
        within = 100.0 * space.get("within", _WITHIN)
        return f"{form} nodes, times within {within:g} % of those of {space['instance']}"
    size = {**_DEFAULTS, **space}
    limits = f"from {size['low']:g} to {size['high']:g} s"
    return f"{size['tasks']} tasks on {size['nodes']} {form} nodes, times {limits}"


def _between(tasks: int, nodes: int, low: float, high: float, form: str) -> InstanceSpace:
    """Return the space of all instances of a size with times between two."""
    k, x = check_size(tasks, nodes)
    check_integer("nodes", nodes, at_least=2)
    check_integer("tasks * nodes", k * x, at_most=_MOST_PAIRS)
    least, most = check_number("low", low, above=0.0), check_number("high", high, above=0.0)
    if most <= least:
        raise InputError("high", high, f"above low, {low:g}")
    if form == "uniform":  # each of the two has half of the range of logarithms
        middle = math.sqrt(least) * math.sqrt(most)
        work = np.repeat([[least], [middle]], k, axis=1)
        speed = np.repeat([[least / middle], [1.0]], x, axis=1)
        lowest, highest = np.concatenate([work, speed], axis=1)
        return InstanceSpace(lowest, highest, k)
    lowest, highest = np.full((k, x), least), np.full((k, x), most)
    return InstanceSpace(lowest, highest, k, _order(lowest, form))


def _around(problem: Problem, within: float, form: str, name: str) -> InstanceSpace:
    """Return the space of all instances whose times are near those of a problem."""
    k, uniform = problem.tasks, problem.et
    check_integer("nodes", problem.nodes, at_least=2)
    check_integer("tasks * nodes", k * problem.nodes, at_most=_MOST_PAIRS)
    if form == "uniform":
        if not isinstance(uniform, UniformTimes):
            raise InputError("form", form, f"one of {', '.join(FORMS[:3])}: {name} has a matrix")
        values, ordered = np.concatenate(uniform), None
    else:
        values = problem.matrix
        ordered = _order(values, form)
        if ordered is not None:
            rows = values[:, ordered]
            if not (rows[:, :-1] <= rows[:, 1:]).all():
                raise InputError("form", form, f"one that {name} has itself")
    low, high = (1.0 - within) * values, (1.0 + within) * values
    return InstanceSpace(low, high, k, ordered, problem)


def _order(times: FloatArray, form: str) -> IntArray | None:
    """Return the nodes whose times ascend in a form, from fast to slow; None without any."""
    if form not in ("consistent", "semi-consistent"):
        return None
    nodes = np.arange(0, times.shape[1], 1 if form == "consistent" else 2)
    return nodes[np.argsort(times[:, nodes].sum(axis=0), kind="stable")]

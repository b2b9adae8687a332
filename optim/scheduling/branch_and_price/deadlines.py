"""Which deadlines are refuted and which are met, and which to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from edgeopt.optim.scheduling.arrays import ready_times
from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.bounds.rounding import makespan_unit, sum_rounding
from edgeopt.optim.scheduling.branch_and_price.whole import fine_share
from edgeopt.problems.scheduling.problem import Problem

_FINEST = 1e-6  # share of the bound: the root raises it by no less

_UNITS = 16  # few of them may be left to trees

_WILD = 64.0  # from this ratio of deadlines on, as with late nodes, their geometric mean is next

_EASY = 2  # iterations of the prices


@dataclass
class Deadlines:
    """Deadlines in s, from the bound to the best schedule.

    Attributes
    ----------
    unit : float
        Of all makespans, 0 where they have none.
    share : float
        By which a schedule must be better where makespans have no unit.
    bound : float
        A lower bound on the makespan that is known without these deadlines.
    latest : float
        No schedule needs longer.
    refuted : float
        The largest refuted.
    met : float
        Makespan of the best schedule, infinite before.
    stride : float
        By how much the root raises the deadline next.
    failed : set of float
        Those that the root did not refute.
    tried : set of float
        Those whose tree has found no schedule, and waits until nothing above is left.
    given_up : set of float
        Those whose tree could not be decided.
    close : float
        Part of the gap: the root lets real deadlines be that are closer to one that failed.
    """

    unit: float
    share: float
    bound: float
    latest: float
    refuted: float
    met: float = math.inf
    stride: float = 0.0
    failed: set[float] = field(default_factory=set)
    tried: set[float] = field(default_factory=set)
    given_up: set[float] = field(default_factory=set)
    close: float = 0.0

    @property
    def highest(self) -> float:
        """The largest deadline that only better schedules meet."""
        if self.met == math.inf:
            return self.latest
        return self.below(self.met)

    @property
    def is_settled(self) -> bool:
        """Whether the best schedule is optimal, or there is none."""
        return self.refuted >= self.highest

    @property
    def is_few_units(self) -> bool:
        """Whether few deadlines are left, which is not known before there is a schedule."""
        return self.highest - self.refuted <= _UNITS * self.unit

    @property
    def is_fine(self) -> bool:
        """Whether makespans have no unit, or one of which there are very many up to the best."""
        return self.unit < self.least and not self.is_few_units

    @property
    def root_is_done(self) -> bool:
        """Whether the root cannot raise the deadline any more."""
        return self.root_target() is None

    @property
    def least(self) -> float:
        """The least stride of the root."""
        return max(self.unit, _FINEST * self.bound)

    def below(self, makespan: float) -> float:
        """Return the largest deadline below a makespan."""
        if self.unit > 0.0:
            return (round(makespan / self.unit) - 1) * self.unit
        return makespan * (1 - self.share)

    def root_target(self) -> float | None:
        """Return the next deadline for the root to refute, None if there is no more."""
        least, ceiling = self.least, min(self.failed, default=math.inf)
        target = self.refuted + max(self.stride, least)
        if ceiling < math.inf:
            target = min(target, (self.refuted + ceiling) / 2)
        end = min(ceiling, self.highest)
        if self.stride > 0.0 and 0.0 < _WILD * self.refuted < end:
            target = math.sqrt(self.refuted) * math.sqrt(end)
        target = max(self._snapped(target), self._snapped(self.refuted + least))
        if target > self.highest:
            target = self.highest
        ended = target >= ceiling or target <= self.refuted
        # Close to the ceiling, a real deadline is not worth its iterations.
        gap = self.highest - self.refuted
        closest = max(least, self.close * gap) if self.is_fine else least
        return None if ended or ceiling - self.refuted < closest else target

    def refute(self, deadline: float, iterations: int = 0) -> None:
        """Note that no schedule is within a deadline, and how long that took.

        The next stride is twice as long; with a coarse unit, only if this deadline was not known
        before and easily refuted, as it takes far longer to find out that prices do not refute one.
        """
        was_easy = iterations <= _EASY and deadline > self.below(self.bound)
        stride = 2 * max(self.stride, deadline - self.refuted)
        self.stride = stride if was_easy or self.is_fine else self.unit
        self.refuted = deadline

    def fail(self, deadline: float) -> None:
        """Note that the root's prices do not refute a deadline."""
        self.stride /= 4
        if deadline <= self.below(self.bound):
            self.refuted = max(self.refuted, self.below(self.bound))
        else:
            self.failed.add(deadline)

    def _snapped(self, deadline: float) -> float:
        """Return the largest multiple of the unit that is at most a deadline."""
        # The same multiple is always the same float: trees are found by it.
        return math.floor(deadline / self.unit + 0.01) * self.unit if self.unit > 0.0 else deadline

    def half_way(self, low: float) -> float:
        """Return the deadline half way between a given one and the highest."""
        return self._snapped((low + self.highest) / 2)

    def between(self, part: float) -> float:
        """Return the deadline at a part of the way from the largest refuted to the highest."""
        return self._snapped(self.refuted + part * (self.highest - self.refuted))

    def tree_target(self, turn: int) -> tuple[float, bool] | None:
        """Return a deadline for a tree, and whether it is only tried; None if none is left.

        Parameters
        ----------
        turn : int
            Even turns take the lowest deadline, odd ones a trial above it, or else the highest.
        """
        gap, high = self.highest - self.refuted, self.highest
        if not self.is_fine:
            low = self.refuted + self.unit
            trials = [
                self.refuted + 2**r * self.unit for r in range(1, _most_doublings(gap, self.unit))
            ]
        else:
            low = self.half_way(self.refuted)
            trials = [self._snapped(self.refuted + gap / 2**r) for r in range(5, 1, -1)]
        tried = self.tried | self.given_up
        trials = [trial for trial in trials if low < trial < high and trial not in tried]
        targets = [(low, False)] if turn % 2 == 0 else [(trial, True) for trial in trials[:1]]
        targets += [(high, False), (low, False)]
        left = [target for target in targets if target[0] not in self.given_up]
        return left[0] if left else None


def _most_doublings(gap: float, unit: float) -> int:
    """Return how often a unit can be doubled within a gap."""
    return max(1, math.ceil(math.log2(gap / unit))) if gap > unit else 1


def open_deadlines(problem: Problem) -> Deadlines:
    """Return the deadlines of a problem before anything is tried."""
    unit, bound, ready = makespan_unit(problem), deadline_bound(problem), ready_times(problem)
    times = np.where(np.isfinite(problem.matrix), problem.matrix, 0.0)
    deadlines = Deadlines(
        unit=unit,
        share=max(fine_share(problem.tasks), sum_rounding(problem)),
        bound=bound,
        latest=float(ready.max() + times.max(axis=1).sum()),
        refuted=-1.0,
    )
    # The bound is known, but the certificate is still to come: begin just below.
    deadlines.refuted = deadlines.below(bound) - deadlines.least
    return deadlines

"""Which kind of turn is next: the one that has closed most between front and bounds in its time."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.hypervolume import largest_line
from edgeopt.problems.errors import FloatArray

_MEMORY = 0.1  # work in about s, after which a gain counts for a third

_LEAST_SHARE = 0.05  # of all work is given to each kind that gains less

_BEYOND = 0.5  # of the extent of values, for which a shorter schedule is wanted


class Boxes(NamedTuple):
    """Where schedules may lie that the front does not dominate: above a bound, below the front.

    Attributes
    ----------
    left, right : ndarray, shape (n,)
        Makespans of the first and beyond the last in s.
    ceiling, floor : ndarray, shape (n,)
        Value of the front, and a bound in the middle.
    """

    left: FloatArray
    right: FloatArray
    ceiling: FloatArray
    floor: FloatArray

    @property
    def areas(self) -> FloatArray:
        """What is open in each."""
        return (self.right - self.left) * np.maximum(self.ceiling - self.floor, 0.0)


def open_boxes(archive: Archive, latest: float, most: float) -> Boxes:
    """Return the boxes of a front up to the latest deadline in s, in order of makespan.

    Schedules of a value beyond `most` are not looked for.
    """
    makespans, values = np.array(archive.makespans), np.array(archive.values)
    inside = makespans < latest
    left = np.append(min(archive.least, makespans[0]), makespans[inside])
    right = np.append(left[1:], latest)
    ceiling = np.minimum(np.append(most, values[inside]), most)
    floor = largest_line(np.array(archive.lines), archive.least, (left + right) / 2)
    return Boxes(left, right, ceiling, floor)


def dearest(archive: Archive) -> float:
    """Return what a schedule may cost that is shorter than all of the front."""
    return archive.values[0] + _BEYOND * (archive.values[0] - archive.values[-1])


class Gains:
    """How much each kind of turn has closed in a second of its counted work.

    Parameters
    ----------
    kinds : int
        Numbered from 0.
    """

    def __init__(self, kinds: int) -> None:
        self.gains, self.spent = np.full(kinds, np.inf), np.zeros(kinds)
        self.turns = np.zeros(kinds, dtype=np.int64)

    def next(self) -> int:
        """Return the kind that gains most, or one that has got too little work."""
        least = int(self.spent.argmin())
        if self.gains.max() < np.inf and self.spent[least] < _LEAST_SHARE * self.spent.sum():
            return least
        return int(self.gains.argmax())

    def note(self, kind: int, closed: float, work: float) -> None:
        """Note what a turn has closed, in work of about so many seconds."""
        known, kept = self.gains[kind], math.exp(-work / _MEMORY)
        gain = max(closed, 0.0) / work
        self.gains[kind] = gain if known == np.inf else kept * known + (1.0 - kept) * gain
        self.spent[kind] += work
        self.turns[kind] += 1

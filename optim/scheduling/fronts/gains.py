"""Which kind of turn is next: the one that has closed most between front and bounds in its time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.hypervolume import largest_line
from edgeopt.problems.errors import FloatArray

_SMOOTH = 0.5  # weight of the last gain

_OFTEN = 24  # turns, of which one is given to each kind that gains less

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


def open_boxes(archive: Archive, latest: float) -> Boxes:
    """Return the boxes of a front up to the latest deadline in s, in order of makespan."""
    makespans, values = np.array(archive.makespans), np.array(archive.values)
    inside = makespans < latest
    left = np.append(min(archive.least, makespans[0]), makespans[inside])
    right = np.append(left[1:], latest)
    ceiling = np.append(dearest(archive), values[inside])
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
        self.gains, self.turns = np.full(kinds, np.inf), 0

    def next(self) -> int:
        """Return the kind that gains most, now and then another one."""
        order = np.argsort(-self.gains, kind="stable")
        place = 0 if self.gains.max() == np.inf else self.turns % _OFTEN
        self.turns += 1
        return int(order[place if place < len(order) else 0])

    def note(self, kind: int, closed: float, work: float) -> None:
        """Note what a turn has closed, in work of about so many seconds."""
        gain, known = closed / work, self.gains[kind]
        smooth = gain if known == np.inf else _SMOOTH * gain + (1.0 - _SMOOTH) * known
        self.gains[kind] = smooth

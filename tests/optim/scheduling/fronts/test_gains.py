"""Boxes by hand, and which kind of turn is next."""

import numpy as np
import pytest
from front_problems import small_problem

from edgeopt.optim.scheduling.fronts.archive import Archive
from edgeopt.optim.scheduling.fronts.gains import Gains, dearest, open_boxes
from edgeopt.optim.scheduling.fronts.goal import goal_of


def test_boxes_between_front_and_bounds():
    problem, name = small_problem(0)
    archive = Archive(problem, goal_of(problem, ("makespan", name)), 1.0)
    archive.makespans, archive.values = [2.0, 4.0], [10.0, 6.0]
    archive.bound(5.0)
    archive.bound(8.0, 0.0, 2.0)
    assert dearest(archive) == 12.0
    boxes = open_boxes(archive, 5.0, 12.0)
    assert boxes.left.tolist() == [1.0, 2.0, 4.0]
    assert boxes.right.tolist() == [2.0, 4.0, 5.0]
    assert boxes.areas.tolist() == [4.0, 2 * 5.0, 1.0]
    # a front that has got dearer at its beginning has not opened more
    assert open_boxes(archive, 5.0, 9.0).areas.tolist() == [1.0, 2 * 4.0, 1.0]


def test_the_kind_that_gains_most_is_next():
    gains = Gains(2)
    assert gains.next() == 0
    gains.note(0, 1.0, 1.0)
    assert gains.next() == 1
    gains.note(1, 8.0, 1.0)
    assert gains.next() == 1
    gains.note(1, 0.0, 1e-3)  # a short turn in vain says little
    assert gains.gains[1] == pytest.approx(8.0, rel=0.02)
    gains.note(1, -5.0, 10.0)  # and a long one all
    assert gains.gains[1] == pytest.approx(0.0, abs=1e-9)
    assert gains.next() == 0


def test_no_kind_is_forgotten():
    gains = Gains(3)
    for _ in range(400):
        kind = gains.next()
        gains.note(kind, float(kind == 1), 0.1)
    assert gains.turns.sum() == 400
    assert gains.spent.min() == pytest.approx(0.05 * gains.spent.sum(), rel=0.05)
    assert np.argmax(gains.turns) == 1

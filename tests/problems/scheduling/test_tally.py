"""Counting the assignments that are evaluated."""

import threading

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.tally import Tally, count_evaluations, counting

PROBLEM = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]])


def test_each_assignment_counts_once_whatever_is_asked_about_it():
    tally, one = Tally(), np.array([0, 0, 1])
    with counting(tally):
        PROBLEM.makespan(one), PROBLEM.loads(one), PROBLEM.total_time(one)
        assert tally.count == 1
        PROBLEM.makespan(one.copy())  # another array, though equal
        assert tally.count == 2
        one[0] = 1
        PROBLEM.loads(one)
        assert tally.count == 3
        PROBLEM.makespan([0, 0, 0]), PROBLEM.makespan((0, 0, 0))
        assert tally.count == 5


def test_questions_of_memory_are_no_evaluations():
    tally = Tally()
    with counting(tally):
        PROBLEM.fits([0, 0, 1]), PROBLEM.memory_used([0, 0, 1]), PROBLEM.runs([0, 0, 1])
        with pytest.raises(InputError):
            PROBLEM.makespan([0, 0, 7])
    assert tally.count == 0


def test_the_innermost_block_counts():
    outer, inner = Tally(), Tally()
    with counting(outer):
        with counting(inner):
            PROBLEM.makespan([0, 0, 0])
        with counting(None):
            PROBLEM.makespan([0, 0, 0])
        count_evaluations(10)
    PROBLEM.makespan([0, 0, 0])
    count_evaluations(10)
    assert (outer.count, inner.count) == (10, 1)


def test_threads_do_not_mix_their_counts():
    tallies = [Tally() for _ in range(4)]

    def work(tally, times):
        with counting(tally):
            for _ in range(times):
                PROBLEM.makespan([0, 0, 0])

    threads = [
        threading.Thread(target=work, args=(tally, 50 * (place + 1)))
        for place, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [tally.count for tally in tallies] == [50, 100, 150, 200]

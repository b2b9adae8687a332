"""Jobs of the Google Cloud Jobs data set: the published lengths, each as likely."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.gocj import gocj
from edgeopt.problems.scheduling.problem import UniformTimes
from edgeopt.problems.scheduling.spec import load_problem


def test_each_published_length_has_two_per_cent(shared):
    table = np.loadtxt(shared / "gocj" / "Original_DataSet.txt").tolist()
    lengths, counts = np.unique(gocj(50_000, 1, rng=1).et.work, return_counts=True)
    assert lengths.tolist() == sorted(table)
    assert 0.018 < counts.min() / 50_000 < counts.max() / 50_000 < 0.022
    published = np.loadtxt(shared / "gocj" / "GoCJ_Dataset_1000.txt")
    assert set(published.tolist()) <= set(lengths.tolist())


def test_lengths_without_the_reference_data():
    lengths = np.unique(gocj(5000, 1, rng=1).et.work)
    assert (len(lengths), lengths[0], lengths[-1], lengths.sum()) == (50, 15e3, 900e3, 6_457_500)


def test_machines_are_uniform_and_within_their_range():
    problem = load_problem("gocj:30x400:slowest=100:fastest=200:utilisation=0.9:seed=3")
    assert isinstance(problem.et, UniformTimes)
    assert problem.matrix[2, 5] == problem.et.work[2] / problem.et.speed[5]
    assert 100 <= problem.et.speed.min() < 103 < 197 < problem.et.speed.max() <= 200
    assert problem.task_memory.sum() / problem.node_capacity.sum() == pytest.approx(0.9)
    assert load_problem("gocj:5x3:seed=2").digest == gocj(5, 3, rng=2).digest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slowest": 0.0}, "slowest: got 0.0"),
        ({"slowest": 5.0, "fastest": 4.0}, "fastest: got 4.0, must be a finite number >= 5"),
        ({"nodes": 0}, "nodes: got 0"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        gocj(**options)

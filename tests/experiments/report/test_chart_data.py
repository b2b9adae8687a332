"""The numbers behind the charts: read off the traces, thinned as stated, and safe in a page."""

import json

import numpy as np
import pytest
from sweep_rows import analysis_of, failed, run, sweep

from edgeopt.experiments.report import chart_data, schedules
from edgeopt.experiments.report.chart_data import chart_json, curve_points, packed
from edgeopt.problems.scheduling.problem import Problem

HOSTILE = "</script><script>alert(1)</script>"
TWO_NODES = Problem([[30.0, 50.0], [20.0, 90.0], [70.0, 40.0]])


def unpacked(text):
    """Return the numbers of a packed text."""
    words = [word.partition("*") for word in text.split(",")]
    return [
        None if word == "x" else float(word) for word, _, n in words for _ in range(int(n or 1))
    ]


def data_of(rows):
    """Return the charts' data of a sweep of these rows, as a page has them."""
    return json.loads(chart_json(analysis_of(sweep(rows), axes=())))


def test_numbers_are_packed_by_their_repeats():
    assert packed([1.0, 1.0, 12345.6, np.inf, np.nan, 1e-5, 12350.0]) == "1*2,12350,x*2,1e-05,12350"
    assert unpacked("1*2,12350,x*2,1e-05") == [1, 1, 12350, None, None, 1e-5]


def test_curves_are_the_quartiles_of_runs_at_each_cost():
    rows = [
        run("a", [(10, 0.1, 200.0), (100, 1.0, 110.0 + 10 * r)], repetition=r) for r in range(4)
    ]
    curves = data_of([*rows, failed("b"), *(failed("b", repetition=r) for r in (1, 2, 3))])
    found = curves["convergence"]["evaluations"][0]
    costs, (low, middle, high) = unpacked(found["x"]), map(unpacked, found["curves"][0])
    assert found["curves"][1] is None
    assert (costs[0], costs[-1]) == (10, 100)
    assert all(cost.is_integer() for cost in costs)
    assert {*middle[:-1]} == {100.0}  # no cost before the last one has a better schedule
    assert (low[-1], middle[-1], high[-1]) == (10, 20, 30)


def test_what_lies_between_two_costs_counts_at_the_second(monkeypatch):
    monkeypatch.setattr(chart_data, "_NUMBERS", 0)
    trace = [(1, 0.001, 300.0), (50, 0.05, 150.0), (1000, 1.0, 120.0)]
    analysis = analysis_of(sweep([run("a", trace)]), axes=())
    assert curve_points(analysis) == 20
    found = json.loads(chart_json(analysis))["convergence"]["evaluations"][0]
    costs, (gaps,) = unpacked(found["x"]), map(unpacked, found["curves"][0])
    assert len(costs) <= 21
    for cost, gap in zip(costs, gaps, strict=True):
        assert gap == (200 if cost < 50 else 50 if cost < 1000 else 20)


def test_times_to_targets_are_those_of_every_run():
    rows = [run("a", [(10, 0.5, 140.0), (30, 2.0, 104.0)], repetition=r) for r in (0, 1)]
    data = data_of([*rows, run("a", [(70, 3.0, 109.0)], repetition=2)])
    runs, *times = data["times"]["evaluations"][0][0]
    met = dict(zip(data["targets"], times, strict=True))
    assert runs == 3
    assert (met[100], met[50]) == ("10,10,70", "10,10,70")
    assert (met[10], met[5], met[2]) == ("30,30,70", "30,30", "")
    for shares in data["shares"]["evaluations"].values():  # of all problems, of each
        counts = dict(zip(unpacked(shares["x"]), unpacked(shares["counts"][0][0]), strict=True))
        # of 41 targets, ten a decade: 40 % meets 4, 9 % meets 11, 4 % meets 14
        assert (counts[10], counts[30], counts[70]) == (8, 28, 39)


def test_last_gaps_tell_no_schedule_from_no_run():
    rows = [
        *(run("a", [(9, 0.1, 100.0 + r)], repetition=r) for r in range(3)),
        run("b", [(9, 0.1, 150.0)], repetition=1),
        failed("b", repetition=2),
    ]
    assert data_of(rows)["gaps"] == [["0,1,2", ",50,x"]]


def test_names_cannot_end_the_script_that_holds_them():
    rows = [run(name, [(9, 0.1, 150.0)], problem=HOSTILE) for name in (HOSTILE, "b\u202e&")]
    text = chart_json(analysis_of(sweep(rows), axes=()))
    assert text.isascii()
    assert not set("<>&") & set(text)
    names = [solver["name"] for solver in json.loads(text)["solvers"]]
    assert names == [HOSTILE, "b\\u202e&"]


@pytest.fixture
def solved(monkeypatch):
    """Return the rows of two solvers of a small problem."""
    monkeypatch.setattr(schedules, "problem_named", lambda cells, name: TWO_NODES)
    rows = [run(name, [(1, 0.1, end)], repetition=2) for name, end in (("a", 120.0), ("b", 50.0))]
    return [
        {**row, "lower_bound": 45.0, "assignment": each}
        for row, each in zip(rows, ([0, 0, 0], [0, 0, 1]), strict=True)
    ]


def test_the_best_schedule_is_drawn_task_by_task(solved):
    (best,) = schedules.best_schedules(analysis_of(sweep(solved), axes=()))
    assert (best["solver"], best["repetition"], best["makespan"]) == (1, 2, 50)
    assert (best["nodes"], best["starts"], best["times"]) == ([0, 0, 1], [0, 30, 0], [30, 20, 40])


def test_a_schedule_that_cannot_be_drawn_has_a_reason(solved, monkeypatch):
    analysis = analysis_of(sweep(solved), axes=())
    monkeypatch.setattr(schedules, "_TASKS_IN_ALL", 2)
    assert schedules.best_schedules(analysis)[0].startswith("Its 3 tasks are left out")
    monkeypatch.setattr(schedules, "_TASKS_IN_ALL", 3)
    other = Problem(TWO_NODES.matrix + 1)
    monkeypatch.setattr(schedules, "problem_named", lambda cells, name: other)
    assert schedules.best_schedules(analysis) == [
        "The problem is no longer the one that was solved."
    ]
    monkeypatch.undo()
    assert schedules.best_schedules(analysis)[0].startswith("The problem cannot be loaded: ")

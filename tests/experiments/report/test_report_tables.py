"""The tables of a report, entry by entry."""

import math

import pytest
from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.report import tables
from edgeopt.experiments.runs.provenance import version
from edgeopt.experiments.statistics.comparison import compare_solvers
from edgeopt.problems.errors import InputError

EASY = final({f"p{i}": {"a": [0.1], "b": [0.2 + i / 100], "c": [0.5]} for i in range(12)})


def test_the_ranking_compares_with_the_first():
    table = tables.ranking_table(compare_solvers(EASY))
    texts = [[entry.text for entry in row] for row in table.rows]
    assert [row[0] for row in texts] == ["a", "b", "c"]
    assert texts[0][-3:] == ["", "", ""]
    assert texts[2][1:3] == ["3.00", "50.00"]
    assert texts[1][-3:] == ["1.00", "0.001", "0.038"]
    assert {len(row) for row in texts} == {len(table.columns)}


def test_the_matrix_of_gaps_marks_the_best_and_turns_where_problems_are_many():
    gaps = {"a": [0.2, 0.2], "b": [0.2, 0.2], "c": [0.5, 0.5]}
    table = tables.gap_matrix(final({"p": gaps, "q": gaps}), {"p": "p", "q": "short q"})
    assert table.columns == ("solver", "p", "short q")
    texts = [[(entry.text, entry.best) for entry in row[:2]] for row in table.rows]
    assert texts == [
        [("a", False), ("20.00", True)],
        [("b", False), ("20.00", True)],
        [("c", False), ("50.00", False)],
    ]
    many = {f"a long name {i}": gaps for i in range(20)}
    wide = tables.gap_matrix(final(many), {name: name for name in many})
    assert wide.columns == ("problem", "a", "b", "c")
    assert [entry.text for entry in wide.rows[3]] == ["a long name 3", "20.00", "20.00", "50.00"]


def test_no_gap_is_the_best_where_nobody_has_a_schedule():
    cells = sweep([failed("a"), run("b", [(1, 0.1, math.inf)])])
    table = tables.gap_matrix(cells, {"p": "p"})
    assert [(row[1].text, row[1].best) for row in table.rows] == [("∞", False)] * 2


def test_the_pairs_show_the_difference_with_its_interval():
    row = [entry.text for entry in tables.pairs_table(compare_solvers(EASY)).rows[1]]
    assert row[:5] == ["a", "c", "40.00", "[40.00, 40.00]", "1.00"]


def test_the_table_of_problems_counts_failures_as_infinite():
    rows = [run("a", [(4, 0.5, 130.0)]), failed("a", repetition=1), failed("a", repetition=2)]
    (row,) = tables.problem_table(sweep(rows), {"p": "short"}, {"p": 110.0}).rows
    assert [entry.text for entry in row] == [
        *("short", "a", "100", "110", "130", "∞", "∞", "[30.00, ∞]", "4", "500 ms", "2 of 3"),
    ]
    assert row[6].key == math.inf


def test_use_beyond_the_budget_is_shown_with_what_was_allowed():
    cells = sweep([run("a", [(4000, 0.5, 130.0)]), run("a", [(6120, 3.0, 130.0)], repetition=1)])
    cells.attrs["budget"] = {"evaluations": 5000, "seconds": 3}
    (row,) = tables.problem_table(cells, {"p": "short"}, {}).rows
    assert [entry.text for entry in row[8:10]] == ["5,060 (up to 6,120 of 5,000)", "1.75 s"]
    assert row[8].key == 5060


def test_where_nothing_is_known_there_is_a_dash():
    (row,) = tables.problem_table(sweep([run("a", [(4, 0.5, 130.0)])]), {"p": "short"}, {}).rows
    assert row[3].text == "–"


def test_running_times_read_in_their_unit():
    cells = sweep([run("a", [(1000, 0.002, 104.0)])])
    by_evaluations = tables.running_time_table(cells, {"p": "p"}, "evaluations")
    assert [entry.text for entry in by_evaluations.rows[0]][2:] == [*["1,000"] * 3, *["∞"] * 3]
    by_seconds = tables.running_time_table(cells, {"p": "p"}, "seconds")
    assert by_seconds.rows[0][2].text == "2 ms"


def test_failures_alike_stand_together():
    rows = [failed("a", repetition=r) for r in (0, 2)] + [failed("b"), run("a", [(1, 1.0, 101.0)])]
    found = tables.failures(sweep(rows), {"p": "short"})
    assert [(f.solver, f.repetitions, f.reason) for f in found] == [
        ("a", (0, 2), "ValueError: no"),
        ("b", (0,), "ValueError: no"),
    ]
    assert found[0].traceback.startswith("Traceback")


def test_parameters_tell_what_was_set_and_what_was_left():
    solvers = {"mine": {"solver": "aco", "ants": 7}, "own": {"solver": "/x/own.py:Own", "k": 1}}
    aco, own = tables.parameter_table(solvers, version()).rows
    assert aco[2].text == "ants = 7"
    assert "rho = 0.5" in aco[3].text
    assert "ants" not in aco[3].text
    assert [entry.text for entry in own] == ["own", "own.py:Own", "k = 1", "–"]
    assert tables.parameter_table(solvers, "0.0.0").rows[0][3].text == "–"


def test_provenance_is_shown_as_it_is():
    rows = tables.provenance_table({"provenance": {"commit": "abc", "dirty": True}}).rows
    assert [[entry.text for entry in row] for row in rows] == [["commit", "abc"], ["dirty", "true"]]
    with pytest.raises(InputError, match="provenance"):
        tables.provenance_table({"provenance": "here"})

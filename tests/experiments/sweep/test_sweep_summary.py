"""The summary of a sweep."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.summary import gap_table, short_names, summarize_sweep
from edgeopt.problems.errors import InputError


def cells(**gaps: list[float | None]) -> pd.DataFrame:
    """Return the cells of one problem with a bound of 10 s; a gap of None is a failed cell."""
    rows = [
        {
            "problem": "p",
            "solver": solver,
            "repetition": repetition,
            "status": "failed" if gap is None else "finished",
            "gap": gap,
            "makespan": None if gap is None else 10 * (1 + gap),
            "lower_bound": None if gap is None else 10.0,
            "evaluations": None if gap is None else 100,
            "seconds": None if gap is None else 0.5,
        }
        for solver, values in gaps.items()
        for repetition, gap in enumerate(values)
    ]
    return pd.DataFrame(rows)


def text_of(summary: pd.DataFrame, problems: list[str], solvers: list[str]) -> list[str]:
    """Return the printed table's lines."""
    console = Console(width=120, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(gap_table(summary, problems, solvers))
    return capture.get().splitlines()


def words(lines: list[str]) -> str:
    """Return the text of lines without the spaces that align it."""
    return " ".join(" ".join(lines).split())


def test_statistics_by_hand():
    summary = summarize_sweep(cells(a=[0.5, 0.1, 0.2, 0.4]))
    row = summary.iloc[0]
    assert (row["problem"], row["solver"], row["runs"], row["failed"]) == ("p", "a", 4, 0)
    assert row["gap_mean"] == pytest.approx(0.3)
    assert row["gap_q1"] == pytest.approx(0.175)
    assert row["gap_median"] == pytest.approx(0.3)
    assert row["gap_q3"] == pytest.approx(0.425)
    assert row["makespan_best"] == pytest.approx(11.0)
    assert row["makespan_median"] == pytest.approx(13.0)
    assert (row["evaluations"], row["seconds"], row["lower_bound"]) == (100, 0.5, 10)
    assert (row["evaluations_max"], row["seconds_max"]) == (100, 0.5)


def test_failed_cells_are_counted_and_left_out():
    summary = summarize_sweep(cells(a=[0.5, None, 0.1], b=[None, None, None])).set_index("solver")
    assert summary.loc["a", "failed"] == 1
    assert summary.loc["a", "gap_median"] == pytest.approx(0.3)
    assert summary.loc["b", "failed"] == summary.loc["b", "runs"] == 3
    assert pd.isna(summary.loc["b", "gap_median"])


def test_the_table_is_ordered_by_the_mean_of_the_medians():
    two = cells(slow=[0.3], fast=[0.1], never=[None])
    twice = cells(slow=[0.6], fast=[0.2], never=[None]).assign(problem="q")
    summary = summarize_sweep(pd.concat([two, twice], ignore_index=True))
    lines = text_of(summary, ["p", "q"], ["slow", "never", "fast"])
    assert [line.split() for line in lines[-3:]] == [
        ["fast", "10.00", "20.00", "500.0"],
        ["slow", "30.00", "60.00", "500.0"],
        ["never", "–", "–", "–"],
    ]


def test_the_best_of_a_problem_is_bold():
    table = gap_table(summarize_sweep(cells(a=[0.3], b=[0.1], c=[0.1])), ["p"], ["a", "b", "c"])
    entries = [(str(entry), entry.style) for entry in table.columns[1].cells]
    assert entries == [("10.00", "bold"), ("10.00", "bold"), ("30.00", "")]


def test_the_table_turns_where_it_is_too_wide_and_that_helps():
    both = cells(a=[0.3], b=[0.1])
    problems = [f"problem-{i}" for i in range(6)]
    summary = summarize_sweep(pd.concat([both.assign(problem=name) for name in problems]))
    wide, narrow = (gap_table(summary, problems, ["a", "b"], width) for width in (200, 60))
    assert [column.header for column in wide.columns][:2] == ["solver", "problem-0"]
    assert [column.header for column in narrow.columns] == ["problem", "b", "a"]
    assert [str(cell) for cell in narrow.columns[0].cells] == [*problems, "mean time (ms)"]


def test_short_names():
    assert short_names(["paper:200x10:seed=1", "/data/512x16/u_c_hihi.0"]) == {
        "paper:200x10:seed=1": "paper:200x10:seed=1",
        "/data/512x16/u_c_hihi.0": "u_c_hihi.0",
    }
    assert list(short_names(["/d/1024x32/B.u_c", "/d/2048x64/B.u_c"]).values()) == [
        "1024x32/B.u_c",
        "2048x64/B.u_c",
    ]


@given(st.lists(st.text("ab/", min_size=1), unique=True, min_size=1))
def test_short_names_are_ends_that_tell_apart(problems: list[str]):
    names = short_names(problems)
    assert list(names) == problems
    assert len(set(names.values())) == len(problems)
    assert all(problem.endswith(name) for problem, name in names.items())


def test_runs_without_a_schedule_have_an_infinite_gap():
    summary = summarize_sweep(cells(a=[0.1, 0.2, math.inf], b=[math.inf])).set_index("solver")
    assert summary.loc["a", ["gap_q1", "gap_median"]].tolist() == pytest.approx([0.15, 0.2])
    assert summary.loc["a", "gap_q3"] == math.inf
    assert (summary.loc["b", ["gap_q1", "gap_median", "gap_q3"]] == math.inf).all()


# One bound for one problem.


def proved(**bounds: float) -> pd.DataFrame:
    """Return one run of 36 s for each solver, with the bound that it has proved."""
    table = cells(**{solver: [2.6] for solver in bounds})
    return table.assign(
        lower_bound=list(bounds.values()), gap=[36 / b - 1 for b in bounds.values()]
    )


def test_all_solvers_are_measured_over_the_best_bound_that_one_has_proved():
    summary = summarize_sweep(proved(exact=36.0, swarm=35.0, rule=32.5)).set_index("solver")
    assert summary["gap_median"].to_list() == [0, 0, 0]
    assert summary["lower_bound"].to_list() == [36, 36, 36]


def test_a_bound_above_a_schedule_by_rounding_is_the_schedule():
    summary = summarize_sweep(proved(exact=36.0 * (1 + 5e-10), swarm=35.0))
    assert summary["gap_median"].to_list() == [0, 0]
    assert summary["lower_bound"].to_list() == [36, 36]


def test_a_bound_above_a_schedule_is_an_error_that_names_both_rows():
    message = (
        r"lower_bound of exact on p, repetition 0: got 36.1.*, must be at most 36.0, "
        "the makespan of swarm on p, repetition 0"
    )
    table = proved(swarm=35.0, exact=36.1)
    table.loc[1, "makespan"] = 37.0
    with pytest.raises(InputError, match=message):
        summarize_sweep(table)


P3 = """26,6,22
28,2,11
19,4,15
19,23,27
12,13,14
28,6,15
2,13,28
18,11,29
18,28,1
14,25,22
12,15,13
16,7,23
"""


def test_a_case_in_which_two_solvers_were_measured_over_two_bounds(tmp_path: Path):
    """HiGHS and the swarm find the optimum; the sweep said a gap of 0 and of 2.86 %."""
    (tmp_path / "p.csv").write_text(P3)
    solvers = {"milp": {"solver": "milp"}, "pso": {"solver": "pso"}}
    config = SweepConfig((str(tmp_path / "p.csv"),), 2, 1, {"iterations": 400}, solvers)
    summary = summarize_sweep(run_sweep(config, tmp_path / "out"))
    assert summary["makespan_best"].to_list() == summary["lower_bound"].to_list() == [36, 36]
    assert summary["gap_median"].to_list() == [0, 0]


# What was used of the budget.


def test_a_column_shows_what_was_used_where_that_is_not_the_budget():
    table = cells(exact=[0.1], list=[0.2], coarse=[0.3], fine=[0.4])
    table["evaluations"] = [5000, 1, 6120, 4990]
    table.attrs["budget"] = {"evaluations": 5000}
    lines = text_of(summarize_sweep(table), ["p"], ["exact", "list", "coarse", "fine"])
    assert "used of 5,000 evaluations" in words(lines)
    assert [line.split()[2:-1] for line in lines[-4:]] == [
        ["5,000"],
        ["1"],
        ["6,120", "(over)"],
        ["4,990"],
    ]
    table["evaluations"] = 5000
    assert "used" not in words(text_of(summarize_sweep(table), ["p"], ["exact"]))
    table.attrs["budget"] = {"seconds": 0.4, "evaluations": 5000}
    lines = text_of(summarize_sweep(table), ["p"], ["exact"])
    assert "used of 400 ms" in words(lines)
    assert lines[-1].split()[2:] == ["500", "ms", "(over)", "500.0"]


def test_solvers_that_lack_a_problem_come_last():
    hard = cells(a=[0.9]).assign(problem="hard")
    summary = summarize_sweep(pd.concat([cells(a=[0.1], b=[0.2]), hard], ignore_index=True))
    lines = text_of(summary, ["p", "hard"], ["b", "a"])
    assert [line.split()[0] for line in lines[-2:]] == ["a", "b"]

"""The summary of a sweep."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edgeopt.experiments.sweep.summary import gap_table, short_names, summarize_sweep


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
    assert (row["evaluations"], row["seconds"]) == (100, 0.5)


def test_failed_cells_are_counted_and_left_out():
    summary = summarize_sweep(cells(a=[0.5, None, 0.1], b=[None, None, None])).set_index("solver")
    assert summary.loc["a", "failed"] == 1
    assert summary.loc["a", "gap_median"] == pytest.approx(0.3)
    assert summary.loc["b", "failed"] == summary.loc["b", "runs"] == 3
    assert pd.isna(summary.loc["b", "gap_median"])


def test_the_table_is_ordered_by_the_mean_of_the_medians():
    two = cells(slow=[0.3], fast=[0.1], never=[None])
    summary = summarize_sweep(pd.concat([two, two.assign(problem="q", gap=two["gap"] * 2)]))
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
    assert [str(cell) for cell in narrow.columns[0].cells] == [*problems, "mean ms a run"]


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

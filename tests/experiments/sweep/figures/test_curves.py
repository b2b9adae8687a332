"""Convergence by hand: medians, bands, starts, ends, marks, and who has no line."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sweep_rows import failed, run, sweep

from edgeopt.experiments.style import SMALLEST
from edgeopt.experiments.sweep.figures.curves import (
    BANDS,
    convergence_figure,
    convergence_table,
    plot_convergence,
)
from edgeopt.problems.errors import InputError


def search(repetition: int, *steps: tuple[int, float]):
    """Return a run of "ants" with gaps in per cent by evaluations; 1 ms for each evaluation."""
    trace = [(count, 0.001 * count, 100 + gap) for count, gap in steps]
    return run("ants", trace, repetition=repetition)


SEARCH = [
    search(0, (10, 50), (20, 20), (1000, 20)),
    search(1, (10, 60), (100, 30), (1000, 30)),
    search(2, (10, 70), (500, 10), (1000, 10)),
]
ONCE = [run("mct", [(1, 0.001, 140.0)], repetition=r) for r in range(2)]
CELLS = sweep([*SEARCH, *ONCE])


def axes(**options):
    return plot_convergence(CELLS, Figure().subplots(), **options)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def at(table: pd.DataFrame, solver: str, x: float, column: str = "median") -> float:
    """Return the value of a table just after a place."""
    own = table[table["solver"] == solver]
    return float(own[column].iloc[np.searchsorted(own["evaluations"], x * 1.03)])


def test_median_and_quartiles_over_repetitions():
    table = convergence_table(CELLS)
    own = table.loc[table["solver"] == "ants", "evaluations"]
    assert (own.min(), own.max()) == pytest.approx((10, 1000))
    for evaluations, values in {10: (60, 50, 70), 25: (60, 20, 70), 110: (30, 20, 70)}.items():
        found = [at(table, "ants", evaluations, name) for name in ("median", "low", "high")]
        assert found == pytest.approx(values)
    assert table["runs"].unique().tolist() == [3, 2]


@pytest.mark.parametrize(
    ("size", "low", "high"),
    # the ranks of Conover's table of 95 % intervals of a median
    [(5, None, None), (6, 1, 6), (10, 2, 9), (20, 6, 15), (30, 10, 21)],
)
def test_the_interval_of_a_median_is_of_order_statistics(size, low, high):
    rows = [run("a", [(9, 0.5, 100.0 + r)], repetition=r) for r in range(1, size + 1)]
    last = convergence_table(sweep(rows), band="ci", y="makespan").iloc[-1]
    if low is None:
        assert last[["low", "high"]].isna().all()
    else:
        assert (last["low"], last["high"]) == (100 + low, 100 + high)


def test_the_legend_names_the_band():
    heads = {band: axes(band=band).get_legend().get_title().get_text() for band in BANDS}
    assert heads == {
        "iqr": "median and IQR of 2 to 3 runs",
        "range": "median and range of 2 to 3 runs",
        "ci": "median of 2 to 3 runs (its 95 % CI needs 6)",
        "none": "median of 2 to 3 runs",
    }


def test_the_other_bands_values_and_axes():
    table = convergence_table(CELLS, band="range", x="seconds", y="ratio")
    assert table.iloc[0][["low", "median", "high"]].tolist() == pytest.approx(
        [150 / 110, 160 / 110, 170 / 110]
    )
    assert convergence_table(CELLS, band="none")[["low", "high"]].isna().all(axis=None)
    assert convergence_table(CELLS, y="makespan")["median"].max() == 160
    assert (
        convergence_table(CELLS, x="iterations").groupby("solver")["iterations"].max()["ants"] == 3
    )
    known = convergence_table(CELLS, y="ratio", best={"p": 50.0})
    assert known["median"].min() == pytest.approx(110 / 50 + 0.2)


def test_a_single_schedule_is_a_hollow_mark_with_a_line_to_the_right():
    line = lines(axes())["mct"]
    x, y = line.get_data()
    assert (x[0], x[-1]) == (1, 1000)
    assert y == pytest.approx(np.full(len(y), 40.0))
    assert (line.get_markevery(), line.get_markerfacecolor()) == ([0], "white")


def test_a_curve_starts_where_half_the_runs_have_a_schedule():
    late = [run("ants", [(200, 0.2, 120.0), (1000, 1.0, 120.0)], repetition=r) for r in (1, 2)]
    table = convergence_table(sweep([SEARCH[0], *late]))
    assert table["evaluations"].min() == pytest.approx(200, rel=0.03)
    assert set(table["median"]) == {20.0}


def test_who_has_no_line_is_named_with_the_reason():
    rows = [
        *SEARCH,
        *(failed("broken", repetition=r) for r in range(2)),
        *(run("tight", [(9, 0.1, np.inf)], repetition=r) for r in range(2)),
        run("tight", [(9, 0.1, 120.0)], repetition=2),
    ]
    ax = plot_convergence(sweep(rows), Figure().subplots())
    assert {*lines(ax)} == {"ants"}
    assert ax.get_legend().get_title().get_text().split("\n") == [
        "median and IQR of 2 to 3 runs",
        "no line: broken (failed), tight (no schedule)",
    ]


@pytest.mark.parametrize("gap", [0.0, -1e-14, 1e-9])
def test_a_gap_of_zero_is_drawn_at_the_smallest(gap):
    cells = sweep([search(0, (10, 50), (100, gap)), run("mct", [(1, 0.001, 100 + gap)])])
    ax = plot_convergence(cells, Figure().subplots())
    assert all(line.get_ydata().min() == SMALLEST for line in ax.get_lines())
    assert ax.yaxis.get_major_formatter()(SMALLEST) == "≤ 0.001"


def test_a_schedule_from_the_start_is_drawn_from_the_first_cost_on():
    cells = sweep(
        [run("started", [(0, 0.0, 150.0), (10, 0.2, 120.0)]), run("s", [(5, 0.1, 130.0)])]
    )
    for x, first in (("evaluations", 10), ("seconds", 0.2)):
        assert convergence_table(cells, x=x)[x].iloc[0] == pytest.approx(first)
        assert convergence_table(cells, x=x, x_scale="linear")[x].iloc[0] == 0


def test_a_search_that_ends_at_once_is_still_seen():
    cells = sweep([run("quick", [(20, 0.3, 104.0)]), run("s", [(9, 0.1, 150.0)])])
    line = lines(plot_convergence(cells, Figure().subplots()))["quick"]
    assert line.get_markevery() == [0]
    assert line.get_ydata() == pytest.approx(np.full(len(line.get_ydata()), 4.0))


def test_reference_lines_are_in_the_unit_of_the_axis():
    ax = axes(y="makespan", lines=["bound", "best", 125.0])
    places = {name: line.get_ydata()[0] for name, line in lines(ax).items()}
    assert (places["lower bound"], places["best known"], places["target 125"]) == (100, 110, 125)
    assert lines(axes(lines=["best"]))["best known"].get_ydata()[0] == pytest.approx(10)
    with pytest.raises(InputError, match="lines: got 'bound', must be a line above 0"):
        axes(lines=["bound"])
    assert lines(axes(lines=["bound"], y_scale="linear"))["lower bound"].get_ydata()[0] == 0


def test_both_panels_share_one_legend():
    figure = convergence_figure(CELLS, ["mct", "ants"], "the $title$")
    left, right = figure.axes
    assert figure.get_suptitle() == "the $title$"
    assert left.get_ylabel() == "gap to lower bound (%)"
    assert [ax.get_xlabel() for ax in (left, right)] == ["evaluations", "time in solver (s)"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["mct", "ants"]
    assert legend.get_title().get_text() == "median and IQR of 2 to 3 runs"
    narrow = convergence_figure(CELLS, None, "t", width=3.5).axes
    assert narrow[0].get_position().x0 == narrow[1].get_position().x0


@pytest.mark.parametrize(
    "options", [{"x": "hours"}, {"y": "rank"}, {"band": "sd"}, {"x_scale": "ln"}, {"y_scale": "x"}]
)
def test_unknown_options_are_refused(options):
    ((field, value),) = options.items()
    with pytest.raises(InputError, match=f"^{field}: got '{value}', must be one of"):
        axes(**options)

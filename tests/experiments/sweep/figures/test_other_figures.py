"""Boxes, shares, heat maps, ranks and loads by hand."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.statistics.rank_tests import critical_difference
from edgeopt.experiments.sweep.figures.boxes import gap_figure, gaps_table, plot_gaps
from edgeopt.experiments.sweep.figures.curves import plot_convergence
from edgeopt.experiments.sweep.figures.heat import heatmap_table, plot_heatmap
from edgeopt.experiments.sweep.figures.loads import loads_table, plot_loads
from edgeopt.experiments.sweep.figures.ranks import plot_ranks, ranks_table
from edgeopt.experiments.sweep.figures.shares import (
    ecdf_table,
    plot_ecdf,
    plot_profile,
    profile_table,
)
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

ODD = "_$x$ <b>&"
CELLS = sweep(
    [
        *(run(ODD, [(1, 0.01, 150.0), (40, 0.3, 100.5 + r)], repetition=r) for r in range(4)),
        *(run("once", [(1, 0.02, 120.0)], repetition=r, status="finished") for r in range(4)),
        *(run("late", [(40, 0.3, 200.0)], repetition=r) for r in range(3)),
        failed("late", repetition=3),
    ]
)
TWO = final(
    {
        "p": {"a": [0.4, 0.4], "b": [0.2, 0.3], "c": [0.5, 0.5]},
        "/d/q": {"a": [0.3], "b": [0.1], "c": [0.6]},
    }
)


def axes():
    return Figure().subplots()


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def last_share(table, solver):
    return table.loc[table["solver"] == solver, "share"].iloc[-1]


def test_names_in_panels_below_one_another_are_text():
    odd = final({problem: {r"$\frac{1}$": [0.1], "b": [0.2]} for problem in "pq"})
    figure = gap_figure(odd, ["p", "q"], width=3.5)
    figure.savefig(io.BytesIO())
    texts = [label.get_text() for panel in figure.axes for label in panel.get_yticklabels()]
    assert texts == ["b", r"$\frac{1}$"] * 2


def test_boxes_by_solver_and_problem():
    figure = gap_figure(TWO, ["p", "/d/q"])
    first, second = figure.axes
    assert [panel.get_title() for panel in figure.axes] == ["p", "q"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["c", "a", "b"]
    assert first.get_ylim() == (0.5, 3.5)
    medians = [line.get_xdata()[0] for line in second.lines if line.get_linewidth() == 2.2]
    assert medians == pytest.approx([60.0, 30.0, 10.0])
    assert figure.get_supxlabel() == "1 to 2 runs of each solver"


def test_panels_fit_the_width_and_those_left_over_are_hidden():
    figure = gap_figure(final({name: {"a": [0.1]} for name in "abcd"}), list("abcd"))
    assert [panel.get_visible() for panel in figure.axes] == [True] * 4 + [False] * 2
    narrow = gap_figure(TWO, ["p", "/d/q"], width=3.5)
    assert narrow.axes[0].get_subplotspec().get_gridspec().ncols == 1


def test_runs_without_a_schedule_are_counted_beside_the_box():
    ax = plot_gaps(CELLS, axes(), solvers=["late", "once"], y="makespan")
    assert [text.get_text() for text in ax.texts] == ["1 of 4 without a schedule"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["once", "late"]
    table = gaps_table(CELLS, solvers="late", y="makespan")
    assert table["makespan"].tolist() == [200, 200, 200, np.inf]


def test_the_ecdf_of_gaps():
    table = ecdf_table(CELLS)
    own = table[table["solver"] == ODD]
    for gap, share in ((0.6, 25), (1.6, 50), (2.6, 75), (3.6, 100), (90, 100)):
        assert own["share"].iloc[np.searchsorted(own["gap"], gap)] == share
    assert last_share(table, "late") == 75
    assert last_share(table, "once") == 100


def test_the_ecdf_over_targets_ends_with_the_share_that_was_met():
    table = ecdf_table(CELLS, x="evaluations")
    met = [np.mean(np.logspace(0, -4, 41) >= gap) for gap in (0.005, 0.015, 0.025, 0.035)]
    assert last_share(table, ODD) == pytest.approx(100 * np.mean(met))
    assert last_share(table, "once") == pytest.approx(100 * 7 / 41)
    one = ecdf_table(CELLS, x="seconds", target=2)
    assert last_share(one, ODD) == 50
    assert set(one["solver"]) == {ODD}
    ax = plot_ecdf(CELLS, axes(), x="seconds", target=2)
    assert ax.get_legend().get_title().get_text() == (
        "4 runs, target 2 %\nno line: once (target missed), late (target missed)"
    )


def test_the_profile_starts_with_the_share_of_wins_and_leaves_out_failures():
    table = profile_table(CELLS)
    first = table.groupby("solver", sort=False)["share"].first()
    assert first.to_dict() == {ODD: 100, "once": 0, "late": 0}
    assert (last_share(table, "once"), last_share(table, "late")) == (100, 75)
    assert {*lines(plot_profile(CELLS, axes()))} == {ODD, "once", "late"}


def test_a_sweep_of_failures_draws_empty_figures():
    cells = sweep([failed(name, repetition=r) for name in "ab" for r in (0, 1)])
    for plot in (plot_ecdf, plot_profile):
        ax = plot(cells, axes())
        assert not ax.get_lines()
        assert "no line: a (failed), b (failed)" in ax.get_legend().get_title().get_text()


def test_the_heat_map_has_medians_and_dashes():
    table = heatmap_table(TWO, solvers=["b", "a"], names={"/d/q": "Q"})
    assert table.set_index("solver")["p"].to_dict() == pytest.approx({"b": 25, "a": 40})
    assert table["Q"].tolist() == pytest.approx([10, 30])
    rows = [run("a", [(1, 0.1, 100.0)]), run("b", [(1, 0.1, np.inf)])]
    ax = plot_heatmap(sweep(rows), axes())
    assert [text.get_text() for text in ax.texts] == ["0", "–"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_ranks_have_an_axis_and_the_critical_difference():
    ax = plot_ranks(TWO, axes())
    assert [tick for tick in ax.get_xticks() if 1 <= tick <= 3] == [1, 2, 3]
    bars = [line.get_xdata() for line in ax.get_lines() if line.get_marker() == "|"]
    assert np.ptp(bars[0]) == pytest.approx(critical_difference(2, 3))
    assert ranks_table(TWO)["rank"].tolist() == [1, 2, 3]
    with pytest.raises(InputError, match=r"at least 3 solvers in 2 problems, or in 2 runs"):
        plot_ranks(TWO, axes(), problems="p")


def test_loads_of_the_best_schedules():
    problem = Problem([[3.0, 5.0], [2.0, 1.0], [4.0, 4.0]], ready=[0.0, 2.0])
    chosen = {"a": [0, 0, 1], "b": [1, 1, 1]}
    rows = [
        run(name, [(1, 0.1, Schedule.of(problem, nodes).makespan)]) | {"assignment": nodes}
        for name, nodes in chosen.items()
    ]
    cells = sweep(rows)
    drawn = lines(plot_loads(cells, axes(), instance=problem))
    assert drawn["a"].get_ydata().tolist() == [6, 5]
    assert drawn["b"].get_ydata().tolist() == [12, 0]
    table = loads_table(cells, instance=problem)
    assert table["load"].tolist() == [5, 4, 0, 10]
    assert table["tasks"].tolist() == [2, 1, 0, 3]
    gantt = plot_loads(cells, axes(), instance=problem, solvers="a")
    assert (gantt.get_title(), gantt.get_xlabel()) == ("a", "time (s), makespan 6 s")


@pytest.mark.parametrize("plot", [plot_convergence, plot_ecdf, plot_profile])
def test_a_solver_that_has_not_been_run_is_named(plot):
    cells = CELLS[CELLS["solver"] != "once"]
    cells.attrs["solvers"] = [ODD, "once", "late"]
    title = plot(cells, axes()).get_legend().get_title().get_text()
    assert "no line: once (no runs)" in title


def test_a_solver_that_has_not_been_run_keeps_its_row():
    cells = CELLS[CELLS["solver"] != "once"]
    cells.attrs["solvers"] = [ODD, "once", "late"]
    assert [text.get_text() for text in plot_gaps(cells, axes()).texts] == [
        "no runs",
        "1 of 4 without a schedule",
    ]
    assert heatmap_table(cells)["p"].isna().tolist() == [False, True, False]

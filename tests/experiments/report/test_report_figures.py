"""The figures show the statistics, and cope with any name."""

import base64
import math

import numpy as np
import pytest
from sweep_rows import failed, final, run, sweep

from edgeopt.experiments.report.analysis import short_label, solver_looks
from edgeopt.experiments.report.figures import (
    convergence_panel,
    ecdf_figure,
    profile_figure,
    rank_figure,
    svg_address,
    write_pdf,
)
from edgeopt.experiments.statistics.anytime import paired_gaps
from edgeopt.experiments.statistics.comparison import compare_solvers

ODD = "_$x$ <b>&"
CELLS = sweep(
    [
        *(run(ODD, [(1, 0.01, 150.0), (40, 0.3, 100.5 + r)], repetition=r) for r in range(4)),
        *(run("once", [(1, 0.02, 120.0)], repetition=r, status="finished") for r in range(4)),
        *(run("late", [(40, 0.3, 200.0)], repetition=r) for r in range(3)),
        failed("late", repetition=3),
    ]
)
LOOKS = solver_looks(CELLS, [ODD, "once", "late"])


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def test_only_solvers_of_one_schedule_have_marks():
    assert {name for name, look in LOOKS.items() if "marker" in look} == {"once"}


def test_the_profile_starts_with_the_share_of_wins_and_leaves_out_failures():
    curves = lines(profile_figure(paired_gaps(CELLS, "evaluations"), LOOKS))
    assert curves[ODD].get_ydata()[0] == 100
    assert curves["once"].get_ydata()[0] == 0
    assert curves["once"].get_ydata()[-1] == 100
    assert curves["late"].get_ydata()[-1] == 75


def test_the_ecdf_ends_with_the_share_of_targets_met():
    curves = lines(ecdf_figure(CELLS, LOOKS, "evaluations"))
    met = [np.mean(np.logspace(0, -4, 41) >= gap) for gap in (0.005, 0.015, 0.025, 0.035)]
    assert curves[ODD].get_ydata()[-1] == pytest.approx(100 * np.mean(met))
    assert curves["once"].get_ydata() == pytest.approx(100 * 7 / 41)
    assert curves["late"].get_ydata()[-1] == pytest.approx(100 * 0.75 / 41)


@pytest.mark.parametrize("axis", ["evaluations", "seconds"])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_convergence_is_the_median_over_repetitions(axis, scale):
    figure = convergence_panel(CELLS, LOOKS, axis, scale)
    curves = lines(figure)
    assert figure.axes[0].get_yscale() == scale
    assert curves[ODD].get_ydata()[[0, -1]] == pytest.approx([50, 1.5])
    assert curves["once"].get_ydata() == pytest.approx([20, 20])
    assert curves["once"].get_xdata()[-1] == pytest.approx(CELLS[axis].max())
    assert curves["late"].get_ydata() == pytest.approx(np.full(80, 100))


def test_a_schedule_from_the_start_is_drawn_from_the_first_cost_on():
    rows = [run("started", [(0, 0.0, 150.0), (10, 0.2, 120.0)]), run("s", [(5, 0.1, 130.0)])]
    cells = sweep(rows)
    looks = solver_looks(cells, ["started", "s"])
    for axis, first in (("evaluations", 10), ("seconds", 0.2)):
        curve = lines(convergence_panel(cells, looks, axis, "log"))["started"]
        assert curve.get_xdata()[0] == pytest.approx(first)
    met = lines(ecdf_figure(cells, looks, "evaluations"))["started"]
    assert met.get_xdata()[0] == pytest.approx(5)  # the first one that any solver met after 0
    assert met.get_ydata()[0] == pytest.approx(100 * np.mean(np.logspace(0, -4, 41) >= 0.5))


def test_a_search_that_ends_at_once_is_still_seen():
    rows = [run("quick", [(20, 0.3, 104.0)], status="optimal"), run("s", [(9, 0.1, 150.0)])]
    cells = sweep(rows)
    curves = lines(convergence_panel(cells, solver_looks(cells, ["quick", "s"]), "seconds", "log"))
    assert curves["quick"].get_marker() == "."
    assert curves["quick"].get_ydata() == pytest.approx(np.full(80, 4.0))


def test_the_rank_diagram_names_all_solvers_with_their_ranks():
    gaps = {"a": [0.1], "b": [0.2], "c {x}": [0.3], "d": [0.4]}
    figure = rank_figure(compare_solvers(final({f"p{i}": gaps for i in range(30)})))
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert texts == {"a (1.00)", "b (2.00)", "(3.00) c {x}", "(4.00) d"}


def test_long_names_are_cut_in_figures_and_fill_fewer_columns():
    name = "a solver with a name longer than any figure"
    assert short_label(name) == "a solver with a name long…"
    assert short_label("atsa-repaired") == "atsa-repaired"
    cells = sweep([run(f"{name} {i}"[-40:], [(9, 0.3, 110.0)]) for i in range(4)])
    looks = solver_looks(cells, list(cells["solver"]))
    legend = ecdf_figure(cells, looks, "seconds").legends[0]
    assert legend._ncols == 2
    assert all(len(text.get_text()) == 26 for text in legend.get_texts())


def test_a_narrow_logarithmic_axis_still_has_ticks():
    cells = sweep([run("a", [(100, 1.0, 166.0), (300, 3.0, 154.0)])])
    figure = convergence_panel(cells, solver_looks(cells, ["a"]), "evaluations", "log")
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        low, high = axis.get_view_interval()
        assert sum(low <= tick <= high for tick in axis.get_majorticklocs()) >= 2


def test_images_are_text_that_runs_nothing_and_repeat_to_the_byte(tmp_path):
    def draw():
        return convergence_panel(CELLS, LOOKS, "seconds", "log")

    address = svg_address(draw)
    head, code = address.split(",")
    assert head == "data:image/svg+xml;base64"
    svg = base64.b64decode(code).decode()
    assert "_$x$ &lt;b&gt;&amp;" in svg
    assert "<script" not in svg
    assert svg_address(draw) == address
    path = write_pdf(draw, tmp_path / "figure.pdf")
    first = path.read_bytes()
    assert first.startswith(b"%PDF")
    assert write_pdf(draw, path).read_bytes() == first


def test_a_sweep_of_failures_draws_empty_figures():
    cells = sweep([failed(name, repetition=r) for name in "ab" for r in (0, 1)])
    looks = solver_looks(cells, ["a", "b"])
    profile = lines(profile_figure(paired_gaps(cells, "seconds"), looks))
    assert (profile["a"].get_ydata() == 0).all()
    assert (lines(ecdf_figure(cells, looks, "seconds"))["b"].get_ydata() == 0).all()
    assert math.isnan(cells["seconds"].max())

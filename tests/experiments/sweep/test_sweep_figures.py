"""The figures of a sweep: what they show, and the files."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from edgeopt.experiments.runs.run import run_sweep
from edgeopt.experiments.style import (
    COLOURS,
    SMALLEST,
    drawn_percent,
    line_styles,
    mark_styles,
    paper_style,
    save_figure,
)
from edgeopt.experiments.sweep.config import SweepConfig, read_config
from edgeopt.experiments.sweep.figures import convergence_figure, gap_figure, plot_sweep
from edgeopt.problems.errors import InputError

BOUND = 10.0


def run(solver: str, evaluations: list[int], gaps: list[float], problem: str = "p") -> dict:
    """Return a cell with this trace; each evaluation takes a millisecond."""
    return {
        "problem": problem,
        "solver": solver,
        "lower_bound": BOUND,
        "evaluations": evaluations[-1],
        "gap": gaps[-1],
        "trace_evaluations": evaluations,
        "trace_seconds": [0.001 * count for count in evaluations],
        "trace_makespan": [BOUND * (1 + gap) for gap in gaps],
    }


SEARCH = [
    run("ants", [10, 20, 1000], [0.5, 0.2, 0.2]),
    run("ants", [10, 100, 1000], [0.6, 0.3, 0.3]),
    run("ants", [10, 500, 1000], [0.7, 0.1, 0.1]),
]
CELLS = pd.DataFrame([*SEARCH, run("mct", [1], [0.4]), run("mct", [1], [0.4])])


def curve(figure: Figure, label: str, panel: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a labelled line."""
    (line,) = [one for one in figure.axes[panel].lines if one.get_label() == label]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def at(points: tuple[np.ndarray, np.ndarray], x: float) -> float:
    """Return the height of a curve just after x."""
    return float(points[1][np.searchsorted(points[0], x * 1.02)])


def test_the_median_over_repetitions_by_hand():
    points = curve(convergence_figure(CELLS, ["ants", "mct"], "title"), "ants")
    assert points[0][0] == pytest.approx(10)
    assert points[0][-1] == pytest.approx(1000)
    for evaluations, median in [(10, 60.0), (20, 60.0), (100, 30.0), (500, 20.0), (900, 20.0)]:
        assert at(points, evaluations) == pytest.approx(median)


def test_the_band_spans_the_quartiles():
    figure = convergence_figure(CELLS, ["ants"], "title")
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(10.0)
    assert heights.max() == pytest.approx(70.0)


def test_both_axes_and_the_legend():
    figure = convergence_figure(CELLS, ["ants", "mct"], "the title")
    left, right = figure.axes
    assert figure.get_suptitle() == "the title"
    assert left.get_ylabel() == "gap to lower bound (%)"
    assert [axes.get_xlabel() for axes in (left, right)] == ["evaluations", "time in solver (s)"]
    assert all(axes.get_xscale() == axes.get_yscale() == "log" for axes in (left, right))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ants", "mct"]
    seconds = curve(figure, "ants", panel=1)
    assert seconds[0][0] == pytest.approx(0.01)
    assert at(seconds, 0.5) == pytest.approx(20.0)


def test_a_single_schedule_is_a_mark_with_a_line_to_the_right():
    figure = convergence_figure(CELLS, ["ants", "mct"], "title")
    x, y = curve(figure, "mct")
    assert x.tolist() == [1, 1000]
    assert y == pytest.approx([40.0, 40.0])
    (line,) = [one for one in figure.axes[0].lines if one.get_label() == "mct"]
    assert line.get_marker() == "o"
    assert line.get_linestyle() == ":"


def test_a_curve_starts_where_half_the_runs_have_a_schedule():
    late = run("ants", [10, 200, 1000], [np.inf, 0.2, 0.2])
    figure = convergence_figure(pd.DataFrame([SEARCH[0], late, late]), ["ants"], "title")
    points = curve(figure, "ants")
    assert np.isinf(at(points, 50))
    assert at(points, 300) == pytest.approx(20.0)


@pytest.mark.parametrize("gap", [0.0, -1e-16, 1e-9])
def test_a_gap_of_zero_is_drawn_at_the_smallest(gap: float):
    cells = pd.DataFrame([run("ants", [10, 100], [0.5, gap]), run("mct", [1], [gap])])
    figure = convergence_figure(cells, ["ants", "mct"], "title")
    assert curve(figure, "ants")[1].min() == SMALLEST
    assert curve(figure, "mct")[1].min() == SMALLEST
    assert figure.axes[0].yaxis.get_major_formatter()(SMALLEST) == "≤ 0.001"
    assert figure.axes[0].yaxis.get_major_formatter()(10.0) == "10"


def test_gaps_in_per_cent():
    assert drawn_percent([0.5, 0.0]).tolist() == [50.0, SMALLEST]


def test_boxes_by_solver_and_problem():
    other = CELLS.assign(problem="/deep/q", gap=CELLS["gap"] / 2)
    figure = gap_figure(pd.concat([CELLS, other]), ["p", "/deep/q"], ["mct", "ants", "none"])
    first, second = figure.axes
    assert [panel.get_title() for panel in figure.axes] == ["p", "q"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["mct", "ants"]
    assert first.get_ylim() == (0.5, 2.5)
    medians = [line.get_xdata()[0] for line in second.lines if line.get_color() == COLOURS[1]]
    assert medians == pytest.approx([20.0, 10.0])


def test_panels_that_are_left_over_are_hidden():
    cells = pd.concat([CELLS.assign(problem=name) for name in "abcd"])
    figure = gap_figure(cells, list("abcd"), ["mct", "ants"])
    assert [panel.get_visible() for panel in figure.axes] == [True] * 4 + [False] * 2


def test_styles_tell_many_solvers_apart():
    labels = [str(number) for number in range(28)]
    lines = {(style["color"], style["linestyle"]) for style in line_styles(labels).values()}
    assert len(lines) == 28
    marks = {(style["color"], style["marker"]) for style in mark_styles(labels).values()}
    assert len(marks) == 28


def is_drawn(path: Path) -> bool:
    """Whether a file is an image of some size with something on it."""
    if path.suffix == ".pdf":
        return path.read_bytes().startswith(b"%PDF") and path.stat().st_size > 5000
    pixels = imread(path)[..., :3]
    return pixels.shape[0] > 300 and 0.002 < float((pixels < 0.9).any(axis=2).mean()) < 0.5


def test_figures_are_saved_twice_and_reproducibly(tmp_path: Path):
    before = dict(mpl.rcParams)
    with paper_style():
        figure = convergence_figure(CELLS, ["ants", "mct"], "title")
        paths = save_figure(figure, tmp_path, "one")
        again = save_figure(figure, tmp_path, "two")
    assert [path.name for path in paths] == ["one.png", "one.pdf"]
    assert all(is_drawn(path) for path in paths)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert dict(mpl.rcParams) == before


def test_all_figures_of_a_sweep(sweep_file: Path, tmp_path: Path):
    run_sweep(read_config(sweep_file), tmp_path / "out")
    paths = plot_sweep(tmp_path / "out")
    names = ["convergence-paper-20x3-seed-0", "convergence-times.csv", "gaps"]
    assert [path.name for path in paths] == [n + s for n in names for s in (".png", ".pdf")]
    assert all(is_drawn(path) for path in paths)


def test_files_of_one_name_have_figures_of_their_own(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text("1,2\n2,1\n3,3\n")
    problems = tuple(str(tmp_path / folder / "t.csv") for folder in ("a", "b"))
    config = SweepConfig(problems, 1, 0, {"evaluations": 5}, {"mct": {"solver": "mct"}})
    run_sweep(config, tmp_path / "out")
    names = {path.name for path in plot_sweep(tmp_path / "out") if path.suffix == ".png"}
    assert names == {"convergence-a-t.csv.png", "convergence-b-t.csv.png", "gaps.png"}


def test_a_sweep_without_a_schedule_has_no_figures(tmp_path: Path):
    (tmp_path / "own.py").write_text("def f(problem, rng): return [-1] * problem.tasks\n")
    solver = {"solver": f"{tmp_path / 'own.py'}:f"}
    config = SweepConfig(("paper:5x2",), 1, 0, {"evaluations": 5}, {"own": solver})
    cells = run_sweep(config, tmp_path / "out")
    assert cells["status"].tolist() == ["infeasible"]
    with pytest.raises(InputError, match="at least one finite gap"):
        plot_sweep(tmp_path / "out")
    with pytest.raises(InputError, match="the output of a sweep"):
        plot_sweep(tmp_path)

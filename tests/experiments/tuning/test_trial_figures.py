"""The figures of a tuning, and importance."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.experiments.tuning.contours import contour_figure
from edgeopt.experiments.tuning.figures import (
    draw_figures,
    history_figure,
    importance_figure,
    slice_figure,
)
from edgeopt.experiments.tuning.trial_table import importances

SPACE = {
    "x": FloatDistribution(0.1, 10.0, log=True),
    "n": IntDistribution(1, 9),
    "w": CategoricalDistribution(("a", "b")),
}


def table(count: int = 40) -> pd.DataFrame:
    """Return trials whose gap follows from x alone."""
    rng = np.random.default_rng(0)
    x = np.exp(rng.uniform(np.log(0.1), np.log(10), count))
    return pd.DataFrame(
        {
            "trial": range(count),
            "state": ["complete", "pruned"] * (count // 2),
            "gap": 0.01 + np.abs(np.log(x)) / 10,
            "params_x": x,
            "params_n": rng.integers(1, 10, count),
            "params_w": rng.choice(["a", "b"], count),
        }
    )


def test_importance_finds_the_one_that_matters() -> None:
    shares = importances(table(), SPACE)
    assert next(iter(shares)) == "x"
    assert shares["x"] > 0.6
    assert sum(shares.values()) == pytest.approx(1)
    assert importances(table(8), SPACE) == {}
    assert importances(table().assign(gap=0.1), SPACE) == {}
    steps = table().assign(gap=[0.1] + [0.2] * 39)
    assert sum(importances(steps, SPACE).values()) == pytest.approx(1)


def test_history_shows_every_trial_and_the_best_so_far() -> None:
    trials = table(6).assign(gap=[0.4, 0.1, 0.5, 0.2, 0.3, 0.6])
    axes = history_figure(trials).axes[0]
    pruned, complete = (points.get_offsets().tolist() for points in axes.collections)
    assert pruned == [[1, 10], [3, 20], [5, 60]]
    assert [y for _, y in complete] == pytest.approx([40, 50, 30])
    x, y = axes.lines[0].get_data()
    assert list(x) == [0, 2, 4, 5]
    assert list(y) == pytest.approx([40, 40, 30, 30])


def test_slices_have_a_panel_for_each_parameter() -> None:
    figure = slice_figure(table(), SPACE)
    assert [axes.get_xlabel() for axes in figure.axes] == ["x", "n", "w"]
    assert figure.axes[0].get_xscale() == "log"
    assert [text.get_text() for text in figure.axes[2].get_xticklabels()] == ["a", "b"]
    assert len(slice_figure(table(), dict.fromkeys(["n"], SPACE["n"])).axes) == 1


def test_contours_need_trials_that_span_a_plane() -> None:
    numbers = {"x": FloatDistribution(0.1, 10.0, log=True), "n": IntDistribution(1, 9)}
    figure = contour_figure(table(), numbers)
    assert figure is not None
    assert figure.axes[0].get_xlabel() == "x"
    assert contour_figure(table(4), numbers) is None
    assert contour_figure(table(), {"x": numbers["x"]}) is None
    assert contour_figure(table().assign(params_n=3), numbers) is None


def test_many_or_long_choices_are_turned_and_get_room() -> None:
    names = tuple(f"a-long-name-{i}" for i in range(8))
    trials = table(8).assign(params_w=names)
    long = slice_figure(trials, {"w": CategoricalDistribution(names)})
    short = slice_figure(table(8), {"w": SPACE["w"]})
    turned = [text.get_rotation() for text in long.axes[0].get_xticklabels()]
    assert turned == [90] * 8
    assert [text.get_rotation() for text in short.axes[0].get_xticklabels()] == [0, 0]
    assert long.get_figheight() == pytest.approx(short.get_figheight() + 0.04 * len(names[0]))
    assert long.axes[0].get_xlim() == (-0.5, 7.5)


def test_the_most_important_parameter_is_at_the_top() -> None:
    axes = importance_figure({"x": 0.7, "n": 0.3}).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["n", "x"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([30, 70])


def test_files_are_those_there_is_something_to_draw_for(tmp_path: Path) -> None:
    few = draw_figures(table(4), SPACE, {}, tmp_path)
    assert {path.stem for path in few} == {"history", "slices"}
    shares = importances(table(), SPACE)
    many = draw_figures(table(), SPACE, shares, tmp_path)
    assert {path.name for path in many} == {
        f"{name}.{suffix}"
        for name in ("history", "slices", "importance", "contours")
        for suffix in ("png", "pdf")
    }

"""Held-out comparison, tables and figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.figures import contour_figure, history_figure, slice_figure
from edgeopt.experiments.tuning.held_out import compare_held_out, run_held_out, sentence
from edgeopt.experiments.tuning.results import write_up
from edgeopt.experiments.tuning.trial_table import importances
from edgeopt.experiments.tuning.tune import tune
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem

Make = Callable[..., TuneConfig]
pytestmark = pytest.mark.usefixtures("no_sync")
SPACE = {
    "x": FloatDistribution(0.1, 10.0, log=True),
    "n": IntDistribution(1, 9),
    "w": CategoricalDistribution(("a", "b")),
}


def runs(gaps: dict[str, tuple[list[float], list[float]]]) -> pd.DataFrame:
    """Return the cells of a sweep from default and tuned gaps by problem."""
    rows = [
        {"problem": problem, "solver": solver, "gap": gap}
        for problem, pair in gaps.items()
        for solver, values in zip(("default", "tuned"), pair, strict=True)
        for gap in values
    ]
    return pd.DataFrame(rows)


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


def test_repetitions_are_averaged_before_problems_are_paired() -> None:
    found = compare_held_out(runs({"p": ([0.3, 0.5], [0.1, 0.1]), "q": ([0.2, 0.2], [0.1, 0.2])}))
    assert found.table["default"].tolist() == pytest.approx([0.4, 0.2])
    assert found.table["difference"].tolist() == pytest.approx([-0.3, -0.05])
    assert found.difference == pytest.approx(-0.175)
    assert found.problems == 2
    assert found.p_value == pytest.approx(0.5)  # both signs equal: 2 of 4


def test_failed_runs_and_missing_schedules_leave_their_problem_out() -> None:
    inf, nan = float("inf"), float("nan")
    found = compare_held_out(
        runs(
            {
                "p": ([0.3], [inf]),
                "q": ([nan, 0.2], [0.1, 0.1]),
                "r": ([inf], [inf]),
                "s": ([0.2], [0.1]),
            }
        )
    )
    assert found.problems == 1
    assert found.difference == pytest.approx(-0.1)
    assert np.isnan(found.low)
    assert found.table["tuned"].tolist() == [inf, 0.1, inf, 0.1]
    none = compare_held_out(runs({"p": ([inf], [0.1])}))
    assert none.problems == 0
    assert "No held-out problem" in sentence(none)


def test_held_out_runs_share_their_seeds(make_config: Make, tmp_path: Path) -> None:
    config = make_config()
    cells = run_held_out(config, config.solver, tmp_path / "same")
    found = compare_held_out(cells)
    assert len(cells) == 8
    assert found.table["difference"].tolist() == [0.0, 0.0]


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


def test_the_page_survives_stars_and_bars(make_config: Make) -> None:
    config = make_config(solver={"solver": "atsa"}, parameters=("heuristic", "order"))
    found = compare_held_out(runs({"p|q*": ([0.3], [0.2]), "r": ([0.3], [0.1])}))
    tuned = {"heuristic": "memory*execution-time", "order": "arrival"}
    page = write_up(config, tuned, {"order": 0.75, "heuristic": 0.25}, found)
    assert "| heuristic | `memory` | `memory*execution-time` | 10 choices | 25 % |" in page
    assert r"| p\|q* | 30.000 | 20.000 | -10.000 |" in page
    assert "| mean | 30.000 | 15.000 | -15.000 |" in page


def test_results_of_a_whole_tuning(make_config: Make, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    config = make_config(trials=12)
    outcome = tune(config, tmp_path, report=lambda *step: seen.append(step))
    assert (outcome.running, seen[0], seen[-1]) == (0, ("trials", 0, 12), ("runs", 8, 8))
    names = {path.name for path in outcome.paths}
    assert names >= {"best.toml", "comparison.md", "comparison.csv", "trials.csv"}
    assert names >= {
        f"{n}.{s}" for n in ("history", "slices", "importance") for s in ("png", "pdf")
    }
    trials = pd.read_csv(tmp_path / "trials.csv")
    best = trials[trials["state"] == "complete"].nsmallest(1, "gap").iloc[0]
    solver = make_solver(str(tmp_path / "best.toml"))
    for name in config.space:
        assert getattr(solver, name) == best[f"params_{name}"]
    comparison = pd.read_csv(tmp_path / "comparison.csv")
    for row in comparison.itertuples():
        problem = load_problem(str(row.problem))
        for label, chosen in (("default", config.default), ("tuned", solver)):
            gaps = [
                solve(problem, chosen, stop=Evaluations(60), rng=_seeds(problem.digest, r)).gap
                for r in range(2)
            ]
            assert getattr(row, label) == pytest.approx(np.mean(gaps))
    before = {path: path.read_bytes() for path in outcome.paths}
    assert tune(config, tmp_path).page == outcome.page
    assert {path: path.read_bytes() for path in outcome.paths} == before


def _seeds(digest: str, repetition: int) -> np.random.SeedSequence:
    """Return the seeds of a sweep's cell."""
    return np.random.SeedSequence(3, spawn_key=(int(digest[:16], 16), repetition))


def test_a_solver_that_never_works(make_config: Make, tmp_path: Path, own_solver: str) -> None:
    search = {"broken": {"low": 0.6, "high": 0.9}}
    config = make_config(solver={"solver": own_solver}, search=search, trials=3)
    with pytest.raises(InputError, match="out of order"):
        tune(config, tmp_path / "out")


def test_a_default_that_stays_is_said(make_config: Make) -> None:
    config = make_config(parameters=("rho",))
    found = compare_held_out(runs({"p": ([0.3], [0.3]), "q": ([0.3], [0.3])}))
    assert "No trial was better" in write_up(config, {"rho": 0.5}, {}, found)
    assert "No trial was better" not in write_up(config, {"rho": 0.4}, {}, found)

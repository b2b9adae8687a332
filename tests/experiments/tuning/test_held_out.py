"""Default against tuned on held-out problems, and the page on it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.held_out import (
    HeldOutComparison,
    compare_held_out,
    run_held_out,
    sentence,
)
from edgeopt.experiments.tuning.results import write_up

Make = Callable[..., TuneConfig]


def runs(gaps: dict[str, tuple[list[float], list[float]]]) -> pd.DataFrame:
    """Return the cells of a sweep from default and tuned gaps by problem."""
    rows = [
        {"problem": problem, "solver": solver, "gap": gap}
        for problem, pair in gaps.items()
        for solver, values in zip(("default", "tuned"), pair, strict=True)
        for gap in values
    ]
    return pd.DataFrame(rows)


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


def test_the_page_survives_stars_and_bars(make_config: Make) -> None:
    config = make_config(solver={"solver": "atsa"}, parameters=("heuristic", "order"))
    found = compare_held_out(runs({"p|q*": ([0.3], [0.2]), "r": ([0.3], [0.1])}))
    tuned = {"heuristic": "memory*execution-time", "order": "arrival"}
    page = write_up(config, tuned, {"order": 0.75, "heuristic": 0.25}, found)
    assert "| heuristic | `memory` | `memory*execution-time` | 10 choices | 25 % |" in page
    assert r"| p\|q* | 30.000 | 20.000 | -10.000 |" in page
    assert "| mean | 30.000 | 15.000 | -15.000 |" in page


def test_a_default_that_stays_is_said(make_config: Make) -> None:
    config = make_config(parameters=("rho",))
    found = compare_held_out(runs({"p": ([0.3], [0.3]), "q": ([0.3], [0.3])}))
    assert "No trial was better" in write_up(config, {"rho": 0.5}, {}, found)
    assert "No trial was better" not in write_up(config, {"rho": 0.4}, {}, found)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            (12, -0.0123, -0.02, 0.0005, 0.031),
            "Tuned - default: -1.23 points of gap (95 % bootstrap interval -2 to +0.05; Wilcoxon "
            "signed-rank p = 0.031), mean over 12 held-out problems.",
        ),
        (
            (1, 0.05, np.nan, np.nan, 1.0),
            "Tuned - default: +5 points of gap, mean over 1 held-out problem.",
        ),
    ],
)
def test_the_outcome_in_a_line(found: tuple[int, float, float, float, float], text: str) -> None:
    assert sentence(HeldOutComparison(pd.DataFrame(), *found)) == text

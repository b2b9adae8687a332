"""Solvers at several budgets."""

import numpy as np
import pytest
from sweep_rows import failed, run, sweep

from edgeopt.experiments.statistics.anytime import compare_with, gaps_at_budgets
from edgeopt.experiments.sweep.figures.budgets import budgets_figure
from edgeopt.problems.errors import InputError

BUDGETS = np.array([0.05, 0.1, 1.0])


def races(problems=8):
    """One solver starts earlier, another ends better, a third is the second again."""
    rows = []
    for n in range(problems):
        late = [(1, 0.1, 140.0 + n), (9, 0.9, 105.0 + n / 8)]
        rows += [run("early", [(1, 0.01, 120.0 + n / 8)], problem=f"p{n}", status="finished")]
        rows += [run(name, late, problem=f"p{n}", status="stall") for name in ("late", "same")]
    return sweep(rows)


def test_gaps_by_hand():
    gaps = gaps_at_budgets(races(3), "seconds", BUDGETS)
    assert gaps[0.05]["early"].tolist() == pytest.approx([0.2, 0.20125, 0.2025])
    assert np.isinf(gaps[0.05]["late"]).all()
    assert gaps[0.1]["late"].tolist() == pytest.approx([0.4, 0.41, 0.42])
    assert gaps[1.0]["late"].tolist() == pytest.approx([0.05, 0.05125, 0.0525])


def test_repetitions_count_by_their_median():
    rows = [
        run("s", [(1, 0.01, makespan)], repetition=n, status="finished")
        for n, makespan in enumerate((110, 130, 190))
    ]
    assert gaps_at_budgets(sweep(rows), "seconds", BUDGETS)[1.0]["s"].tolist() == [0.3]


def test_the_better_one_changes_with_the_budget():
    tests = compare_with(gaps_at_budgets(races(), "seconds", BUDGETS), "late")
    exact = 2 * 0.5**8  # Wilcoxon's least p of 8 pairs
    assert tests.loc["early"].tolist() == pytest.approx([-2 * exact, -2 * exact, 2 * exact])
    assert tests.loc["same"].tolist() == [1, 1, 1]
    assert tests.loc["late"].tolist() == [1, 1, 1]


def test_bad_requests():
    gaps = gaps_at_budgets(races(2), "seconds", BUDGETS)
    with pytest.raises(InputError, match=r"^against: got 'nobody', must be one of early, late"):
        compare_with(gaps, "nobody")
    lonely = sweep([run("a", [(1, 0.1, 110.0)]), failed("b", problem="q")])
    with pytest.raises(InputError, match="with runs of every solver"):
        gaps_at_budgets(lonely, "seconds", BUDGETS[:2])
    with pytest.raises(InputError, match=r"^at: got '1 seconds', must be at most 0.1, the largest"):
        gaps_at_budgets(lonely, "seconds", BUDGETS)


def test_the_figure_has_a_line_for_each_solver():
    figure = budgets_figure(gaps_at_budgets(races(), "seconds", BUDGETS), "seconds")
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert lines.keys() == {"early", "late", "same"}
    assert lines["early"] == pytest.approx([20.375] * 3, rel=0.01)
    assert np.isinf(lines["late"][0])
    (title,) = {legend.get_title().get_text() for legend in figure.legends}
    assert title == "median and IQR of 8 problems"

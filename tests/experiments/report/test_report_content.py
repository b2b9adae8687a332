"""The content of the page: key figures, budgets, tests in words, choice of images."""

import itertools
import math

import pandas as pd
import pytest
from sweep_rows import analysis_of, failed, final, run, sweep

from edgeopt.experiments.report import content
from edgeopt.experiments.report.content import ReportPage, verdict
from edgeopt.experiments.statistics.comparison import compare_solvers

CLOSE = (
    "Friedman's test (p = 0.002) finds differences; Nemenyi's test at 5 % tells a apart from "
    "all others."
)
EASY = final({f"p{i}": {"a": [0.1], "b": [0.2 + i / 100], "c": [0.5]} for i in range(12)})


def page_of(cells: pd.DataFrame) -> ReportPage:
    """Return the page with numbers instead of images, which take long to draw."""
    numbers = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "svg_address", lambda draw: f"image {next(numbers)}")
        return content.make_report_page(analysis_of(cells))


@pytest.fixture(scope="module")
def page():
    """Return the page of a sweep over two problems, one of them without any schedule."""
    rows = [
        run("a", [(10, 0.5, 130.0), (2000, 1.5, 110.0)], problem="p"),
        run("b", [(3000, 2.5, 120.0)], problem="p"),
        run("c", [(3000, 2.5, 140.0)], problem="p"),
        *(run(name, [(9, 0.25, math.inf)], problem="q") for name in "ab"),
        failed("c", problem="q"),
    ]
    return page_of(sweep(rows))


def test_the_key_figures(page):
    assert page.facts == (
        ("problems", "2"),
        ("solvers", "3"),
        ("repetitions", "1"),
        ("runs", "6"),
        ("failed", "1"),
        ("budget of a run", "12,000 evaluations, 3 seconds"),
        ("time in solvers", "7 s"),
    )


def test_runs_are_compared_at_the_common_budget_of_their_problem(page):
    by_evaluations, by_seconds = page.panels
    assert by_evaluations.meaning.startswith(
        "Runs are compared after 9 to 2,000 evaluations, the most"
    )
    assert by_seconds.meaning.startswith("Runs are compared after 250 ms to 1.5 s, the most that ")
    assert by_seconds.meaning.endswith("what is found here holds for problems like these.")
    assert by_evaluations.verdict.startswith("a leads with an average rank of 1.50.")


def test_missing_runs_are_a_key_figure_and_the_budget_opens_the_page():
    cells = EASY.copy()
    cells.attrs |= {"missing": 3}
    page = page_of(cells)
    assert ("missing", "3") in page.facts
    assert page.axes == ("evaluations", "seconds")
    assert content._axes({"seconds": 2, "evaluations": 5}) == ("seconds", "evaluations")


def test_the_tests_are_told_with_their_numbers(page):
    test = compare_solvers(EASY).friedman
    (panel, _) = page_of(EASY).panels
    assert "Average ranks over 12 blocks" in panel.tests
    assert f"(critical difference {test.critical_difference:.2f})" in panel.tests
    assert "χ² = 24.00, 2 degrees of freedom, p < 0.001" in panel.tests
    assert "F = ∞, p < 0.001; Kendall's W = 1.00." in panel.tests
    assert panel.diagram.startswith("image")
    assert panel.cautions == ()
    assert page.panels[0].cautions


def test_problems_without_a_schedule_have_no_images(page):
    assert [[*images] for images in page.convergence.values()] == [["short p"], ["short p"]]
    assert page.left_out == 1
    assert len({image for images in page.convergence.values() for image in images.values()}) == 2


def test_few_problems_have_still_images():
    gaps = {f"p{i}": {"a": [0.1], "b": [0.2]} for i in range(14)}
    page = page_of(final(gaps))
    assert (len(page.convergence["seconds"]), page.left_out) == (12, 2)
    assert page.panels[0].diagram == ""  # two solvers have no diagram
    assert page.panels[0].tests == ""


def test_failures_are_listed_under_the_short_name(page):
    (failure,) = page.failures
    assert (failure.problem, failure.solver, failure.repetitions) == ("short q", "c", (0,))


def test_verdicts():
    assert verdict(compare_solvers(EASY)) == (
        "a leads with an average rank of 1.00. Friedman's test (p < 0.001) finds differences; "
        "Nemenyi's test at 5 % tells a apart from all others."
    )
    tied = final({f"p{i}": {"a": [0.1], "b": [0.1], "c": [0.1]} for i in range(12)})
    assert verdict(compare_solvers(tied)) == (
        "a, b and c lead with an average rank of 2.00. Friedman's test (p = 1.000) finds no "
        "difference between solvers at 5 %."
    )
    assert verdict(compare_solvers(final({"p": {"a": [0.1], "b": [0.2]}}))) == (
        "a leads with an average rank of 1.00."
    )
    close = final({f"p{i}": {"a": [0.1], "b": [0.11 - i % 2 / 50], "c": [9.0]} for i in range(8)})
    assert verdict(compare_solvers(close)).endswith("lead with an average rank of 1.50. " + CLOSE)

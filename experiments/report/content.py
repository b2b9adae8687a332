"""From the analysis to what the page shows."""

from __future__ import annotations

from experiments.best_known.standing import best_known_makespans
from experiments.report.analysis import Analysis
from experiments.report.convergence_panel import SCALES
from experiments.report.figures import convergence, figures, shown_problems
from experiments.report.formats import count, decimal, p_relation, seconds
from experiments.report.image import svg_address
from experiments.report.page import Convergence, ConvergencePanel, RankingPanel, Report
from experiments.report.problem_tables import UNIT_TEXTS, gap_table, running_time_table
from experiments.report.ranking_tables import pairs_table, ranking_table
from experiments.report.run_tables import failures, parameter_table, provenance_table
from experiments.report.verdict import verdict
from experiments.statistics.anytime import AXES, has_failed
from experiments.statistics.comparison import Comparison

MEANINGS = {
    "problems": "A block is a problem, scored by its median over repetitions: what is found here "
    "holds for problems like these.",
    "runs": "A block is one repetition on one problem: what is found here holds for these very "
    "problems, and tells the luck of the seed only.",
}


def make_report(analysis: Analysis) -> Report:
    """Return the content of the page, with all figures drawn."""
    cells, names = analysis.cells, analysis.problems
    provenance = analysis.description.get("provenance", {})
    drawings = figures(analysis)
    images = {n: svg_address(d) for n, d in drawings.items() if not n.startswith("convergence")}
    shown = shown_problems(analysis)
    return Report(
        name=analysis.name,
        facts=_facts(analysis),
        axes=AXES,
        units=analysis.units,
        scales=SCALES,
        panels=tuple(_panel(comparison, images) for comparison in analysis.comparisons),
        profiles={axis: images[f"profile-{axis}"] for axis in AXES},
        ecdfs={axis: images[f"ecdf-{axis}"] for axis in AXES},
        running_times={axis: running_time_table(cells, names, axis) for axis in AXES},
        convergence=tuple(_convergence(analysis, problem) for problem in shown),
        left_out=len(names) - len(shown),
        problems=gap_table(cells, names, best_known_makespans(names)),
        parameters=parameter_table(
            analysis.description["config"]["solvers"], provenance.get("edgeopt", "")
        ),
        provenance=provenance_table(analysis.description),
        failures=tuple(failures(cells, names)),
    )


def _facts(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    """Return the key figures."""
    cells, config = analysis.cells, analysis.description["config"]
    failed = int(has_failed(cells).sum())
    budget = ", ".join(f"{value:,} {name}" for name, value in config["budget"].items())
    return (
        ("problems", count(len(analysis.problems))),
        ("solvers", count(len(analysis.looks))),
        ("repetitions", count(cells["repetition"].nunique())),
        ("runs", count(len(cells))),
        ("failed", count(failed)),
        ("budget of a run", budget),
        ("time in solvers", seconds(float(cells["seconds"].sum()))),
    )


def _panel(comparison: Comparison, images: dict[str, str]) -> RankingPanel:
    """Return the ranking of one axis and unit."""
    return RankingPanel(
        axis=comparison.axis,
        unit=comparison.unit,
        verdict=verdict(comparison),
        meaning=f"{_budget(comparison)} {MEANINGS[comparison.unit]}",
        tests=_tests(comparison),
        cautions=comparison.cautions,
        ranking=ranking_table(comparison),
        pairs=pairs_table(comparison),
        diagram=images.get(f"ranks-{comparison.axis}-{comparison.unit}", ""),
    )


def _budget(comparison: Comparison) -> str:
    """Say at which cost the runs are compared."""
    budgets = comparison.budgets.dropna()
    if budgets.empty:
        return "No run has a trace."
    text = UNIT_TEXTS[comparison.axis]
    ends = list(dict.fromkeys((text(budgets.min()), text(budgets.max()))))
    unit = " evaluations" if comparison.axis == "evaluations" else ""
    return f"Runs are compared after {' to '.join(ends)}{unit}."


def _tests(comparison: Comparison) -> str:
    """Return Friedman's test and the critical difference in one line."""
    test = comparison.friedman
    if test is None:
        return ""
    return (
        f"Average ranks over {test.blocks} blocks; bars join solvers that Nemenyi's test does not "
        f"tell apart at {100 * test.alpha:g} % (critical difference "
        f"{decimal(test.critical_difference)}). Friedman: χ² = {decimal(test.chi2)}, "
        f"{test.solvers - 1} degrees of freedom, {p_relation(test.p)}; Iman and Davenport: "
        f"F = {decimal(test.f)}, {p_relation(test.f_p)}; Kendall's W = {decimal(test.kendall_w)}."
    )


def _convergence(analysis: Analysis, problem: str) -> Convergence:
    """Return the pictures of one problem."""
    panels = (
        ConvergencePanel(axis, scale, svg_address(convergence(analysis, problem, axis, scale)))
        for axis in AXES
        for scale in SCALES
    )
    return Convergence(analysis.problems[problem], tuple(panels))

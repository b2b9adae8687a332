"""The content of a report's page: texts, tables and images made from the analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeopt.experiments.best_known.standing import best_known_makespans
from edgeopt.experiments.report.adversary import AdversarySection
from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.report.chart_data import chart_json, curve_points
from edgeopt.experiments.report.figures import (
    convergence_name,
    report_figures,
    still_problems,
    svg_address,
)
from edgeopt.experiments.report.tables import (
    Failure,
    failures,
    gap_matrix,
    pairs_table,
    parameter_table,
    problem_table,
    provenance_table,
    ranking_table,
    running_time_table,
)
from edgeopt.experiments.statistics.anytime import AXES, has_failed
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.statistics.rank_tests import Friedman
from edgeopt.experiments.statistics.spending import own_axis
from edgeopt.experiments.sweep.places import spec_named
from edgeopt.experiments.text import ReportTable, count, decimal, joined, p_relation, seconds

_MEANINGS = {
    "problems": "A block is a problem, scored by its median over repetitions: what is found here "
    "holds for problems like these.",
    "runs": "A block is one repetition on one problem: what is found here holds for these very "
    "problems, and says only how much depends on the seed.",
}


@dataclass(frozen=True)
class RankingPanel:
    """The ranking at one equal cost and unit of replication.

    Attributes
    ----------
    axis, unit : str
        Positions of the switches that show it.
    verdict, meaning, tests : str
        Which solver leads, what this holds for, and what the tests say.
    cautions : tuple of str
        What to know before trusting the tests.
    ranking, pairs : ReportTable
        The numbers.
    diagram : str
        Address of the critical-difference diagram; empty if there is none.
    """

    axis: str
    unit: str
    verdict: str
    meaning: str
    tests: str
    cautions: tuple[str, ...]
    ranking: ReportTable
    pairs: ReportTable
    diagram: str


@dataclass(frozen=True)
class ReportPage:
    """The whole page as texts, tables and addresses of images.

    Attributes
    ----------
    name : str
        Name of the sweep.
    facts : tuple of (str, str)
        Key figures.
    axes, units : tuple of str
        Positions of the switches.
    panels : tuple of RankingPanel
        One for each axis and unit.
    profiles, ecdfs : dict of str
        Images by axis.
    running_times : dict of ReportTable
        Expected running times by axis.
    convergence : dict of dict of str
        Images by axis and short name of the problem, for paper and without JavaScript.
    left_out : int
        Number of problems without such an image.
    gaps, problems, parameters, provenance : ReportTable
        What was reached, what was run, and with what.
    failures : tuple of Failure
        Runs that failed.
    data : str
        What the charts show, as JSON that cannot end a script.
    points : int
        Number of costs at which curves of convergence are read.
    adversary : AdversarySection or None
        The worst instances of pairs of solvers, if there are some.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    axes: tuple[str, ...]
    units: tuple[str, ...]
    panels: tuple[RankingPanel, ...]
    profiles: dict[str, str]
    ecdfs: dict[str, str]
    running_times: dict[str, ReportTable]
    convergence: dict[str, dict[str, str]]
    left_out: int
    gaps: ReportTable
    problems: ReportTable
    parameters: ReportTable
    provenance: ReportTable
    failures: tuple[Failure, ...]
    data: str
    points: int
    adversary: AdversarySection | None = None


def make_report_page(analysis: Analysis, adversary: AdversarySection | None = None) -> ReportPage:
    """Draw all figures and return the page's content."""
    cells, names = analysis.cells, analysis.problems
    provenance = analysis.description.get("provenance", {})
    shown = still_problems(analysis)
    stills = {convergence_name(analysis, one, axis) for one in shown for axis in AXES}
    images = {
        name: svg_address(draw)
        for name, draw in report_figures(analysis).items()
        if name in stills or not name.startswith("convergence")
    }
    return ReportPage(
        name=analysis.name,
        facts=_facts(analysis),
        axes=_axes(analysis.description["config"]["budget"]),
        units=analysis.units,
        panels=tuple(_panel(comparison, images) for comparison in analysis.comparisons),
        profiles={axis: images[f"profile-{axis}"] for axis in AXES},
        ecdfs={axis: images[f"ecdf-{axis}"] for axis in AXES},
        running_times={axis: running_time_table(cells, names, axis) for axis in AXES},
        convergence={
            axis: {names[one]: images[convergence_name(analysis, one, axis)] for one in shown}
            for axis in AXES
        },
        left_out=len(names) - len(shown),
        gaps=gap_matrix(cells, names),
        problems=problem_table(
            cells, names, best_known_makespans({name: spec_named(cells, name) for name in names})
        ),
        parameters=parameter_table(
            analysis.description["config"]["solvers"], provenance.get("edgeopt", "")
        ),
        provenance=provenance_table(analysis.description),
        failures=tuple(failures(cells, names)),
        data=chart_json(analysis),
        points=curve_points(analysis),
        adversary=adversary,
    )


def _axes(budget: dict[str, Any]) -> tuple[str, ...]:
    """Return the axes, that of the budget first: the page opens with it."""
    own = own_axis(budget)
    return tuple(sorted(AXES, key=lambda axis: axis != own))


def _facts(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    """Return the key figures."""
    cells, config = analysis.cells, analysis.description["config"]
    failed = int(has_failed(cells).sum())
    budget = ", ".join(f"{value:,} {name}" for name, value in config["budget"].items())
    missing = cells.attrs.get("missing", 0)
    return (
        ("problems", count(len(analysis.problems))),
        ("solvers", count(len(analysis.solvers))),
        ("repetitions", count(cells["repetition"].nunique())),
        ("runs", count(len(cells))),
        ("failed", count(failed)),
        *([("missing", count(missing))] if missing else []),
        ("budget of a run", budget),
        ("time in solvers", seconds(float(cells["seconds"].sum()))),
    )


def _panel(comparison: Comparison, images: dict[str, str]) -> RankingPanel:
    """Return the ranking of one axis and unit."""
    return RankingPanel(
        axis=comparison.axis,
        unit=comparison.unit,
        verdict=verdict(comparison),
        meaning=f"{comparison.cut} {_MEANINGS[comparison.unit]}",
        tests=_tests(comparison),
        cautions=comparison.cautions,
        ranking=ranking_table(comparison),
        pairs=pairs_table(comparison),
        diagram=images.get(f"ranks-{comparison.axis}-{comparison.unit}", ""),
    )


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


# The ranking in words.


def verdict(comparison: Comparison) -> str:
    """Say which solver leads, and from which others the tests tell it apart."""
    if not (comparison.blocks < float("inf")).any(axis=None):
        return "There is nothing to compare: no solver has a finite gap."
    ranks = comparison.ranking["rank"]
    leaders = [str(name) for name in ranks.index[ranks == ranks.min()]]
    verb = "leads" if len(leaders) == 1 else "lead"
    text = f"{joined(leaders)} {verb} with an average rank of {decimal(ranks.min())}."
    if comparison.friedman is None:
        return text
    return f"{text} {_tested(comparison, comparison.friedman, leaders)}"


def _tested(comparison: Comparison, test: Friedman, leaders: list[str]) -> str:
    """Say what Friedman's and Nemenyi's tests find."""
    level = f"{100 * test.alpha:g} %"
    omnibus = f"Friedman's test ({p_relation(test.p)})"
    if test.p >= test.alpha:
        return f"{omnibus} finds no difference between solvers at {level}."
    pairs = comparison.pairs
    others = pairs[(pairs["first"] == leaders[0]) & ~pairs["second"].isin(leaders)]
    apart = [str(name) for name in others["second"][others["nemenyi"] < test.alpha]]
    separated = f"Nemenyi's test at {level} tells {leaders[0]} apart from"
    return f"{omnibus} finds differences; {separated} {_these(apart, len(others))}."


def _these(apart: list[str], others: int) -> str:
    """Name the solvers that are told apart."""
    if not apart:
        return "no other"
    if len(apart) == others:
        return "all others"
    return f"{len(apart)} of {others} others: {joined(apart)}"

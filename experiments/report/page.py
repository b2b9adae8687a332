"""Put the report into its page."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from edgeopt.experiments.best_known.standing import best_known_makespans
from edgeopt.experiments.report.analysis import Analysis, analyse
from edgeopt.experiments.report.figures import (
    SCALES,
    convergence,
    figures,
    shown_problems,
    svg_address,
    write_pdf,
)
from edgeopt.experiments.report.tables import (
    UNIT_TEXTS,
    Failure,
    failures,
    gap_table,
    pairs_table,
    parameter_table,
    provenance_table,
    ranking_table,
    running_time_table,
)
from edgeopt.experiments.statistics.anytime import AXES, has_failed
from edgeopt.experiments.statistics.comparison import Comparison
from edgeopt.experiments.statistics.tests import EXTRA, Friedman
from edgeopt.experiments.text import Table, count, decimal, latex_table, p_relation, seconds
from edgeopt.problems.errors import InputError
from edgeopt.problems.extras import import_extra
from edgeopt.problems.files import write_atomically


@dataclass(frozen=True)
class RankingPanel:
    """The ranking at one equal cost and unit of replication.

    Attributes
    ----------
    axis, unit : str
        When it is shown.
    verdict, meaning, tests : str
        Who leads; for what it holds; what the tests are.
    cautions : tuple of str
        What to know before trusting them.
    ranking, pairs : Table
        The numbers.
    diagram : str
        Address of the critical-difference diagram, empty where there is none.
    """

    axis: str
    unit: str
    verdict: str
    meaning: str
    tests: str
    cautions: tuple[str, ...]
    ranking: Table
    pairs: Table
    diagram: str


@dataclass(frozen=True)
class ConvergencePanel:
    """One picture of a problem's convergence, and when it is shown."""

    axis: str
    scale: str
    image: str


@dataclass(frozen=True)
class Convergence:
    """All pictures of one problem's convergence."""

    name: str
    panels: tuple[ConvergencePanel, ...]


@dataclass(frozen=True)
class ReportPage:
    """All that the page shows, as text, tables and addresses of images.

    Attributes
    ----------
    name : str
        Of the sweep.
    facts : tuple of (str, str)
        Key figures.
    axes, units, scales : tuple of str
        Choices of the switches.
    panels : tuple of RankingPanel
        For each axis and unit.
    profiles, ecdfs : dict of str
        Images by axis.
    running_times : dict of Table
        By axis.
    convergence : tuple of Convergence
        By problem.
    left_out : int
        Problems without pictures.
    problems, parameters, provenance : Table
        What was run and reached.
    failures : tuple of Failure
        What went wrong.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    axes: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[str, ...]
    panels: tuple[RankingPanel, ...]
    profiles: dict[str, str]
    ecdfs: dict[str, str]
    running_times: dict[str, Table]
    convergence: tuple[Convergence, ...]
    left_out: int
    problems: Table
    parameters: Table
    provenance: Table
    failures: tuple[Failure, ...]


def render(report: ReportPage) -> str:
    """Return the page: one HTML document that loads nothing and runs only its own script.

    Every text is escaped. A content security policy names the hashes of the one style sheet and
    the one script, so that a browser would refuse any other.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    jinja = import_extra("jinja2", EXTRA)
    environment = jinja.Environment(
        autoescape=True, undefined=jinja.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = _file("report.css"), _file("report.js")
    page: str = environment.from_string(_file("report.html")).render(
        report=report,
        style=jinja.utils.markupsafe.Markup(style),
        script=jinja.utils.markupsafe.Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.lstrip()


def _file(name: str) -> str:
    """Return a file of the template."""
    return (resources.files("edgeopt.experiments.report") / "template" / name).read_text(
        encoding="utf-8"
    )


def _hash(text: str) -> str:
    """Return the hash by which a content security policy knows a style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# From the analysis to what the page shows.

MEANINGS = {
    "problems": "A block is a problem, scored by its median over repetitions: what is found here "
    "holds for problems like these.",
    "runs": "A block is one repetition on one problem: what is found here holds for these very "
    "problems, and tells the luck of the seed only.",
}


def make_report(analysis: Analysis) -> ReportPage:
    """Return the content of the page, with all figures drawn."""
    cells, names = analysis.cells, analysis.problems
    provenance = analysis.description.get("provenance", {})
    drawings = figures(analysis)
    images = {n: svg_address(d) for n, d in drawings.items() if not n.startswith("convergence")}
    shown = shown_problems(analysis)
    return ReportPage(
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


# The ranking in words.


def verdict(comparison: Comparison) -> str:
    """Return who leads, and from whom the tests tell the leader apart."""
    ranks = comparison.ranking["rank"]
    leaders = [str(name) for name in ranks.index[ranks == ranks.min()]]
    verb = "leads" if len(leaders) == 1 else "lead"
    text = f"{_joined(leaders)} {verb} with an average rank of {decimal(ranks.min())}."
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
    return f"{len(apart)} of {others} others: {_joined(apart)}"


def _joined(names: list[str]) -> str:
    """Return names with commas and an and."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


# Write the report of a sweep, and beside it what a paper needs.


def write_report(folder: str | Path, out: str | Path | None = None) -> list[Path]:
    """Write ``report.html``, and LaTeX tables and PDF figures into a folder beside it.

    Parameters
    ----------
    folder : str or Path
        Output of a sweep.
    out : str or Path, optional
        The HTML file; the other files go to the folder of the same name without suffix. By
        default ``report.html`` in `folder`.

    Returns
    -------
    list of Path
        The files written, the HTML file first.

    Raises
    ------
    InputError
        If the folder holds no sweep, a package is missing, or a file cannot be written.

    Examples
    --------
    See `run_sweep`, whose folder it takes.
    """
    folder = Path(folder)
    page = Path(out) if out is not None else folder / "report.html"
    if page.suffix != ".html":
        raise InputError("--out", str(page), "a file name that ends in .html")
    if not page.absolute().parent.is_dir():
        raise InputError("--out", str(page), "in an existing folder")
    analysis = analyse(folder)
    report = make_report(analysis)
    write_atomically(page, render(report).encode())
    paper = _new_folder(page.with_suffix(""))
    tables = [table for panel in report.panels for table in (panel.ranking, panel.pairs)]
    tables += [*report.running_times.values(), report.problems, report.parameters]
    files = [page]
    for table in tables:
        files.append(paper / f"{table.name}.tex")
        write_atomically(files[-1], latex_table(table).encode())
    files += [write_pdf(draw, paper / f"{name}.pdf") for name, draw in figures(analysis).items()]
    return files


def _new_folder(path: Path) -> Path:
    """Return the folder, made if it does not exist."""
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(path), f"a folder that can be made ({error})") from None
    return path

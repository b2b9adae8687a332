"""Put the report into its page."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources

from experiments.report.run_tables import Failure
from experiments.report.table import Table
from experiments.statistics.posthoc import EXTRA
from problems.extras import import_extra


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
class Report:
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


def render(report: Report) -> str:
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
    return (resources.files("experiments.report") / "template" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a content security policy knows a style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

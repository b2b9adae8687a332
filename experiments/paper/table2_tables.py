"""The tables about Table 2."""

from __future__ import annotations

from experiments.paper.comparison import COMPARISONS
from experiments.paper.markdown import measured_text, number_text
from experiments.paper.outcome import Measured, Table
from experiments.paper.simulated import Simulated
from experiments.paper.table2_scan import Case, parameters_of

Found = dict[str, Measured]


def scheme_table(simulated: Simulated, stream: str, nodes: int) -> Table:
    """Return delay and energy of every scheme."""
    rows = []
    for scheme in dict.fromkeys(scheme for _, scheme in simulated.runs):
        delay, energy, upload = (
            measured_text(simulated.mean(stream, nodes, scheme, name).scaled(factor, ""))
            for name, factor in (("delay_mean_s", 1e3), ("energy_j", 1.0), ("upload_bytes", 1e-3))
        )
        rows.append((scheme, delay, energy, upload))
    columns = ("scheme", "delay, ms", "energy, J a task", "upload, kB a task")
    return Table(f"{nodes} nodes, mean and interval of 95 %", columns, tuple(rows))


def difference_table(found: Found, as_printed: Found, paper: dict[str, dict[str, float]]) -> Table:
    """Return the differences beside the paper's."""
    rows = []
    for name in COMPARISONS:
        measure, _, rival = name.partition("_against_")
        numbers = (f"{paper[measure][rival]}", *(_plain(one[name]) for one in (found, as_printed)))
        rows.append((name.replace("_", " "), *numbers))
    columns = ("framework", "the paper, %", "corrected, %", "as printed, %")
    return Table("Difference of the framework from its rivals", columns, tuple(rows))


def _plain(measured: Measured) -> str:
    """Return a number with its interval alone."""
    return measured_text(measured._replace(p=None, unit="", test=""))


def scan_table(cases: list[Case]) -> Table:
    """Return in which share of the settings the framework is less, by each parameter's value."""
    chosen = [*((name,) for name in COMPARISONS), COMPARISONS]
    rows = [("all settings", *_shares(cases, chosen))]
    for parameter, values in parameters_of(cases).items():
        for value in values:
            part = [case for case in cases if case.setting[parameter] == value]
            rows.append((f"{parameter}: {value}", *_shares(part, chosen)))
    columns = ("setting", *(name.replace("_", " ") for name in COMPARISONS), "all four")
    title = "Scan: share of the settings in which the framework has significantly less, %"
    return Table(title, columns, tuple(rows))


def _shares(cases: list[Case], chosen: list[tuple[str, ...]]) -> list[str]:
    """Return the share of cases that are less in each choice of comparisons, %."""
    counts = (sum(case.is_less(*names) for case in cases) for names in chosen)
    return [number_text(round(100.0 * count / len(cases), 1)) for count in counts]

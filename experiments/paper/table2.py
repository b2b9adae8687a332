"""Table 2: delay and energy against B-Net and MASM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition, Outcome, Table, measured_text
from edgeopt.experiments.paper.simulated import (
    Simulated,
    run_simulations,
    shorten_simulation,
    write_summary,
)
from edgeopt.experiments.paper.table2_scan import (
    COMPARISONS,
    LESS,
    MEASURES,
    MOST_LOAD,
    OURS,
    RIVALS,
    Case,
    compare_with_paper,
    describe_setting,
    parameters_of,
    run_scan,
    write_scan,
)
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.simulation.figures import pool_figure
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import COLOURS, paper_style, save_figure
from edgeopt.experiments.text import significant
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.systems.presets import device_preset

if TYPE_CHECKING:
    from matplotlib.figure import Figure


STREAM = "poisson"

ALL_FOUR = "all_four"

_FIELDS = (
    *("nodes", "cut", "delay_ms", "energy_j", "delay_percent", "energy_percent"),
    *("quick", "full", "scan"),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Simulate the schemes as corrected and as printed, and scan what is open; see `parts.Run`."""
    path = PAPER_FOLDER / "table2.toml"
    table = read_toml(path)
    check_fields(path, table, _FIELDS, _FIELDS)
    size = "quick" if quick else "full"
    configs = [
        shorten_simulation(read_simulation(PAPER_FOLDER / f"table2_{name}.toml"), **table[size])
        for name in ("schemes", "printed")
    ]
    corrected, printed = run_simulations(configs, work, jobs)
    cases = run_scan(configs[0], table, table["scan"][size], work, jobs)
    write_summary(corrected, out)
    write_scan(cases, out / "scan.csv")
    paper = {measure: table[f"{measure}_percent"] for measure in ("delay", "energy")}
    with paper_style():
        save_figure(pool_figure(corrected.summary), out, "pools")
        save_figure(scan_figure(cases, paper), out, "scan")
    names = {rival: rival for rival in RIVALS}
    found, as_printed = (
        compare_with_paper(one, STREAM, table["nodes"], names) for one in (corrected, printed)
    )
    return Outcome(
        values={
            **found,
            **{f"{name}_as_printed": one for name, one in as_printed.items()},
            **_absolute(corrected, table),
        },
        conditions=_conditions(as_printed, cases),
        tables=(
            scheme_table(corrected, STREAM, table["nodes"]),
            difference_table(found, as_printed, paper),
            scan_table(cases),
        ),
        figures=("pools.png", "scan.png"),
        assumptions=_ASSUMPTIONS,
    )


_ASSUMPTIONS = (
    "Ten Jetson TX2, 30 tasks a second, a link of 1 Gbit/s with a round trip of 20 ms, and the "
    "fitted memory of Table 1; the terminal's upload, the same for all, is left out.",
    "B-Net: branches behind cuts 7 and 15 at which 40 % and 20 % of the tasks leave, cut where its "
    "expected delay is least. MASM: our reconstruction from its abstract. The paper gives no "
    "settings for either.",
    "MASM and edge only run although the network does not fit into the fitted memory.",
    "Energy is that of the nodes while they work, (18)-(20).",
    "In the scan every scheme meets every combination of the values in its table; the cut stays "
    f"20. One counts only if no scheme loads a node or the link by {100 * MOST_LOAD:g} % or more. "
    "p-values are times four (Bonferroni), for four comparisons; they are not corrected for "
    "the number of settings, whose shares are a description and no test. Where B-Net runs in the "
    "cloud alone its nodes take no energy, and there is no difference in per cent.",
)


def _absolute(simulated: Simulated, table: dict[str, Any]) -> Found:
    """Return delay and energy of a task, and what the paper's own numbers imply."""
    delay = simulated.mean(STREAM, table["nodes"], OURS, "delay_mean_s")
    energy = simulated.mean(STREAM, table["nodes"], OURS, "energy_j")
    power_w = table["energy_j"] / (1e-3 * table["delay_ms"]) / table["nodes"]
    boards = [device_preset(name) for name in table["scan"]["settings"]["device"]]
    largest_w = max(
        board["static_power_w"] + board["omega"] * board["flops"] ** 2 for board in boards
    )
    return {
        "delay_of_a_task": delay.scaled(1e3, "ms"),
        "energy_of_a_task": energy.scaled(1.0, "J"),
        "power_of_a_node": Measured(power_w, unit="W"),
        "that_over_the_largest_board": Measured(power_w / largest_w),
        "tasks_that_take_that_energy": Measured(table["energy_j"] / energy.value),
    }


def _conditions(as_printed: Found, cases: list[Case]) -> dict[str, Condition]:
    """Return where each comparison, and all four at once, come out as in the paper."""
    chosen = {name: (name,) for name in COMPARISONS} | {ALL_FOUR: COMPARISONS}
    conditions = {}
    for name, parts in chosen.items():
        places = [describe_setting(cases, *parts)]
        if all(LESS.holds(as_printed[part]) for part in parts):
            places.insert(0, "the equations are read as printed, units included")
        words = ", or ".join(place for place in places if place)
        conditions[name] = Condition(words, bool(words))
    return conditions


# What the scan of Table 2 comes to.

_TITLES = {"bnet": "B-Net", "masm": "MASM"}

_LINEAR = 20.0  # per cent around 0 in which the axis is linear


def scan_figure(cases: list[Case], paper: dict[str, dict[str, float]]) -> Figure:
    """Draw by how much delay and energy of the framework differ from its rivals', sorted.

    Parameters
    ----------
    cases : list of Case
        The scan.
    paper : dict
        The paper's differences in per cent, by measure and rival.
    """
    from matplotlib.figure import Figure

    share = 100.0 * (np.arange(len(cases)) + 0.5) / len(cases)
    figure = Figure(figsize=(6.3, 3.0))
    for axes, measure in zip(figure.subplots(1, len(MEASURES)), MEASURES, strict=True):
        for rival, colour in zip(RIVALS, COLOURS, strict=False):
            values = sorted(case.found[f"{measure}_against_{rival}"].value for case in cases)
            axes.plot(share, values, color=colour, label=f"against {_TITLES[rival]}")
            label = f"the paper, {_TITLES[rival]}"
            axes.axhline(paper[measure][rival], color=colour, ls=":", lw=1.0, label=label)
        axes.axhline(0.0, color="black", lw=0.6)
        axes.set_yscale("symlog", linthresh=_LINEAR)
        axes.set_xlabel("settings of the scan, sorted [%]")
        axes.set_ylabel(f"{measure}, difference [%]")
    lines, labels = axes.get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper center", ncols=4)
    return figure


# The tables about Table 2.

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
    return [significant(round(100.0 * count / len(cases), 1)) for count in counts]

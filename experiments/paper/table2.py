"""Table 2: delay and energy by the number of nodes, and against B-Net and MASM."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.experiments.paper.claims import Rule
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition, Outcome, Table, measured_text
from edgeopt.experiments.paper.simulated import (
    Simulated,
    relative_percent,
    relative_ratio,
    run_simulations,
    shorten_simulation,
    write_summary,
)
from edgeopt.experiments.simulation.config import read_simulation
from edgeopt.experiments.simulation.figures import pool_figure
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.systems.load import device_preset

STREAM = "poisson"

OURS = "collaborative"

_RIVALS = ("bnet", "masm")

_MEASURES = {"delay": "delay_mean_s", "energy": "energy_j"}

COMPARISONS = tuple(f"{measure}_against_{rival}" for measure in _MEASURES for rival in _RIVALS)
"""Names of the four comparisons."""

ALL_FOUR = "all_four"

LESS = Rule(high=0.0)

Numbers = dict[str, Measured]

_FIELDS = ("nodes", "pools", "boards", "delay_percent", "energy_percent", "quick", "full")

_ASSUMPTIONS = (
    "Ten Jetson TX2, 30 tasks a second, a link of 1 Gbit/s with a round trip of 20 ms, and the "
    "fitted memory of Table 1; the terminal's upload, the same for all, is left out.",
    "B-Net: branches after cuts 7 and 15 at which 40 % and 20 % of the tasks leave, cut where its "
    "expected delay is least. MASM: our reconstruction from its abstract. The paper gives no "
    "settings for either.",
    "MASM and edge only run although the network does not fit into the fitted memory; B-Net's "
    "cut heeds it here, but not in the search.",
    "Energy is that of the nodes while they work, (18)-(20).",
    "p-values are times four (Bonferroni), for four comparisons.",
)


class Line(NamedTuple):
    """The paper's delays over the work before its cuts: slope, and distance of the farthest."""

    s_per_mac: float
    farthest_s: float


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Simulate the schemes as corrected and as printed; see `RunPart`."""
    path = PAPER_FOLDER / "table2.toml"
    table = read_toml(path)
    check_fields(path, table, _FIELDS, _FIELDS)
    size = "quick" if quick else "full"
    configs = [
        shorten_simulation(read_simulation(PAPER_FOLDER / f"table2_{name}.toml"), **table[size])
        for name in ("schemes", "printed")
    ]
    corrected, printed = run_simulations(configs, work, jobs)
    write_summary(corrected, out)
    with paper_style():
        save_figure(pool_figure(corrected.summary), out, "pools")
    names = {rival: rival for rival in _RIVALS}
    found, as_printed = (
        compare_with_paper(one, STREAM, table["nodes"], names) for one in (corrected, printed)
    )
    paper = {measure: table[f"{measure}_percent"] for measure in ("delay", "energy")}
    return Outcome(
        values={
            **found,
            **{f"{name}_as_printed": one for name, one in as_printed.items()},
            **_by_nodes(corrected, table),
            **_of_the_line(line_of(table)),
        },
        conditions=_conditions(as_printed),
        tables=(
            scheme_table(corrected, STREAM, table["nodes"]),
            difference_table(found, as_printed, paper),
        ),
        figures=("pools.png",),
        assumptions=_ASSUMPTIONS,
    )


def compare_with_paper(
    simulated: Simulated, stream: str, nodes: int, rivals: dict[str, str]
) -> dict[str, Measured]:
    """Return by how much the framework's delay and energy are larger than its rivals', in per cent.

    Parameters
    ----------
    simulated : Simulated
        The runs.
    stream : str
        Name of the stream.
    nodes : int
        Size of the pool.
    rivals : dict
        Label of the scheme of each rival.

    Returns
    -------
    dict
        By `COMPARISONS`, p-values times their number (Bonferroni).
    """
    found = {}
    for name, measure in _MEASURES.items():
        ours = simulated.values(stream, nodes, OURS, measure)
        for rival, label in rivals.items():
            percent = relative_percent(ours, simulated.values(stream, nodes, label, measure))
            found[f"{name}_against_{rival}"] = _corrected(percent)
    return found


def _corrected(measured: Measured) -> Measured:
    """Return the number with its p-value corrected for all comparisons."""
    if measured.p is None:
        return measured
    return measured._replace(p=min(1.0, len(COMPARISONS) * measured.p))


def line_of(table: dict[str, Any]) -> Line:
    """Return the line through the paper's delays over the work Z^j before Table 1's cuts."""
    network = load_network("resnet34")
    work = network.edge_macs[[pool["cut"] for pool in table["pools"].values()]]
    delay = 1e-3 * np.array([pool["delay_ms"] for pool in table["pools"].values()])
    # A node that computes without waiting has a delay affine in its work.
    slope, start = np.polyfit(work, delay, 1)
    return Line(float(slope), float(np.abs(start + slope * work - delay).max()))


def _of_the_line(line: Line) -> Numbers:
    """Return distance and slope of the line; a MAC is two FLOP."""
    return {
        "largest_distance_from_the_line": Measured(1e3 * line.farthest_s, unit="ms"),
        "slope_of_the_line": Measured(1e12 * line.s_per_mac, unit="ms/GMAC"),
        "speed_that_the_slope_is": Measured(2e-9 / line.s_per_mac, unit="GFLOP/s"),
    }


def _by_nodes(simulated: Simulated, table: dict[str, Any]) -> Numbers:
    """Return delay and energy of a task on each pool, and the power that the paper's imply."""
    largest_w = max(_power_w(device_preset(name)) for name in table["boards"])
    found: Numbers = {}
    for name, row in table["pools"].items():
        nodes = int(name)
        delay = simulated.mean(STREAM, nodes, OURS, "delay_mean_s").scaled(1e3, "ms")
        energy = simulated.mean(STREAM, nodes, OURS, "energy_j").scaled(1.0, "J")
        # Energy over delay is a power only if both belong to one task, which a claim tests.
        power_w = row["energy_j"] / (1e-3 * row["delay_ms"]) / nodes
        found |= {
            f"delay_of_a_task_{name}": delay,
            f"energy_of_a_task_{name}": energy,
            f"delay_{name}_off_the_papers": _off(delay, row["delay_ms"]),
            f"power_of_a_node_{name}": Measured(power_w, unit="W"),
            f"that_over_the_largest_board_{name}": Measured(power_w / largest_w),
            f"tasks_that_take_that_energy_{name}": Measured(row["energy_j"] / energy.value),
        }
    for fewer, more in pairwise(map(int, table["pools"])):
        for title, measure in (("delay", "delay_mean_s"), ("energy", "energy_j")):
            values = (simulated.values(STREAM, nodes, OURS, measure) for nodes in (more, fewer))
            found[f"{title}_{more}_over_{fewer}"] = relative_ratio(*values)
    return found


def _off(delay: Measured, paper_ms: float) -> Measured:
    """Return by how many per cent a delay is above the paper's."""
    value, low, high = (100.0 * (end / paper_ms - 1.0) for end in (delay.value, *delay.limits))
    return Measured(value, low, high, unit="%")


def _power_w(board: dict[str, Any]) -> float:
    """Return the power of a board that computes at full speed (18, 19)."""
    return float(board["static_power_w"] + board["omega"] * board["flops"] ** 2)


def _conditions(as_printed: Numbers) -> dict[str, Condition]:
    """Return the comparisons that hold with the equations to the letter."""
    chosen = {name: (name,) for name in COMPARISONS} | {ALL_FOUR: COMPARISONS}
    words = "the equations are read as printed, units included"
    return {
        name: Condition(words, all(LESS.holds(as_printed[part]) for part in parts))
        for name, parts in chosen.items()
    }


# The tables of the page.


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


def difference_table(
    found: Numbers, as_printed: Numbers, paper: dict[str, dict[str, float]]
) -> Table:
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

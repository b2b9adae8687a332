"""Table 2: delay and energy against B-Net and MASM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.framework.config import read_simulation
from experiments.paper.comparison import COMPARISONS, OURS, RIVALS, compare
from experiments.paper.outcome import Condition, Measured, Outcome
from experiments.paper.parts import FOLDER
from experiments.paper.simulated import Simulated, run_simulations, shorten, write_summary
from experiments.paper.table2_figure import scan_figure
from experiments.paper.table2_scan import (
    LESS,
    MOST_LOAD,
    Case,
    describe,
    run_scan,
    write_scan,
)
from experiments.paper.table2_tables import Found, difference_table, scan_table, scheme_table
from experiments.plots.simulated_pools import pool_figure
from experiments.plots.style import paper_style, save_figure
from experiments.toml_file import check_fields, read_toml
from problems.offloading.presets import device_preset

STREAM = "poisson"
ALL_FOUR = "all_four"
_FIELDS = (
    *("nodes", "cut", "delay_ms", "energy_j", "delay_percent", "energy_percent"),
    *("quick", "full", "scan"),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Simulate the schemes as corrected and as printed, and scan what is open; see `parts.Run`."""
    path = FOLDER / "table2.toml"
    table = read_toml(path)
    check_fields(path, table, _FIELDS, _FIELDS)
    size = "quick" if quick else "full"
    configs = [
        shorten(read_simulation(FOLDER / f"table2_{name}.toml"), **table[size])
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
        compare(one, STREAM, table["nodes"], names) for one in (corrected, printed)
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
        places = [describe(cases, *parts)]
        if all(LESS.holds(as_printed[part]) for part in parts):
            places.insert(0, "the equations are read as printed, units included")
        words = ", or ".join(place for place in places if place)
        conditions[name] = Condition(words, bool(words))
    return conditions

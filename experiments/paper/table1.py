"""Table 1: the cut by the number of nodes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgeopt.experiments.paper.outcome import MIB, PAPER_FOLDER, Condition, Outcome, Table
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import line_styles, paper_style, save_figure
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.equations import edge_memory_bytes
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED, chosen_reading
from edgeopt.problems.systems.load import device_preset, load_system
from edgeopt.problems.systems.system import System

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Make Table 1 with the fitted memory, and without; see `RunPart`. Nothing is random."""
    table = read_table1(PAPER_FOLDER / "table1.toml")
    fitted = fitted_cuts(table)
    boards = {device: board_cuts(table, device) for device in table.devices}
    ranges = {name: memory_range(table, name) for name in ("all", "chain")}
    with paper_style():
        save_figure(cut_figure(table, ranges["all"]), out, "cuts")
    return Outcome(
        values=_values(table, fitted, boards, ranges),
        conditions={
            "fitted_memory": _fitted(table, fitted, ranges),
            "pool_limits": _pool_limits(table),
        },
        tables=(_cut_table(table, fitted, boards),),
        figures=("cuts.png",),
        assumptions=_assumptions(table),
        findings=(
            "Table 1 and its text need opposite assumptions: a memory that the nodes share makes "
            "the cut shallower with every node, a load that they share makes it deeper.",
        ),
    )


def _values(
    table: Table1,
    fitted: list[int],
    boards: dict[str, list[int]],
    ranges: dict[str, MemoryRange],
) -> dict[str, Measured]:
    """Return how many of the paper's cuts are met, and the memories that give all of them."""
    best = max(_matches(table, cuts) for cuts in boards.values())
    ends = {
        f"total_memory_{end}_{name}_parameters": Measured(getattr(fits, end), unit="MiB")
        for name, fits in ranges.items()
        for end in ("low", "high")
    }
    return {
        "cuts_right_without_fit": Measured(best, unit=f"of {len(table.cuts)}"),
        "cuts_right_with_fit": Measured(_matches(table, fitted), unit=f"of {len(table.cuts)}"),
        "layers_gained_by_more_nodes": Measured(fitted[-1] - fitted[0]),
        **ends,
    }


def _matches(table: Table1, cuts: list[int]) -> int:
    """Return how many cuts are the paper's."""
    return sum(cut == wanted for cut, wanted in zip(cuts, table.cuts, strict=True))


def _fitted(table: Table1, fitted: list[int], ranges: dict[str, MemoryRange]) -> Condition:
    """Return the range of the fitted memory."""
    every, chain = ranges["all"], ranges["chain"]
    words = (
        "the nodes share one total memory, fitted to the table: "
        f"{every.low:.2f} to {every.high:.2f} MiB ({chain.low:.2f} to {chain.high:.2f} MiB with "
        "the parameters of the counted layers alone); boards with memories of their own "
        "do not give it"
    )
    return Condition(words, fitted == table.cuts and every.low < every.high)


def _pool_limits(table: Table1) -> Condition:
    """Return the boards and loads for which more nodes with own memory give deeper cuts."""
    cuts = {
        (device, hz): board_cuts(table, device, hz)
        for device, hz in product(table.devices, table.arrival_hz)
    }
    found = [
        f"{device} at {hz:g} tasks/s ({', '.join(map(str, some))})"
        for (device, hz), some in cuts.items()
        if some == sorted(some) and some[0] < some[-1]
    ]
    words = (
        "every node has its own memory and the load, not the memory, keeps the cut back: "
        + "; ".join(found)
    )
    return Condition(words, bool(found))


def _cut_table(table: Table1, fitted: list[int], boards: dict[str, list[int]]) -> Table:
    """Return the table of cuts."""
    rows = {"the paper": table.cuts, "fitted total memory": fitted}
    rows |= {f"{device}, own memory": cuts for device, cuts in boards.items()}
    return Table(
        title="Layers on the edge",
        columns=("", *(f"{nodes} nodes" for nodes in table.nodes)),
        rows=tuple((name, *map(str, cuts)) for name, cuts in rows.items()),
    )


def _assumptions(table: Table1) -> tuple[str, ...]:
    """Return the choices made."""
    pool = load_system(table.system).pool
    total = pool.smallest_memory_bytes * pool.nodes / MIB
    return (
        f"**One parameter is fitted to this table**: the nodes share {total:.0f} MiB equally, "
        f"P_0 = {total:.0f} MiB / x, of which lambda_0 = {pool.memory_share:g} is used; only the "
        "product matters.",
        "float32, the max-pool's output counted; speeds, rates, deadline and budgets are chosen "
        "so that they do not bind (`problems/systems/presets/table1.toml`).",
    )


# The cuts of Table 1 with the fitted memory, with that of real boards, and under load.

ENERGY_BUDGET_J = 1e6  # of a node and period, as in the preset `table1`: it does not bind


class MemoryRange(NamedTuple):
    """Total memories in MiB, from `low` on and below `high`, that give all of the paper's cuts."""

    low: float
    high: float


class Table1(NamedTuple):
    """What Table 1 is made from: the network, the system's name, and the paper's cuts.

    Attributes
    ----------
    profile : Profile
        The network.
    system : str
        For `load_system`.
    nodes, cuts : list of int
        Pool sizes and the paper's cuts.
    devices : list of str
        Real boards that are tried without the fit.
    arrival_hz : list of float
        Loads that are tried with them, 1/s.
    """

    profile: Profile
    system: str
    nodes: list[int]
    cuts: list[int]
    devices: list[str]
    arrival_hz: list[float]


def read_table1(path: Path) -> Table1:
    """Read the configuration.

    Raises
    ------
    InputError
        If a field is missing or unknown, or there is no such network.
    """
    fields = ("network", "system", "nodes", "cuts", "devices", "arrival_hz")
    table = read_toml(path)
    check_fields(path, table, fields, fields)
    return Table1(load_network(table.pop("network")), **table)


def fitted_cuts(table: Table1) -> list[int]:
    """Return the cut for each pool size with the fitted memory."""
    systems = (load_system(table.system, nodes=nodes) for nodes in table.nodes)
    return [_cut(table.profile, system) for system in systems]


def memory_range(table: Table1, parameters: str) -> MemoryRange:
    """Return the total memories that give all of the paper's cuts, where memory alone decides.

    Cut j fits into lambda_0 P_total / x from P_total = x Dt^j / lambda_0 on (10), (21). The range
    is empty where ``high <= low``.

    Parameters
    ----------
    table : Table1
        The paper's cuts.
    parameters : {"all", "chain"}
        Which parameters (10) counts.
    """
    reading = chosen_reading("corrected", {"parameters": parameters})
    share = load_system(table.system).pool.memory_share
    needed = edge_memory_bytes(table.profile, reading) / MIB / share
    pairs = list(zip(table.nodes, table.cuts, strict=True))
    # Cut j fits from its own need on; the next layer must not fit, or the cut would be deeper.
    low = max(float(needed[cut]) * nodes for nodes, cut in pairs)
    return MemoryRange(low, min(float(needed[cut + 1]) * nodes for nodes, cut in pairs))


def board_cuts(table: Table1, device: str, arrival_hz: float | None = None) -> list[int]:
    """Return the cut for each pool size of real boards, each with all its memory.

    Parameters
    ----------
    table : Table1
        Network, system and pool sizes.
    device : str
        Name of the board.
    arrival_hz : float, optional
        Tasks a second instead of the system's.
    """
    memory = device_preset(device)["memory_bytes"]
    cuts = []
    for nodes in table.nodes:
        # Every board brings its own memory, so the total grows with the pool.
        group = {"device": device, "count": nodes, "energy_budget_j": ENERGY_BUDGET_J}
        changes: dict[str, Any] = {"pool.nodes": [group]}
        changes["pool.total_memory_bytes"] = nodes * memory
        if arrival_hz is not None:
            changes["tasks.arrival_hz"] = arrival_hz
        cuts.append(_cut(table.profile, load_system(table.system, changes=changes)))
    return cuts


def _cut(profile: Profile, system: System) -> int:
    """Return the deepest feasible cut, 0 where there is none."""
    return scan(build_program(profile, system)).cut or 0


# The cut against the total memory of the pool.


def cut_figure(table: Table1, fits: MemoryRange) -> Figure:
    """Draw the deepest cut that fits, for each pool size; the range that fits all is shaded."""
    from matplotlib.figure import Figure

    share = load_system(table.system).pool.memory_share
    needed = edge_memory_bytes(table.profile, CORRECTED) / MIB / share
    total = np.linspace(0.0, 2.0 * fits.high, 2001)
    styles = line_styles(f"{nodes} nodes" for nodes in table.nodes)
    figure = Figure(figsize=(6.3, 3.0))
    axes = figure.subplots()
    for nodes, cut, (label, style) in zip(table.nodes, table.cuts, styles.items(), strict=True):
        depth = np.searchsorted(nodes * needed, total, side="right") - 1
        axes.plot(total, depth, label=label, **style)
        axes.plot(fits.low, cut, "o", color=style["color"])
    axes.axvspan(*fits, color="#DDDDDD", label="all three cuts of the paper (dots)")
    axes.set_xlabel("total memory of the pool, shared equally [MiB]")
    axes.set_ylabel("layers on the edge")
    figure.legend(loc="outside upper center", ncols=4)
    return figure

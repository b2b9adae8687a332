"""Table 1: the cut by the number of nodes."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from experiments.paper.outcome import Condition, Measured, Outcome, Table
from experiments.paper.parts import FOLDER
from experiments.paper.table1_cuts import (
    MIB,
    MemoryRange,
    Table1,
    board_cuts,
    fitted_cuts,
    memory_range,
    read_table1,
)
from experiments.paper.table1_figure import cut_figure
from experiments.plots.style import paper_style, save_figure
from problems.offloading.system_file import load_system


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Make Table 1 with the fitted memory, and without; see `parts.Run`. Nothing is random."""
    table = read_table1(FOLDER / "table1.toml")
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
            "Table 1 and its text need contrary assumptions: a memory that the nodes share makes "
            "the cut shallower with every node, a load that they share makes it deeper.",
        ),
    )


def _values(
    table: Table1,
    fitted: list[int],
    boards: dict[str, list[int]],
    ranges: dict[str, MemoryRange],
) -> dict[str, Measured]:
    """Return how many of the paper's cuts come out, and the memories for which they do."""
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
    """Return for which boards and loads more nodes give deeper cuts, each with its own memory."""
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
    """Return what was chosen."""
    pool = load_system(table.system).pool
    total = pool.smallest_memory_bytes * pool.nodes / MIB
    return (
        f"**One parameter is fitted to this table**: the nodes share {total:.0f} MiB equally, "
        f"P_0 = {total:.0f} MiB / x, of which lambda_0 = {pool.memory_share:g} is used; only the "
        "product matters.",
        "float32, the max-pool's output counted; speeds, rates, deadline and budgets are chosen "
        "so that they do not bind (`problems/offloading/presets/table1.toml`).",
    )

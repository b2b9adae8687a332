"""Fig. 5: memory by layer."""

from __future__ import annotations

from pathlib import Path

from experiments.paper.fig5_figure import memory_figure
from experiments.paper.memory_growth import MIB, Growth, growth_of, memory_mib
from experiments.paper.outcome import Measured, Outcome, Table
from experiments.paper.parts import FOLDER
from experiments.plots.style import paper_style, save_figure
from experiments.toml_file import check_fields, read_toml
from problems.offloading.networks import load_network
from problems.offloading.system_file import load_system

HALF = 0.5
_FIELDS = ("network", "system", "nodes", "late_part", "other_networks")


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Draw memory (10) by layer and take its growth apart; see `parts.Run`."""
    path = FOLDER / "fig5.toml"
    config = read_toml(path)
    check_fields(path, config, _FIELDS, _FIELDS)
    profile, part = load_network(config["network"]), config["late_part"]
    growth = growth_of(profile, part)
    others = {name: growth_of(load_network(name), part) for name in config["other_networks"]}
    limits = {
        nodes: system.pool.memory_share * system.pool.smallest_memory_bytes / MIB
        for nodes in config["nodes"]
        for system in [load_system(config["system"], nodes=nodes)]
    }
    with paper_style():
        save_figure(memory_figure(profile, limits), out, "memory")
    return Outcome(
        values={
            "memory_of_all_layers": Measured(float(memory_mib(profile)[-1]), unit="MiB"),
            "a_last_layer_over_one_before": Measured(growth.late_over_mean),
            "added_by_the_last_layers": Measured(100 * growth.late_share, unit="% of all"),
            "of_that_by_fully_connected_ones": Measured(100 * growth.dense_share, unit="%"),
            "error_of_an_exponential_over_a_power": Measured(growth.exponential_over_power),
        },
        tables=(_table({profile.name: growth, **others}, part),),
        figures=("memory.png",),
        assumptions=("float32; (10) as printed sums all maps, which training keeps.",),
        findings=(_dense_networks({profile.name: growth, **others}),),
    )


def _dense_networks(others: dict[str, Growth]) -> str:
    """Return a sentence on which other networks grow by their fully connected layers."""
    found = [name for name, growth in others.items() if growth.dense_share > HALF]
    return (
        "Fully connected layers add more than half of what the last layers do in "
        f"{' and '.join(found) or 'none'} of the networks in the table."
    )


def _table(growths: dict[str, Growth], part: float) -> Table:
    """Return the table of all networks."""
    rows = tuple(
        (
            name,
            f"{100 * one.late_share:.1f}",
            f"{one.late_over_mean:.2f}",
            f"{100 * one.dense_share:.1f}",
            f"{one.exponential_over_power:.2f}",
        )
        for name, one in growths.items()
    )
    columns = (
        "network",
        f"last {100 * part:g} % of the layers, % of all",
        "a last layer over one before",
        "fully connected, % of what the last add",
        "error of an exponential over that of a power",
    )
    return Table("What makes the memory grow", columns, rows)

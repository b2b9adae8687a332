"""Fig. 6: delay by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from experiments.offload_plots import draw_delay
from experiments.offload_settings import chosen_reading
from experiments.paper.early_stop import Stops, run_walks
from experiments.paper.node_delays import NodeDelays, delay_by_nodes, gaining_loads
from experiments.paper.outcome import Condition, Measured, Outcome, Table
from experiments.paper.parts import FOLDER
from experiments.plots.style import paper_style, save_figure
from experiments.toml_file import check_fields, read_toml
from optim.offloading.scan import scan
from problems.offloading.delay_parts import delay_parts_s
from problems.offloading.networks import load_network
from problems.offloading.program import build_program
from problems.offloading.system_file import load_system

VISIBLE_S = 5e-6  # half the last digit of the table
AT_THE_EDGE = {"uplink_counts": False}  # T_cp is the same at every cut
_FIELDS = (
    *("network", "system", "nodes", "cut", "arrival_hz", "waiting", "least_gain"),
    *("seed", "systems", "quick_systems"),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Draw the delay by layer, and vary nodes, loads and systems; see `parts.Run`."""
    path = FOLDER / "fig6.toml"
    config = read_toml(path)
    check_fields(path, config, _FIELDS, _FIELDS)
    profile = load_network(config["network"])
    rng = np.random.default_rng(config["seed"])
    stops = run_walks(profile, config["quick_systems" if quick else "systems"], rng)
    program = build_program(
        profile,
        load_system(config["system"], nodes=config["nodes"][0]),
        reading=chosen_reading("corrected", AT_THE_EDGE),
    )
    with paper_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.3, 3.3))
        draw_delay(scan(program), figure)
        save_figure(figure, out, "delay")
    by_nodes = [delay_by_nodes(config, reading) for reading in ("corrected", "printed")]
    drops = int((np.diff(program.values[1]) < 0).sum())
    return Outcome(
        values={
            "layers_that_lower_the_delay": Measured(drops, unit=f"of {program.depth}"),
            "delay_of_largest_over_smallest_pool": Measured(_ratio(by_nodes[0])),
            "the_same_as_printed": Measured(_ratio(by_nodes[1])),
            "best_cut_missed": stops.missed_percent,
        },
        conditions={"memory_stops": _memory_stops(stops), "loaded_nodes": _loaded(config)},
        tables=(_part_table(program), _node_table(config["cut"], by_nodes), _stop_table(stops)),
        figures=("delay.png",),
        assumptions=(
            "Devices, rates and loads of the system `table1`; without the terminal's upload, "
            "which is the same at every cut.",
            f"Algorithm 2 is run as printed on {stops.systems} random systems (log-uniform over "
            "small boards and access networks) and compared with the deepest feasible cut.",
        ),
    )


def _ratio(delays: NodeDelays) -> float:
    """Return the delay of the largest pool over that of the smallest."""
    return delays.delay_s[-1] / delays.delay_s[0]


def _memory_stops(stops: Stops) -> Condition:
    """Return whether the walk is right wherever memory stops it."""
    stopped, missed = stops.stopped["memory"], stops.missed["memory"]
    words = (
        "the memory is the first limit to be broken, as in Table 1, since it alone grows with "
        f"every layer ({missed} of {stopped} such systems are missed)"
    )
    return Condition(words, stopped > 0 and missed == 0)


def _loaded(config: dict[str, Any]) -> Condition:
    """Return under which queues and loads more nodes lower the delay."""
    found = [
        f"{'the link is shared' if shares else 'every node has the whole link to itself'}, "
        f"{waiting} queues and {hz:g} tasks/s or more"
        for (shares, waiting), hz in gaining_loads(config).items()
    ]
    words = f"the queue before the nodes dominates: {'; '.join(found)}"
    return Condition(words, bool(found))


def _part_table(program: Any) -> Table:
    """Return the parts of the delay at some cuts in ms."""
    parts = delay_parts_s(program)
    cuts = [*range(0, program.depth, 5), program.depth]
    rows = tuple(
        (name, *(f"{1e3 * values[cut]:.2f}" for cut in cuts))
        for name, values in {**parts, "sum": program.values[1]}.items()
        if values.max() >= VISIBLE_S
    )
    return Table("Delay by layer, ms", ("part", *map(str, cuts)), rows)


def _node_table(cut: int, by_nodes: list[NodeDelays]) -> Table:
    """Return the delay by the number of nodes in ms."""
    rows = tuple(
        (one.reading, *(f"{1e3 * seconds:.2f}" for seconds in one.delay_s)) for one in by_nodes
    )
    columns = ("reading", *(f"{nodes} nodes" for nodes in by_nodes[0].nodes))
    return Table(f"Delay at cut {cut}, ms", columns, rows)


def _stop_table(stops: Stops) -> Table:
    """Return what stopped Algorithm 2, and how often it missed a deeper feasible cut."""
    rows = tuple(
        (name, str(count), str(stops.missed[name])) for name, count in stops.stopped.items()
    )
    return Table("What stops Algorithm 2", ("limit", "systems", "of them missed"), rows)

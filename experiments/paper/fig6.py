"""Fig. 6: delay by layer."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.experiments.offload.figures import draw_delay
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Condition, Outcome, Table
from edgeopt.experiments.statistics.ratio import Measured
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.optim.offloading.solvers import LINE_10, scan, tmoa_printed
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.files import check_fields, read_toml
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import (
    CONSTRAINTS,
    CutProgram,
    build_program,
    delay_parts_s,
)
from edgeopt.problems.offloading.reading import Reading, chosen_reading
from edgeopt.problems.offloading.terms import CutTerms, terms_of
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import random_system

VISIBLE_S = 5e-6  # half the last digit of the table

AT_THE_EDGE = {"uplink_counts": False}  # T_te is the same at every cut

_FIELDS = (
    *("network", "system", "nodes", "cut", "arrival_hz", "waiting", "least_gain"),
    *("seed", "systems", "quick_systems"),
)


def run(out: Path, work: Path, *, quick: bool, jobs: int) -> Outcome:
    """Draw the delay by layer, and vary nodes, loads and systems; see `RunPart`."""
    path = PAPER_FOLDER / "fig6.toml"
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
        draw_delay(scan(program), figure.subplots())
        save_figure(figure, out, "delay")
    by_nodes = [delay_by_nodes(config, reading) for reading in ("corrected", "printed")]
    drops = int((np.diff(program.values[1]) < 0).sum())
    return Outcome(
        values={
            "rank_correlation_of_delay_and_cut": Measured(trend(program.values[1])),
            "layers_that_lower_the_delay": Measured(drops, unit=f"of {program.depth}"),
            "delay_of_largest_over_smallest_pool": Measured(_ratio(by_nodes[0])),
            "the_same_as_printed": Measured(_ratio(by_nodes[1])),
            "best_cut_missed": stops.missed_percent,
            "ends_where_a_queue_grows_without_end": Measured(
                stops.overloaded, unit=f"of {stops.systems}"
            ),
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


def trend(delay_s: FloatArray) -> float:
    """Return Spearman's correlation of the delay with the cut, over the cuts 1..N."""
    from scipy.stats import spearmanr

    return float(spearmanr(np.arange(1, delay_s.size), delay_s[1:]).statistic)


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
    """Return the queues and loads under which more nodes lower the delay."""
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


# Algorithm 2 as printed on random systems: how often, and at which limit, it stops too early.

LARGEST_POOL = 30

END = "end of the loop"

STABILITY = CONSTRAINTS.index("stability")


class Stops(NamedTuple):
    """Walks of Algorithm 2 as printed.

    Attributes
    ----------
    systems : int
        Number of walks.
    stopped : Counter
        By the first limit that is exceeded: how many walks it stopped; `END` for none.
    missed : Counter
        How many of these would have found a deeper feasible cut.
    missed_percent : Measured
        Share of all that missed one, with Wilson's interval.
    overloaded : int
        Walks that ended at a cut at which a queue grows without end, which line 10 does not test.
    """

    systems: int
    stopped: Counter[str]
    missed: Counter[str]
    missed_percent: Measured
    overloaded: int = 0


def run_walks(profile: Profile, systems: int, rng: np.random.Generator) -> Stops:
    """Run Algorithm 2 as printed on random systems of 1 to 30 nodes.

    Parameters
    ----------
    profile : Profile
        The network.
    systems : int
        How many, >= 1.
    rng : Generator
        Source of randomness.
    """
    from scipy.stats import binomtest

    stopped, missed, overloaded = Counter[str](), Counter[str](), 0
    for _ in range(systems):
        nodes = int(rng.integers(1, LARGEST_POOL + 1))
        program = build_program(profile, random_system(nodes=nodes, rng=rng))
        cut = tmoa_printed(program).cut or 0
        reason = _reason(program, cut + 1)
        stopped[reason] += 1
        missed[reason] += (scan(program).cut or 0) > cut
        # Line 10 does not test stability, so a walk may end where a queue grows.
        overloaded += bool(program.values[STABILITY, cut] > 1.0)
    test = binomtest(missed.total(), systems)
    low, high = test.proportion_ci(method="wilson")
    share = Measured(
        100 * missed.total() / systems, 100 * low, 100 * high, unit="%", test=f"{systems} systems"
    )
    return Stops(systems, stopped, missed, share, overloaded)


def _reason(program: CutProgram, layer: int) -> str:
    """Return the first limit that the layer exceeds, in the order of C1 to C3."""
    if layer >= program.depth:
        return END
    # The program has more constraints than line 10 tests.
    tested = [CONSTRAINTS.index(name) for name in LINE_10]
    broken = np.flatnonzero(program.values[tested, layer] >= program.limits[tested, layer])
    return LINE_10[broken[0]]


# The delay at one cut by the number of nodes.


class NodeDelays(NamedTuple):
    """Name of the reading, pool sizes, and the delay of each in s."""

    reading: str
    nodes: list[int]
    delay_s: list[float]


def delay_by_nodes(config: dict[str, Any], reading: str) -> NodeDelays:
    """Return the delay without the terminal's upload under a reading, by its name."""
    chosen = chosen_reading(reading, {"uplink_counts": False})
    terms = [_terms(config, nodes, chosen) for nodes in config["nodes"]]
    delays = [float(one.delay_s[0, config["cut"]]) for one in terms]
    return NodeDelays(reading, config["nodes"], delays)


def gaining_loads(config: dict[str, Any]) -> dict[tuple[bool, str], float]:
    """Return the load from which the largest pool is faster than the smallest by `least_gain`.

    Returns
    -------
    dict
        By whether the link is shared and the kind of queue: the first of `arrival_hz`, 1/s, at
        which the largest pool is faster and stable; without those that never gain.
    """
    found: dict[tuple[bool, str], float] = {}
    for shares, waiting in product((True, False), config["waiting"]):
        choices = {"uplink_counts": False, "shares_link": shares, "waiting": waiting}
        reading = chosen_reading("corrected", choices)
        hz = next((hz for hz in config["arrival_hz"] if _gains(config, reading, hz)), None)
        if hz is not None:
            found[shares, waiting] = hz
    return found


def _gains(config: dict[str, Any], reading: Reading, arrival_hz: float) -> bool:
    """Whether the largest pool is stable and faster than the smallest."""
    cut, pools = config["cut"], config["nodes"]
    first, last = (_terms(config, nodes, reading, arrival_hz) for nodes in (pools[0], pools[-1]))
    stable = float(last.utilisation[0, cut]) < 1.0
    limit = (1.0 - config["least_gain"]) * float(first.delay_s[0, cut])
    return stable and float(last.delay_s[0, cut]) <= limit


def _terms(
    config: dict[str, Any], nodes: int, reading: Reading, arrival_hz: float | None = None
) -> CutTerms:
    """Return all terms of a pool."""
    changes = {} if arrival_hz is None else {"tasks.arrival_hz": arrival_hz}
    system = load_system(config["system"], nodes=nodes, changes=changes)
    return terms_of(load_network(config["network"]), system, reading)

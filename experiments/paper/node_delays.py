"""The delay at one cut by the number of nodes."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from experiments.offload_settings import chosen_reading
from problems.offloading.networks import load_network
from problems.offloading.reading import Reading
from problems.offloading.system_file import load_system
from problems.offloading.terms import Terms, terms_of


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
    """Return from which load on the largest pool is faster than the smallest by `least_gain`.

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
) -> Terms:
    """Return all terms of a pool."""
    changes = {} if arrival_hz is None else {"tasks.arrival_hz": arrival_hz}
    system = load_system(config["system"], nodes=nodes, changes=changes)
    return terms_of(load_network(config["network"]), system, reading)

"""Tables 1 and 2 and Figs. 6 and 8 in one setting of everything that the paper leaves open."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from edgeopt.experiments.paper.fig6 import trend
from edgeopt.experiments.paper.outcome import MIB
from edgeopt.experiments.paper.search.space import Setting
from edgeopt.optim.framework.conditions import LinkConditions, LinkTrace, draw_conditions
from edgeopt.optim.framework.deployment import TRANSPORTS
from edgeopt.optim.framework.dispatcher import Dispatcher
from edgeopt.optim.framework.measures import measure
from edgeopt.optim.framework.plan import Scheme
from edgeopt.optim.framework.schemes.bnet import BNet
from edgeopt.optim.framework.schemes.dormant import Dormant
from edgeopt.optim.framework.schemes.masm import Masm
from edgeopt.optim.framework.schemes.plain import Collaborative
from edgeopt.optim.framework.simulate import simulate
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.offloading.solvers import scan
from edgeopt.problems.arrivals.streams import Stream, poisson
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import build_program
from edgeopt.problems.offloading.reading import CORRECTED, ELEMENT_BYTES, Reading
from edgeopt.problems.offloading.terms import terms_of
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

CUTS = {10: 20, 20: 13, 30: 7}  # Table 1

TASKS, WARM_UP = 400, 0.1

CLOCK_HZ = 1e9

ENOUGH_MIB = 4096.0  # of a node; the schemes' cuts are given, so that memory does not decide

IMAGE_BYTES = {"uint8": 150_528.0, "float32": 602_112.0}


def measures_of(setting: Setting, rng: np.random.Generator) -> dict[str, float]:
    """Return the measures of a setting by the names that the claims use, and its ``load``.

    Parameters
    ----------
    setting : dict
        The setting, see ``search.toml``.
    rng : Generator
        Source of randomness; the schemes meet the same tasks and links.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ``load`` shows overloads
        runs = {nodes: _runs(setting, nodes, rng) for nodes in CUTS}
    return {
        **_times_and_energies(runs),
        **_uploads(runs, IMAGE_BYTES[str(setting["image"])]),
        **_cuts(setting),
        **_curve(setting),
        "load": max(
            run[name]
            for pool in runs.values()
            for run in pool.values()
            for name in ("link_utilisation", "utilisation_max")
        ),
    }


def _runs(setting: Setting, nodes: int, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Return the measures of every scheme on one size of pool; the rivals run on ten nodes."""
    cut = CUTS[nodes]
    shares = (float(setting["bnet_first"]), float(setting["bnet_second"]))
    schemes: dict[str, Scheme] = {
        "ours": Collaborative(cut=cut),
        "asleep": Dormant(threshold="mean", cut=cut),
    }
    # Table 2 has the rivals on ten nodes alone.
    if nodes == min(CUTS):
        schemes["bnet"] = BNet(shares=(*shares, 1.0 - sum(shares)), after=int(setting["bnet_cut"]))
        quality, theta = float(setting["masm_quality"]), float(setting["masm_theta"])
        schemes["masm"] = Masm(theta=theta, least_quality=quality)
    system = _system(setting, nodes, ENOUGH_MIB, "node")
    uplink = "shared" if setting["shares_link"] else "own"
    split = SplitSystem(_network(), system, _reading(setting), uplink=uplink)
    stream = poisson(float(setting["arrival_hz"]), tasks=TASKS, rng=rng)
    conditions = draw_conditions(split, stream, _link(setting, stream, rng), rng)
    dispatcher = Dispatcher("fcfs" if setting["shares_link"] else "round-robin")
    return {
        name: _measure(split, stream, conditions, scheme, dispatcher, rng)
        for name, scheme in schemes.items()
    }


def _measure(
    split: SplitSystem,
    stream: Stream,
    conditions: LinkConditions,
    scheme: Scheme,
    dispatcher: Dispatcher,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return the measures of one scheme."""
    run = simulate(split, stream, conditions, scheme, dispatcher, rng)
    return measure(run, WARM_UP, TRANSPORTS[0])


def _link(setting: Setting, stream: Stream, rng: np.random.Generator) -> LinkTrace:
    """Return a link whose round trip changes with every task, log-normal with the mean asked."""
    sigma = float(setting["jitter"])
    # The mean of the logarithms is such that the mean round trip is the given one.
    trips = rng.lognormal(-0.5 * sigma**2, sigma, stream.tasks) * float(setting["round_trip_s"])
    rates = np.full(stream.tasks, float(setting["bandwidth_bit_s"]))
    return LinkTrace(trips, rates, step_s=1.0 / float(setting["arrival_hz"]))


def _times_and_energies(runs: dict[int, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Return the measures of Table 2."""
    found: dict[str, float] = {}
    for nodes, pool in runs.items():
        found[f"delay_{nodes}_ms"] = 1e3 * pool["ours"]["delay_mean_s"]
        found[f"energy_{nodes}_j"] = pool["ours"]["energy_j"]
    first, last = min(runs), max(runs)
    for fewer, more in (*pairwise(runs), (first, last)):
        for name, unit in (("delay", "ms"), ("energy", "j")):
            ratio = found[f"{name}_{more}_{unit}"] / found[f"{name}_{fewer}_{unit}"]
            found[f"{name}_{more}_over_{fewer}"] = ratio
    ours = runs[first]["ours"]
    for rival in ("bnet", "masm"):
        run = runs[first][rival]
        found[f"delay_{rival}_ms"] = 1e3 * run["delay_mean_s"]
        for name, field in (("delay", "delay_mean_s"), ("energy", "energy_j")):
            found[f"{name}_against_{rival}"] = _percent(ours[field], run[field])
        found[f"energy_{rival}_over_ours"] = run["energy_j"] / ours["energy_j"]
    return found


def _uploads(runs: dict[int, dict[str, dict[str, float]]], image_bytes: float) -> dict[str, float]:
    """Return the measures of Fig. 8 in per cent; cloud only uploads the image."""
    found = {}
    for nodes, pool in runs.items():
        for title, scheme in (("upload", "ours"), ("upload_asleep", "asleep")):
            percent = _percent(pool[scheme]["upload_bytes"], image_bytes)
            found[f"{title}_against_cloud_only_{nodes}_nodes"] = percent
    first = runs[min(runs)]
    awake = first["ours"]["upload_bytes"]
    found["upload_against_a_cloud_that_never_sleeps"] = _percent(
        first["asleep"]["upload_bytes"], awake
    )
    return found


def _percent(first: float, second: float) -> float:
    """Return by how many per cent the first is larger, infinite where the second is 0."""
    return 100.0 * (first / second - 1.0) if second else np.inf


def _cuts(setting: Setting) -> dict[str, float]:
    """Return the measures of Table 1: the deepest feasible cuts."""
    found = []
    for nodes in CUTS:
        system = _system(setting, nodes, float(setting["memory_mib"]), str(setting["memory_is"]))
        found.append(scan(build_program(_network(), system, reading=_reading(setting))).cut or 0)
    right = sum(cut == wanted for cut, wanted in zip(found, CUTS.values(), strict=True))
    return {"cuts_right_without_fit": right, "layers_gained_by_more_nodes": found[-1] - found[0]}


def _curve(setting: Setting) -> dict[str, float]:
    """Return the measures of Fig. 6: the delay by cut without the terminal's upload."""
    delays = {
        nodes: terms_of(
            _network(), _system(setting, nodes, ENOUGH_MIB, "node"), _reading(setting)
        ).delay_s.reshape(-1)
        for nodes in CUTS
    }
    first, last = delays[min(CUTS)], delays[max(CUTS)]
    # An infinite delay has no rank and no ratio.
    stable = np.isfinite(first)
    cut = CUTS[min(CUTS)]
    return {
        "rank_correlation_of_delay_and_cut": trend(first) if stable.all() else np.nan,
        "delay_of_largest_over_smallest_pool": float(last[cut] / first[cut])
        if stable[cut]
        else np.nan,
    }


@cache
def _network() -> Profile:
    """Return the paper's network."""
    return load_network("resnet34")


def _reading(setting: Setting) -> Reading:
    """Return the reading of a setting; the terminal's upload, the same for all, is left out."""
    size = ELEMENT_BYTES[str(setting["numbers"])]
    return replace(
        CORRECTED,
        uplink_counts=False,
        element_bytes=size,
        bits_per_element=8 * size // int(setting["compression"]),
        crossing=str(setting["crossing"]),
        shares_link=bool(setting["shares_link"]),
        idle_power=bool(setting["idle_power"]),
    )


def _system(setting: Setting, nodes: int, memory_mib: float, memory_is: str) -> System:
    """Return the system of a setting."""
    flops = float(setting["flops"])
    # "pool": all nodes share the memory equally; "node": each has as much.
    total_mib = memory_mib * (1 if memory_is == "pool" else nodes)
    node = {
        "name": "node",
        "flops": flops,
        "memory_bytes": total_mib * MIB / nodes,
        "memory_bandwidth_byte_s": setting["memory_byte_s"],
        "static_power_w": setting["static_w"],
        "omega": float(setting["dynamic_w"]) / flops**2,  # (19) at full speed
        "kappa": float(setting["dynamic_w"]) / (flops * CLOCK_HZ**2),  # MASM's own coefficient
        "clock_hz": CLOCK_HZ,
        "count": nodes,
    }
    changes: dict[str, Any] = {
        "pool.nodes": [node],
        "pool.total_memory_bytes": total_mib * MIB,
        "cloud.flops": setting["cloud_flops"],
        "link.bandwidth_bit_s": setting["bandwidth_bit_s"],
        "link.round_trip_s": setting["round_trip_s"],
        "tasks.arrival_hz": setting["arrival_hz"],
        "tasks.deadline_s": setting["deadline_s"],
        "tasks.size_bytes": IMAGE_BYTES[str(setting["image"])],
    }
    return load_system("table1", changes=changes)

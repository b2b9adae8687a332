"""Pipelines of equal accelerators for the layer graphs of msr-fiddle/dnn-partitioning.

``git clone https://github.com/msr-fiddle/dnn-partitioning && cd tests && python -m
benchmarks.layer_graphs FOLDER [--accelerators 3 6]`` reads the JSON files in the folder (the clone,
or a part of it; the licence is MIT) and prints a row for each inference graph: its layers, their
time on one accelerator, and the time between samples of pipelines, with its ratio to the bound:

- even: cuts of the layers, in topological order, nearest to equal shares of the time;
- cuts: the best cuts, by dynamic programming (`best_placement`);
- graph: the best placement of single layers, by a mixed-integer program (`best_graph_placement`);
- bound: what the program has proved of all placements in the order of the pipeline.

Memory and costs of edges are the file's, the latter as bytes over the one bandwidth that they all
imply: 2 GiB/s, and 2000 GiB/s in ``throughput-inputs/LayerGraphs``. Files that are refused are
listed with the reason. Operator graphs are among them, since their nodes of one colour must be
together. A program not solved in 30 s is tried again with its answer forbidden, up to 60 times.

The values are not those of Tarnawski et al., "Efficient algorithms for device placement of DNN
graph operators", NeurIPS 2020: the repository has none of the optima, and the paper's model is
another one. There, an accelerator spends the time of a transfer to and from memory itself, a CPU
helps, and accelerators have no order. Here, links send while tiers compute, and data pass all tiers
in between.
"""

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np

from edgeopt.optim.offloading import best_graph_placement, best_placement
from edgeopt.optim.offloading.tier_graph import TierGraph
from edgeopt.problems.errors import InputError, check_number
from edgeopt.problems.networks.from_json import from_json
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import QUEUED
from edgeopt.problems.systems.system import CloudLink, Device, Pool, TaskStream
from edgeopt.problems.systems.tiers import Tier, Tiers


def read(path: Path) -> tuple[Profile, float, float]:
    """The network, the bandwidth of its edges (bit/s), and the memory of an accelerator (byte)."""
    profile = from_json(path, (1,))  # data that come from outside are free in the files
    if "accelerator" not in profile.measured:
        raise InputError(str(path), "layers for a CPU alone", "all for the accelerator")
    table = json.loads(path.read_text())
    memory = check_number(f"{path}: maxSizePerFPGA", table.get("maxSizePerFPGA"), above=0)
    colours = Counter(node.get("colorClass", (node["id"],)) for node in table["nodes"])
    most = max(colours.values())
    if most > 1:
        raise InputError(f"{path}: colorClass", f"{most} nodes of one", "of one node each")
    rates = [8e3 * edge["size"] / edge["cost"] for edge in table["edges"] if edge.get("cost")]
    if not rates or min(rates) < max(rates) * (1 - 1e-9):
        raise InputError(f"{path}: cost", sorted(set(rates)), "of one bandwidth (bit/s)")
    return profile, rates[0], memory


def pipeline(count: int, seconds: float, rate: float, memory: float) -> Tiers:
    """Accelerators in a row, for samples so rare that neither load nor deadline bind."""
    pool = Pool((Device("accelerator", 1.0, memory, times="accelerator"),), 1.0)
    tiers = tuple(Tier(f"accelerator{i}", pool) for i in range(count))
    stream = TaskStream(1e-3 / seconds, deadline_s=1e3 * seconds)
    return Tiers("pipeline", tiers, (CloudLink(rate),) * (count - 1), stream)


def even_period(profile: Profile, tiers: Tiers) -> float:
    """The time between samples with cuts nearest to equal shares of the time; inf: no memory."""
    sums = np.cumsum(profile.measured["accelerator"].seconds)
    shares = np.linspace(0, sums[-1], len(tiers.tiers) + 1)[1:-1]
    cuts = 1 + np.abs(sums[:, np.newaxis] - shares).argmin(axis=0)
    position = np.searchsorted(cuts, np.arange(sums.size), side="right")
    graph = TierGraph(profile, tiers, tiers.codecs * len(tiers.links), QUEUED, "throughput")
    placed = graph.of(position)
    return placed.period_s if placed.feasible else math.inf


def row(profile: Profile, tiers: Tiers) -> str:
    """Times between samples, ms, each with its ratio to the bound."""
    cuts = best_placement(profile, tiers, objective="throughput")
    graph = best_graph_placement(profile, tiers, objective="throughput")
    if graph is None:
        return "  exceeds the memory"
    periods = (even_period(profile, tiers), cuts.period_s if cuts else math.inf, graph.period_s)
    texts = [f"{1e3 * one:8.3f} ({one / graph.bound:6.4f})" for one in periods]
    return " ".join(texts) + f" {1e3 * graph.bound:8.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accelerators", type=int, nargs="+", default=[3])
    given = parser.parse_args()
    if min(given.accelerators) < 2:
        parser.error("--accelerators: at least 2")
    paths = sorted(given.folder.rglob("*.json"))
    width = max((len(str(path.relative_to(given.folder))) for path in paths), default=0)
    columns = " ".join(f"{name:>17}" for name in ("even", "cuts", "graph"))
    print(f"{'graph':{width}} layers time [ms]  k {columns}    bound")
    for path in paths:
        name = f"{path.relative_to(given.folder)!s:{width}}"
        try:
            profile, rate, memory = read(path)
        except InputError as error:
            print(f"{name} refused: {str(error).removeprefix(f'{path}: ')}", flush=True)
            continue
        seconds = float(profile.measured["accelerator"].seconds.sum())
        head = f"{name} {len(profile.layers):6} {1e3 * seconds:9.3f}"
        for count in given.accelerators:
            tiers = pipeline(count, seconds, rate, memory)
            print(f"{head} {count:2} {row(profile, tiers)}", flush=True)


if __name__ == "__main__":
    main()

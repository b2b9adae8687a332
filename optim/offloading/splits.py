"""The best split of a network whose layers branch, under all constraints of P1."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.optim.offloading.mincut import SplitCosts, min_cut, split_cost
from edgeopt.optim.offloading.solvers import ConstraintRow, constraint_rows_at
from edgeopt.optim.offloading.split_measures import Mask, SplitMeasures
from edgeopt.optim.offloading.split_milp import SECONDS, SplitSearch
from edgeopt.problems.errors import check_choice
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import CutProgram, build_program, delay_parts_s
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.systems.system import System

SPLIT_OBJECTIVES = ("delay", "energy", "weighted", "throughput")

_PROVED = 2e-5  # relative; capacities of the flow are integers


@dataclass(frozen=True)
class CrossingTensor:
    """A tensor that is sent to the cloud: the layer that computes it, or ``input``; byte."""

    name: str
    bytes: float


@dataclass(frozen=True, eq=False)
class NetworkSplit:
    """The best split of the layer graph, and what it costs.

    Parameters
    ----------
    edge_layers : tuple of str
        Names of the layers on the edge.
    cut : int
        The deepest of the cuts 0..N whose layers are all on the edge.
    crossing : tuple of CrossingTensor
        What is sent to the cloud, in the order of the layers.
    objective : str
        One of `SPLIT_OBJECTIVES`.
    value, bound : float
        The objective, and a proved lower bound on that of every split; equal if the split is
        proved optimal, up to 2e-5.
    delay_s, memory_bytes, energy_j, upload_bytes : float
        Of one task, the energy as a mean over the nodes.
    delay_parts_s : dict
        The parts of the delay, as for a cut.
    constraints : tuple of ConstraintRow
        The constraints of P1 at the split.
    best_cut : int or None
        The best feasible one of the cuts 0..N by the same measure.
    best_cut_value : float or None
        Its objective, >= `value`.

    Examples
    --------
    See `split_network`.
    """

    edge_layers: tuple[str, ...]
    cut: int
    crossing: tuple[CrossingTensor, ...]
    objective: str
    value: float
    bound: float
    delay_s: float
    memory_bytes: float
    energy_j: float
    upload_bytes: float
    delay_parts_s: dict[str, float]
    constraints: tuple[ConstraintRow, ...]
    best_cut: int | None
    best_cut_value: float | None


def split_network(
    profile: Profile,
    system: System,
    *,
    reading: Reading = CORRECTED,
    objective: str = "delay",
    weight: float = 0.0,
) -> NetworkSplit | None:
    """Return the best split under memory, deadline, energy and stability; None if there is none.

    HiGHS has 30 s at a time where it has to decide; what it has not proved by then is a bound that
    differs from the value, or a warning where no split was found.

    Unlike the cuts 0..N, a split may separate branches or keep a pooling on the edge. On a chain
    all are compared. Else a minimum cut, which knows neither queues nor limits, gives a bound and
    often the answer; where it does not, a mixed-integer program decides (`SplitSearch`). The
    arguments are those of `build_program`.

    Raises
    ------
    InputError
        If the objective is not one of `SPLIT_OBJECTIVES`, or the weight negative.

    Examples
    --------
    >>> from edgeopt import load_network, load_system
    >>> from edgeopt.optim.offloading import split_network
    >>> split = split_network(load_network("alexnet"), load_system("table1"))
    >>> split.cut, [(tensor.name, tensor.bytes) for tensor in split.crossing]
    (5, [('pool5', 36864.0)])
    """
    check_choice("objective", objective, SPLIT_OBJECTIVES)
    return best_split(
        build_program(profile, system, reading=reading, objective=objective, weight=weight)
    )


def best_split(program: CutProgram) -> NetworkSplit | None:
    """Return the best split of the network of `program`; see `split_network`."""
    measures = SplitMeasures(program)
    size = measures.flop.size
    everywhere = SplitMeasures(_at_every_layer(program)).prefixes()
    costs = np.where(everywhere.feasible, everywhere.cost, np.inf)
    end = int(costs.argmin())
    best: Mask | None = np.arange(size) < end if np.isfinite(costs[end]) else None
    cost = bound = float(costs[end])
    if not _is_chain(program.profile):
        best, cost, bound = _improve(measures, best, cost)
    if best is None and bound < np.inf:
        text = (
            f"no split was found by HiGHS in {SECONDS:g} s, which does not prove that none exists"
        )
        warnings.warn(text, stacklevel=2)
    return None if best is None else _describe(measures, best, min(cost, bound))


def _improve(
    measures: SplitMeasures, best: Mask | None, cost: float
) -> tuple[Mask | None, float, float]:
    """Return a split that is no worse than `best`, its cost, and a bound on that of all others."""
    bound = -np.inf
    for costs, constant in _additive(measures):
        on_edge = min_cut(costs)
        one = measures.of(on_edge)
        if one.feasible[0] and one.cost[0] < cost:
            best, cost = on_edge, float(one.cost[0])
        bound = max(bound, split_cost(costs, on_edge) + constant)
    if cost <= bound * (1.0 + _PROVED):
        return best, cost, bound
    found, cost, proved = SplitSearch(measures).solve(cost)
    return (best if found is None else found), cost, max(bound, proved)


def _additive(measures: SplitMeasures) -> list[tuple[SplitCosts, float]]:
    """Return costs of layers and tensors, one of them for each kind of node, and a constant.

    The cost of every split that sends something is at least that of its kinds: the queues, which
    are no sums, are left out. That of all layers on the edge is compared apart.
    """
    program, name = measures.program, measures.program.objective.name
    if name == "throughput":
        return []
    inputs = [layer.inputs for layer in program.profile.layers]
    if name == "energy":
        free = np.zeros(measures.flop.size)
        return [(SplitCosts(measures.mean_j, free, measures.tensor_j, inputs), 0.0)]
    weight = program.weight if name == "weighted" else 0.0
    cloud = measures.cloud_s * program.reading.cloud_counts
    found: list[tuple[SplitCosts, float]] = []
    for edge_s, rate in zip(measures.edge_s, measures.rates, strict=True):
        edge = edge_s + weight * measures.mean_j
        send = measures.tensor_bits / rate + weight * measures.tensor_j
        found.append((SplitCosts(edge, cloud, send, inputs), measures.fixed_s))
    return found


def _at_every_layer(program: CutProgram) -> CutProgram:
    """Return the program of the same network cut after each layer, counted or not."""
    ends = tuple(range(1, len(program.profile.layers) + 1))
    return build_program(
        replace(program.profile, cut_ends=ends),
        program.system,
        reading=program.reading,
        objective=program.objective.name,
        weight=program.weight,
    )


def _is_chain(profile: Profile) -> bool:
    """Return whether each layer reads the one before it, and nothing else."""
    return all(set(layer.inputs) == {i - 1} for i, layer in enumerate(profile.layers))


def _describe(measures: SplitMeasures, on_edge: Mask, bound: float) -> NetworkSplit:
    """Return what a split costs, compared with the best of the cuts."""
    program, layers = measures.program, measures.program.profile.layers
    one, cuts = measures.of(on_edge), measures.prefixes()
    names = ("input", *(layer.name for layer in layers))
    sent = np.flatnonzero(measures.is_sent(on_edge))
    costs = np.where(cuts.feasible, cuts.cost, np.inf)
    best = int(costs.argmin())
    found = bool(cuts.feasible[best])
    inside = np.flatnonzero(np.cumsum(~on_edge) == 0)  # layers before the first in the cloud
    ends = np.array([0, *program.profile.cut_ends])
    return NetworkSplit(
        edge_layers=tuple(layers[i].name for i in np.flatnonzero(on_edge)),
        cut=int(np.searchsorted(ends, inside.size, side="right")) - 1,
        crossing=tuple(
            CrossingTensor(names[i], float(measures.tensor_bits[i] / 8.0)) for i in sent
        ),
        objective=program.objective.name,
        value=float(one.goal[0]),
        bound=bound,
        delay_s=float(one.terms.delay_s.ravel()[0]),
        memory_bytes=float(one.terms.memory_bytes[0]),
        energy_j=float(one.terms.mean_energy_j.ravel()[0]),
        upload_bytes=float(one.terms.crossing_bits[0]) / 8.0,
        delay_parts_s={name: float(part[0]) for name, part in delay_parts_s(one).items()},
        constraints=constraint_rows_at(one, 0),
        best_cut=best if found else None,
        best_cut_value=float(cuts.goal[best]) if found else None,
    )

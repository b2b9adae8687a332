"""A cut for each node of a heterogeneous pool: a mixed-integer program."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, check_choice
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.terms import CutTerms, terms_of
from edgeopt.problems.systems.system import System

NODE_OBJECTIVES = ("deepest", "delay", "energy")


@dataclass(frozen=True, eq=False)
class NodeProgram:
    """Cost and resource use of each kind of node at each cut.

    Parameters
    ----------
    count : (g,) int64 array
        Nodes of each kind.
    cost : (g, N + 1) float64 array
        Cost of one node at a cut.
    allowed : (g, N + 1) bool array
        Whether a node may use a cut, by its own memory, deadline, energy and queue.
    link_use, cloud_use : (g, N + 1) float64 arrays
        Share of the link's bandwidth and of the cloud's speed that one node takes; each must sum
        to at most 1 over the nodes.
    """

    count: NDArray[np.int64]
    cost: FloatArray
    allowed: NDArray[np.bool_]
    link_use: FloatArray
    cloud_use: FloatArray


@dataclass(frozen=True, eq=False)
class NodeCuts:
    """The optimal cuts of a heterogeneous pool.

    Parameters
    ----------
    nodes_at_cut : (g, N + 1) int64 array or None
        How many nodes of each kind use each cut; None if no assignment is feasible.
    mean_cost : float or None
        Mean over the nodes of minus the depth, the delay (s) or the energy of a task (J).
    """

    nodes_at_cut: NDArray[np.int64] | None
    mean_cost: float | None


def node_program(
    profile: Profile, system: System, *, reading: Reading = CORRECTED, objective: str = "deepest"
) -> NodeProgram:
    """Return the data of the program for `solve_node_program`.

    Departs from the paper, which has one cut for all nodes: each node has its own queue (M/M/1 at
    rate a / x, whatever pooled queue the reading has) and its own memory lambda_0 P_i instead of
    the smallest one of C1 (22).

    Raises
    ------
    InputError
        If `objective` is not ``deepest``, ``delay`` or ``energy``.

    Examples
    --------
    See `solve_node_program`.
    """
    check_choice("objective", objective, NODE_OBJECTIVES)
    alone = replace(reading, waiting="mm1")
    return _assemble(terms_of(profile, system, alone), system, objective)


def solve_node_program(program: NodeProgram) -> NodeCuts:
    """Minimise the mean cost with cvxpy and scipy's HiGHS.

    The variables count the nodes of each kind at each cut, which avoids the symmetry of identical
    nodes. The nodes are coupled by the shared link and the cloud only.

    Examples
    --------
    >>> from edgeopt import load_network, load_system
    >>> from edgeopt.optim.offloading import node_program, solve_node_program
    >>> system = load_system("mixed_5g")
    >>> cuts = solve_node_program(node_program(load_network("resnet34"), system, objective="delay"))
    >>> cuts.nodes_at_cut[:, [0, 34]]  # of two kinds: all in the cloud, all on the edge
    array([[20,  0],
           [ 0, 10]])
    """
    import cvxpy as cp

    counts = cp.Variable(program.cost.shape, integer=True)
    constraints = [
        counts >= 0,
        counts <= np.where(program.allowed, program.count[:, np.newaxis], 0),
        cp.sum(counts, axis=1) == program.count,
        cp.sum(cp.multiply(program.link_use, counts)) <= 1.0,
        cp.sum(cp.multiply(program.cloud_use, counts)) <= 1.0,
    ]
    # Forbidden cuts may cost infinity, which times a count of 0 is no number.
    finite = np.where(program.allowed, program.cost, 0.0)
    scaled = finite / (np.abs(finite).max() or 1.0)  # HiGHS stops at an absolute gap of 1e-6
    problem = cp.Problem(cp.Minimize(cp.sum(cp.multiply(scaled, counts))), constraints)
    problem.solve(solver=cp.SCIPY, scipy_options={"mip_rel_gap": 0.0})
    if problem.status != cp.OPTIMAL:
        return NodeCuts(None, None)
    nodes = np.rint(counts.value).astype(np.int64)
    return NodeCuts(nodes, float((finite * nodes).sum() / program.count.sum()))


def _assemble(terms: CutTerms, system: System, objective: str) -> NodeProgram:
    """Return the program made of the terms of each kind of node."""
    c, shape = terms.columns, terms.execution_s.shape
    memory = np.array([[device.memory_bytes] for device in system.pool.groups])
    delay = terms.waiting_s + terms.execution_s + terms.link_s + terms.elsewhere_s
    depth = np.arange(shape[-1], dtype=np.float64)
    costs = {"deepest": -depth, "delay": delay, "energy": terms.task_energy_j}
    fits = terms.memory_bytes <= system.pool.memory_share * memory
    in_budget = terms.period_energy_j <= c.energy_budget_j
    per_node = system.tasks.arrival_hz / system.pool.nodes
    bits = terms.crossing_bits
    own_rate = np.array([[device.throughput_bit_s] for device in system.pool.groups])
    return NodeProgram(
        count=c.count[:, 0].astype(np.int64),
        cost=np.broadcast_to(costs[objective], shape),
        allowed=fits & (delay <= c.deadline_s) & in_budget & (per_node * bits <= own_rate),
        link_use=np.broadcast_to(per_node * bits / system.link.bandwidth_bit_s, shape),
        cloud_use=np.broadcast_to(per_node * terms.cloud_s, shape),
    )

"""What `edgeopt offload` says, as a dictionary that JSON can hold."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from optim.offloading.answer import Answer
from optim.offloading.dual_subgradient import dual_subgradient
from optim.offloading.pareto import pareto_cuts
from optim.offloading.per_node_cuts import OBJECTIVES, node_program, solve_node_program
from optim.offloading.relaxation import SUPPORT, Relaxation, relax
from optim.offloading.scan import scan
from optim.offloading.sensitivity import sensitivities
from optim.offloading.shadow_prices import shadow_prices
from problems.errors import FloatArray
from problems.offloading.delay_parts import delay_parts_s
from problems.offloading.profile import Profile
from problems.offloading.reading import Reading
from problems.offloading.system import System

Report = dict[str, Any]


def offload_report(
    answer: Answer, profile: Profile, system: System, reading: Reading, weight: float
) -> Report:
    """Return everything that is known about `answer`, ready for JSON.

    Parameters
    ----------
    answer : Answer
        The chosen cut.
    profile, system, reading, weight
        What the answer's program was built from.

    Returns
    -------
    dict
        Numbers that are infinite or do not exist are None. Without a feasible cut the
        constraints and the parts of the delay are those of cut 0.
    """
    program, relaxation, cut = answer.program, relax(answer.program), answer.cut
    terms = program.terms
    ranges = sensitivities(
        profile, system, reading=reading, objective=program.objective.name, weight=weight
    )
    report = {
        "network": program.network,
        "system": program.system,
        "nodes": system.pool.nodes,
        "layers": program.depth,
        "reading": reading.name,
        "method": answer.method,
        "objective": program.objective.name,
        "objective_value": answer.objective_value,
        "objective_unit": program.objective.unit,
        "cut": cut,
        "cut_name": None if cut is None else program.cut_names[cut],
        "feasible": answer.is_feasible,
        "feasible_cuts": list(answer.feasible_cuts),
        "memory_bytes": _at(terms.memory_bytes, cut),
        "delay_s": _at(terms.delay_s, cut),
        "energy_j": _at(terms.mean_energy_j, cut),
        "upload_bytes": _at(terms.crossing_bits / 8.0, cut),
        "delay_parts_s": {
            name: float(part[cut or 0]) for name, part in delay_parts_s(program).items()
        },
        "constraints": [{**asdict(row), "holds": row.holds} for row in answer.rows],
        "optimal_cut": scan(program).cut,
        "binding": list(answer.binding),
        "multipliers": relaxation.multipliers,
        "shadow_prices": [price.words for price in shadow_prices(answer, relaxation)],
        "bound": relaxation.bound,
        "duality_gap": relaxation.duality_gap,
        "dual_bound": None if relaxation.bound is None else dual_subgradient(program).bound,
        "mixture": _mixture(relaxation),
        "kkt_residuals": relaxation.residuals and asdict(relaxation.residuals),
        "pareto_cuts": list(pareto_cuts(program)),
        "sensitivity": [asdict(one) for one in ranges],
        "node_cuts": _node_cuts(profile, system, reading, program.objective.name),
        "split": None,
    }
    return {key: _plain(value) for key, value in report.items()}


def _mixture(relaxation: Relaxation) -> list[Report] | None:
    """Return the cuts that the relaxation mixes, with their shares of the tasks."""
    if relaxation.weights is None:
        return None
    return [
        {"cut": int(cut), "share": float(relaxation.weights[cut])}
        for cut in np.flatnonzero(relaxation.weights > SUPPORT)
    ]


def _node_cuts(
    profile: Profile, system: System, reading: Reading, objective: str
) -> list[Report] | None:
    """Return the own cut of each kind of node; None for equal nodes or without a solution."""
    devices = list(system.pool.groups)
    if len(devices) == 1 or objective not in OBJECTIVES:
        return None
    program = node_program(profile, system, reading=reading, objective=objective)
    nodes = solve_node_program(program).nodes_at_cut
    if nodes is None:
        return None
    return [
        {"device": devices[kind].name, "cut": int(cut), "nodes": int(nodes[kind, cut])}
        for kind, cut in np.argwhere(nodes)
    ]


def _at(values: FloatArray, cut: int | None) -> float | None:
    """Return the value at `cut`."""
    return None if cut is None else float(values.ravel()[cut])


def _plain(value: Any) -> Any:
    """Replace numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

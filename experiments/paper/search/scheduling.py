"""Fig. 7 in one setting of everything that the paper leaves open."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.experiments.paper.fig7.analysis import imbalance, settled
from edgeopt.experiments.paper.search.space import Setting
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

# Few pools a setting: more settings tell more about the box than more pools would.
TASKS, NODES, POOLS = 200, (10, 20, 30), 2

_RIVALS = ("fcfs", "round-robin", "aco", "pso", "pso-discrete")

_COLONY = ("occupancy", "start", "local_rule", "depositors", "deposit_by", "order", "ants")


def measures_of(setting: Setting, rng: np.random.Generator) -> dict[str, float]:
    """Return ratios of ATSA to its rivals by the names that the claims use.

    Geometric means over a few pools of each size; all solvers have the same evaluations.

    Parameters
    ----------
    setting : dict
        The setting, see ``search.toml``.
    rng : Generator
        Source of randomness of pools and solvers.
    """
    found: dict[str, float] = {"load": 0.0}
    for nodes in NODES:
        logs: dict[str, list[float]] = {}
        for seed in rng.integers(2**32, size=POOLS).tolist():
            for name, ratio in _ratios(_pool(setting, nodes, seed), setting, seed).items():
                logs.setdefault(f"{name}_{nodes}", []).append(float(np.log(ratio)))
        found |= {name: float(np.exp(np.mean(values))) for name, values in logs.items()}
    return found


def _pool(setting: Setting, nodes: int, seed: int) -> Problem:
    """Return a pool."""
    return paper_pool(
        TASKS,
        nodes,
        slack=float(setting["slack"]),
        memory=str(setting["memory"]),
        batch=str(setting["batch"]),
        rng=seed,
    )


def _solved(problem: Problem, solver: Any, limit: Evaluations, seed: int) -> Result:
    """Return the result of a solver; Ctrl-C ends the search, not a run."""
    return solve(problem, solver, stop=limit, rng=seed, catch_interrupt=False)


def _ratios(problem: Problem, setting: Setting, seed: int) -> dict[str, float]:
    """Return every measure of ATSA over that of every rival on one pool."""
    colony = make_solver("atsa", {name: setting[name] for name in _COLONY})
    # Equal evaluations and equal seeds for all solvers.
    limit = Evaluations(round(float(setting["evaluations"])))
    own = _measures(problem, _solved(problem, colony, limit, seed))
    ratios = {}
    for rival in _RIVALS:
        theirs = _measures(problem, _solved(problem, make_solver(rival), limit, seed))
        for name, value in own.items():
            ratios[f"{name}_atsa_over_{rival}"] = _ratio(value, theirs[name])
    return ratios


def _measures(problem: Problem, result: Result) -> dict[str, float]:
    """Return the measures of a schedule and its search, infinite where there is no schedule."""
    if result.assignment is None:
        return dict.fromkeys(("makespan", "total_time", "imbalance", "settled"), np.inf)
    trace: Any = result.trace
    return {
        "makespan": result.makespan,
        "total_time": problem.total_time(result.assignment),
        "imbalance": imbalance(problem.loads(result.assignment)),
        "settled": settled(trace.makespan, trace.evaluations),
    }


def _ratio(own: float, rival: float) -> float:
    """Return own / rival, 1 where both are infinite."""
    return 1.0 if np.isinf(own) and np.isinf(rival) else own / rival

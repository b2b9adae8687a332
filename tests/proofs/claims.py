"""What edgeopt claims about a problem, compared with enumeration in exact arithmetic."""

import os
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from naive.exact import exact_makespan, exact_optimum

from edgeopt.experiments.peers.child_peers import PYTHON, CpSat, Highs
from edgeopt.optim.scheduling import named_bounds as named
from edgeopt.optim.scheduling.bounds.lagrangian import Multipliers, ascend, lagrangian_bound
from edgeopt.optim.scheduling.bounds.quick_bounds import lifted_bound, lp_bound, lp_duals
from edgeopt.optim.scheduling.bounds.rounding import sum_rounding
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import Result
from edgeopt.optim.scheduling.stop import Iterations, Progress
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from proofs.draws import draw_problem

GUARANTEE = 2 * (1 + Fraction(1, 10**6))
"""Of `lp_rounding`, and what the tolerances of its linear program add."""

BOUNDS: dict[str, Callable[[Problem], float]] = {
    **named.BOUNDS,
    "lagrangian": lambda problem: lagrangian_bound(problem, ascend(problem)),
    "lagrangian, one node": lambda problem: lagrangian_bound(problem, _one_node(problem)),
    "lifted": lambda problem: lifted_bound(problem, lp_duals(problem), lp_bound(problem)),
}
"""All that are named, which should be quick on these problems, and the parts of others."""

ITERATIONS = {
    "milp": 400,
    "branch-and-price": 100,
    "milp alone": 100,
    "local-search": 10,
    "frontier": 10,
    "pso": 5,
    "highs": 99,
    "cp-sat": 99,
}
"""Of the solvers that need more or fewer than 3 to say all that they can."""


Task = tuple[int, int, bool]
"""Seed and number of a problem, and whether peers run, not our own solvers."""


def look(task: Task) -> tuple[int, list[str]]:
    """Return the number of a problem and what is wrong."""
    seed, number, foreign = task
    solvers = peers() if foreign else ours()
    return number, list(findings(draw_problem(seed, number), number, solvers))


def ours() -> dict[str, Any]:
    """Return the solvers of the catalog, and the integer program without the knapsack bound."""
    return SOLVERS | {"milp alone": MILP(bound_iterations=0)}


def peers() -> dict[str, Any]:
    """Return the solvers of other libraries whose bounds are passed on."""
    found: dict[str, Any] = {"highs": Highs(seconds=2.0)}
    return found | ({"cp-sat": CpSat(seconds=2.0)} if PYTHON in os.environ else {})


def findings(given: dict[str, Any], number: int, solvers: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the bounds and solvers on a problem; `number` is their seed."""
    warnings.simplefilter("error")
    try:
        problem = Problem(**given)
    except InputError as error:
        yield from _refusal(given, error)
        return
    best = exact_optimum(problem)
    for name, bound in BOUNDS.items():
        with _Caught(name) as caught:
            caught.found += _bound(bound(problem), best)
        yield from caught.named()
    for name, solver in solvers.items():
        with _Caught(name) as caught:
            caught.found += _run(problem, solver, Iterations(ITERATIONS.get(name, 3)), number, best)
        yield from caught.named()


class _Caught:
    """Collects what is wrong, with exceptions and warnings."""

    def __init__(self, name: str) -> None:
        self.name, self.found = name, list[str]()

    def __enter__(self) -> "_Caught":
        return self

    def __exit__(self, kind: Any, error: Exception | None, trace: Any) -> bool:
        if isinstance(error, Exception):
            place = traceback.extract_tb(trace)[-1]
            self.found.append(f"{error!r} at {place.filename}:{place.lineno}")
            return True
        return False

    def named(self) -> Iterator[str]:
        """Yield what is wrong, with the name of the bound or solver."""
        yield from (f"{self.name}: {found}" for found in dict.fromkeys(self.found))


def _refusal(given: dict[str, Any], error: InputError) -> Iterator[str]:
    """Yield what is wrong if a problem that has a schedule is refused for its memory."""
    if not str(error.field).startswith(("node_capacity", "task_memory", "sum of task_memory")):
        return
    memory, capacity = given["task_memory"], given["node_capacity"]
    problem = replace(Problem(given["et"]))
    object.__setattr__(problem, "task_memory", memory)
    object.__setattr__(problem, "node_capacity", capacity)
    if exact_optimum(problem) is not None:
        yield f"refused, but there is a schedule: {error}"


def _one_node(problem: Problem) -> Multipliers:
    """Return arbitrary legal prices: of time on one node, of memory on none."""
    return Multipliers(np.eye(problem.nodes)[0], np.zeros(problem.nodes))


def _bound(bound: float, best: Fraction | None) -> Iterator[str]:
    """Yield what is wrong with a bound; it has no tolerance."""
    if not bound >= 0.0:
        yield f"bound {bound!r}"
    elif best is not None and (bound == np.inf or Fraction(bound) > best):
        excess = float((Fraction(bound) - best) / best) if best and bound < np.inf else bound
        yield f"bound {bound!r} above the optimum {_text(best)}, by {excess:.3g} of it"


def _run(
    problem: Problem, solver: Any, stop: Iterations, seed: int, best: Fraction | None
) -> Iterator[str]:
    """Yield what is wrong with a run, at each of its iterations and at its end."""
    known: list[list[int]] = []
    said: list[str] = []

    def improved(progress: Progress, assignment: Any) -> None:
        known[:] = [assignment.tolist()]
        said.extend(_schedule(problem, known[0], progress.makespan, best))

    def look(progress: Progress) -> None:
        said.extend(_reported(problem, known, progress.lower_bound, progress.makespan, best))

    result = solve(problem, solver, stop=stop, rng=seed, callback=look, on_best=improved)
    yield from said
    yield from _reported(problem, known, result.lower_bound, result.makespan, best)
    yield from _bound(result.claimed_bound, best)
    yield from _end(problem, result, best)


def _rounded(problem: Problem) -> Fraction:
    """Return how far, relative to it, a sum may be from the makespan, and that from a proof."""
    return 2 * Fraction(sum_rounding(problem))


def _reported(
    problem: Problem, known: list[list[int]], bound: float, makespan: float, best: Fraction | None
) -> Iterator[str]:
    """Yield what is wrong with the bound of a run."""
    if known and best is not None and bound == makespan:
        # The makespan is proved optimal: the bound has its rounding, and no other.
        if exact_makespan(problem, known[0]) > best * (1 + _rounded(problem)):
            yield f"{makespan!r} is proved, but the optimum is {_text(best)}"
    else:
        yield from _bound(bound, best)


def _schedule(
    problem: Problem, assignment: list[int], makespan: float, best: Fraction | None
) -> Iterator[str]:
    """Yield what is wrong with a schedule that a run reports."""
    if not problem.fits(assignment):
        yield f"schedule {assignment} does not fit"
        return
    if best is None:
        yield f"schedule {assignment}, but there is none"
        return
    exact = exact_makespan(problem, assignment)
    if abs(Fraction(makespan) - exact) > exact * _rounded(problem):
        yield f"makespan {makespan!r} of {assignment} is {_text(exact)}"
    if problem.task_memory is not None and problem.node_capacity is not None:
        for node, capacity in enumerate(problem.node_capacity.tolist()):
            tasks = [task for task, at in enumerate(assignment) if at == node]
            held = sum(Fraction(float(problem.task_memory[task])) for task in tasks)
            if held > Fraction(capacity) * (1 + _rounded(problem)):
                yield f"schedule {assignment} exceeds the memory of node {node}"


def _end(problem: Problem, result: Result, best: Fraction | None) -> Iterator[str]:
    """Yield what is wrong with the end of a run."""
    if result.assignment is None:
        if result.status != "infeasible":
            yield f"{result.status} without a schedule"
        elif problem.task_memory is None and result.solver not in ("Highs", "CpSat"):
            yield "no schedule found, though memory is not limited"
        return
    assignment = result.assignment.tolist()
    yield from _schedule(problem, assignment, result.makespan, best)
    if best is None:
        return
    exact = exact_makespan(problem, assignment)
    if result.status == "optimal" and exact > best * (1 + _rounded(problem)):
        yield f"{_text(exact)} is called optimal, but {_text(best)} is"
    if result.solver == "lp_rounding" and problem.task_memory is None:
        late = 0.0 if problem.ready is None else float(problem.ready.max())
        if exact > Fraction(late) + GUARANTEE * best:
            yield f"guarantee of 2: {_text(exact)} for {_text(best)}"


def _text(value: Fraction) -> str:
    """Return a fraction as a float, with what it is away from that."""
    return f"{float(value)!r} {float(value - Fraction(float(value))):+.1g}"

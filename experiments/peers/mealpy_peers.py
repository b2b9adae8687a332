"""All algorithms of mealpy in the loop: a step is one epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np

from edgeopt.experiments.peers.population import PenalisedMakespan, PopulationState, seed_of
from edgeopt.optim.scheduling.run_time import budget_used
from edgeopt.problems.errors import FloatArray, InputError, IntArray, import_extra
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.problems.scheduling.problem import Problem

HISTORY = ("list_current_best", "list_global_best", "list_current_worst", "list_global_worst")


@dataclass(kw_only=True)
class MealpyState(PopulationState):
    """State of an algorithm of mealpy.

    Attributes
    ----------
    nodes : int
        Number of nodes.
    epoch : int
        Epochs done.
    common_random : dict
        State of NumPy's common generator, which a few algorithms use, between epochs.
    """

    nodes: int
    epoch: int = 0
    common_random: dict[str, Any] = field(default_factory=dict)

    def cost(self, vector: FloatArray) -> float:
        """Return the cost of one vector in s; it is counted, and kept if it is the best."""
        assignment = decode(vector, self.nodes)[None]
        costs = self.objective.costs(assignment)
        self.evaluations += 1
        self.keep_best(assignment, costs)
        return float(costs[0])


@dataclass(frozen=True)
class Mealpy:
    """Any algorithm of mealpy by the name of its class: OriginalGWO, OriginalWOA, OriginalHHO, ...

    A vector of reals in [0, x], one for each task, is decoded by its floor, x itself as the last
    node. The first population is random and uniform, as mealpy draws it. What nodes cannot run or
    hold is penalised (`PenalisedMakespan`). The parameters of the algorithm are mealpy's defaults.

    Many algorithms follow a plan over their number of epochs. Here the plan ends with the budget of
    the run: each epoch is announced as the share of `epochs` that has been used; without a budget,
    epochs are counted, and the run ends after `epochs`. Each vector evaluated counts. Equal seeds
    give equal runs of all algorithms but OriginalPSS, whose first population mealpy does not seed.

    Needs mealpy-lts, mealpy for NumPy 2, of the extra ``bench``.

    References
    ----------
    Van Thieu, Mirjalili, "MEALPY: An open-source library for latest meta-heuristic algorithms in
    Python", J. Systems Architecture 139, 2023.

    Examples
    --------
    See `CpSat`; all peers are called in the same way.
    """

    algorithm: str = parameter("OriginalGWO", "name of its class in mealpy")
    individuals: int = parameter(50, "individuals", at_least=5, at_most=10_000, search=(10, 200))
    epochs: int = parameter(10_000, "epochs that its plan has", at_least=1, at_most=100_000)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: Problem, rng: np.random.Generator) -> MealpyState:
        """Return the state after the first, random population.

        Raises
        ------
        InputError
            If mealpy is not installed, or has no such algorithm.
        """
        mealpy = import_extra("mealpy", "bench")
        state = MealpyState(objective=PenalisedMakespan(problem), nodes=problem.nodes)
        state.algorithm = self._make(mealpy)
        seed, k = seed_of(rng), problem.tasks
        state.common_random = np.random.RandomState(seed).get_state(legacy=False)
        bounds = mealpy.FloatVar(lb=(0.0,) * k, ub=(float(problem.nodes),) * k)
        task = {"bounds": bounds, "minmax": "min", "obj_func": state.cost, "log_to": None}
        with _own_random(state):
            _start(state.algorithm, task, seed)
        return state

    def _make(self, mealpy: Any) -> Any:
        """Return the algorithm."""
        known = mealpy.get_all_optimizers(verbose=False)
        if self.algorithm not in known:
            near = get_close_matches(self.algorithm, known)
            guess = f" (did you mean {' or '.join(near)}?)" if near else ""
            rule = f"an algorithm of mealpy, such as OriginalGWO, OriginalWOA{guess}"
            raise InputError("algorithm", self.algorithm, rule)
        try:
            return known[self.algorithm](epoch=self.epochs, pop_size=self.individuals)
        except ValueError as error:  # it has limits of its own
            rule = (
                f"one that takes {self.individuals} individuals and {self.epochs} epochs ({error})"
            )
            raise InputError("algorithm", self.algorithm, rule) from None

    def step(self, problem: Problem, state: MealpyState) -> MealpyState:
        """Let one epoch pass."""
        share, algorithm = budget_used(), state.algorithm
        state.epoch += 1
        planned = state.epoch if share is None else 1 + int(share * self.epochs)
        with _own_random(state):
            algorithm.evolve(min(planned, self.epochs))
        algorithm.pop, algorithm.g_best = _ranked(algorithm)
        for name in HISTORY:  # of which it needs the last entry only
            del getattr(algorithm.history, name)[:-1]
        state.done = share is None and state.epoch >= self.epochs
        return state


def decode(vector: FloatArray, nodes: int) -> IntArray:
    """Return the assignment of a vector of reals in [0, nodes], shape (k,); 0 for what is NaN."""
    return np.clip(np.floor(np.nan_to_num(vector)), 0, nodes - 1).astype(np.int64)


def _start(algorithm: Any, task: dict[str, Any], seed: int) -> None:
    """Do what mealpy's ``solve`` does before its first epoch."""
    algorithm.check_problem(task, seed)
    algorithm.check_mode_and_workers("single", None)
    algorithm.check_termination("start", None, None)
    algorithm.initialize_variables()
    algorithm.before_initialization(None)
    algorithm.initialization()
    algorithm.after_initialization()
    algorithm.before_main_loop()


def _ranked(algorithm: Any) -> tuple[Any, Any]:
    """Do what it does after an epoch: the population, sorted if need be, and the best."""
    ordered, best = algorithm.update_global_best_agent(algorithm.pop)
    return (ordered if algorithm.sort_flag else algorithm.pop), best


@contextmanager
def _own_random(state: MealpyState) -> Iterator[None]:
    """Let NumPy's common generator go on from the run's own state, and put it back afterwards.

    Some algorithms divide by zero; their NaN are no news to the user.
    """
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    np.random.set_state(state.common_random)  # noqa: NPY002
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        state.common_random = np.random.get_state(legacy=False)  # noqa: NPY002
        np.random.set_state(before)  # noqa: NPY002

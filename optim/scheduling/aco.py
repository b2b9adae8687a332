"""Basic ant colony optimisation (Ant System) for task assignment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optim.parameters import check_parameters, parameter
from optim.scheduling.atsa import ATSA
from optim.scheduling.colony import ColonyState, start_colony, step_colony
from optim.scheduling.local_search.improve import Memes
from problems.scheduling import SchedulingProblem


@dataclass(frozen=True)
class ACO:
    """Ant System: eta_ij = 1 / et_ij, every ant deposits Q / makespan.

    The rival that the paper calls basic ACO. Nodes without room are excluded.

    References
    ----------
    Dorigo, Maniezzo, Colorni, "Ant system: optimization by a colony of cooperating agents", IEEE
    Trans. Systems, Man, Cybernetics B 26(1), 1996.
    """

    ants: int = parameter(20, "ants an iteration", at_least=1, search=(5, 100))
    alpha: float = parameter(1.0, "weight of the pheromone", at_least=0, search=(0, 5))
    beta: float = parameter(5.0, "weight of 1 / execution time", at_least=0, search=(0, 20))
    rho: float = parameter(0.5, "evaporation", at_least=0, at_most=1, search=(0.01, 0.99))
    Q: float = parameter(5.0, "deposit", above=0, search=(0.1, 100))

    local_search: Memes = parameter("none", "which ants local search improves before they deposit")
    kicks: int = parameter(0, "ejection chains tried on each of them", at_least=0)

    def __post_init__(self) -> None:
        check_parameters(self)

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> ColonyState:
        """Return the colony before the first iteration."""
        return start_colony(problem, self._colony, rng)

    def step(self, problem: SchedulingProblem, state: ColonyState) -> ColonyState:
        """Run one iteration: all ants walk, then evaporation and deposits."""
        return step_colony(problem, self._colony, state)

    @cached_property
    def _colony(self) -> ATSA:
        """The same colony in the parameters of ATSA."""
        return ATSA(
            ants=self.ants,
            alpha=self.alpha,
            beta=self.beta,
            rho=self.rho,
            Q=self.Q,
            heuristic="execution-time",
            deposit_by="makespan",
            start="global-mean",
            local_search=self.local_search,
            kicks=self.kicks,
        )

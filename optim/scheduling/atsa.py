"""ATSA, the adaptive task scheduling algorithm (section 2.3, equations 2-4, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from optim.parameters import check_parameters, parameter
from optim.scheduling.colony import ColonyState, start_colony, step_colony
from optim.scheduling.local_search.improve import Memes
from problems.scheduling import SchedulingProblem

Heuristic = Literal[
    "memory",
    "execution-time",
    "completion-time",
    "memory*execution-time",
    "memory*completion-time",
    "execution-time*completion-time",
    "memory*execution-time*completion-time",
    "reduced-cost",
    "reduced-cost*completion-time",
    "memory*reduced-cost*completion-time",
]


@dataclass(frozen=True)
class ATSA:
    """The paper's ant colony, with every reading that it leaves open as a parameter.

    An ant gives each task i to node j with probability (2), proportional to
    tau_ij ** alpha * eta_ij ** beta; eta is (4), delta times the share of the node's memory that
    stays free; tau is updated by (3). The defaults are the paper's letter.

    Notes
    -----
    Where the paper cannot be taken at its word:

    - (2) sums over the index j that it fixes; we sum over the nodes with room. Where all
      numerators are 0, a node with room is drawn uniformly.
    - (3) sums over the tasks; we sum over the ants, each on its own path.
    - The memory of (4) is filled by each ant for itself; eta is at least 0, and nodes without
      room are excluded. delta cancels in (2): it has no effect.
    - The factor reduced-cost is not the paper's: what the task costs on its cheapest node over
      what it costs here, by the LP's prices of time and memory (`price_ratios`).
    - On a problem without memory the memory term is 1: only pheromone is left to choose by.
    - The number of ants is not given; 20 is our choice. The best assignment by makespan is kept.

    References
    ----------
    Xu, Zhang, Kadoch, Cheriet, EURASIP J. Wireless Com. Networking 2020:211.
    """

    ants: int = parameter(20, "ants an iteration", at_least=1, search=(5, 100))
    alpha: float = parameter(1.0, "weight of the pheromone (2)", at_least=0, search=(0, 5))
    beta: float = parameter(5.0, "weight of the heuristic (2)", at_least=0, search=(0, 20))
    rho: float = parameter(0.5, "evaporation (3)", at_least=0, at_most=1, search=(0.01, 0.99))
    Q: float = parameter(5.0, "deposit (3)", above=0, search=(0.1, 100))
    delta: float = parameter(1.0, "factor of the heuristic (4); cancels in (2)", above=0)
    heuristic: Heuristic = parameter("memory", "what eta is made of")
    deposit_by: Literal["total-time", "makespan"] = parameter(
        "total-time", "an ant's cost in (3): Z_y as printed, or the makespan"
    )
    depositors: Literal["all", "iteration-best", "global-best"] = parameter(
        "all", "which ants deposit"
    )
    pheromone_bounds: bool = parameter(False, "keep tau within the bounds of MMAS")
    local_rule: Literal["none", "acs"] = parameter("none", "update of tau after each choice")
    local_rate: float = parameter(
        0.1, "rate of the ACS rule", above=0, at_most=1, search=(0.01, 0.5)
    )
    start: Literal["node-mean", "global-mean"] = parameter(
        "node-mean", "tau0: one over the mean time of the node, or of all"
    )
    order: Literal["arrival", "longest-first"] = parameter(
        "arrival", "order in which an ant takes the tasks"
    )
    local_search: Memes = parameter("none", "which ants local search improves before they deposit")
    kicks: int = parameter(0, "kicks of each of them per task", at_least=0)
    restart: int = parameter(
        0, "iterations without a better leader before the pheromone starts anew; 0: never",
        at_least=0,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def printed(cls) -> ATSA:
        """Return the paper's letter, the defaults."""
        return cls()

    @classmethod
    def repaired(cls) -> ATSA:
        """Return the readings that make the colony a scheduler of its stated purpose.

        The heuristic knows completion times, deposits follow the makespan, only the best ant
        since the start deposits, within the bounds of MMAS, and long tasks are placed first.
        Nodes without room stay excluded. beta and rho were chosen on paper pools
        of seeds 0 to 3.
        """
        return cls(
            beta=20.0,
            rho=0.1,
            heuristic="completion-time",
            deposit_by="makespan",
            depositors="global-best",
            pheromone_bounds=True,
            order="longest-first",
        )

    @classmethod
    def beyond(cls) -> ATSA:
        """Return the best form of the colony that we know.

        The repaired one, with the prices of the LP relaxation as visibility beside completion
        times, local search on the best ant, and a new start of the pheromone on stagnation. What
        each of these brings is measured in ``results/frontier/ablation``.
        """
        return replace(
            cls.repaired(),
            ants=10,
            beta=5.0,
            rho=0.3,
            heuristic="reduced-cost*completion-time",
            local_search="best",
            kicks=25,
            restart=20,
        )

    def init(self, problem: SchedulingProblem, rng: np.random.Generator) -> ColonyState:
        """Return the colony before the first iteration."""
        return start_colony(problem, self, rng)

    def step(self, problem: SchedulingProblem, state: ColonyState) -> ColonyState:
        """Run one iteration of Algorithm 1: all ants walk, then (3)."""
        return step_colony(problem, self, state)

    def sees(self, factor: str) -> bool:
        """Whether `factor`, such as memory or completion-time, is part of eta."""
        return factor in self.heuristic.split("*")

"""pygmo's generational particle swarm."""

from __future__ import annotations

from typing import Any, ClassVar

from experiments.peers.pygmo_evolution import Evolution


class PsoGen(Evolution):
    """pygmo's `pso_gen`, which keeps velocities from step to step (its option ``memory``).

    The floor of a position is the assignment.
    """

    algorithm = "pso_gen"
    integers = False
    options: ClassVar[dict[str, Any]] = {"memory": True}

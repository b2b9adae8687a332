"""pygmo's simple genetic algorithm."""

from __future__ import annotations

from experiments.peers.pygmo_evolution import Evolution


class Sga(Evolution):
    """pygmo's `sga` on integers."""

    algorithm = "sga"
    integers = True

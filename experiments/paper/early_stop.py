"""How often Algorithm 2 stops too early, and what stops it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from experiments.paper.outcome import Measured
from optim.offloading.scan import scan
from optim.offloading.tmoa import tmoa_printed
from problems.offloading.constraints import CONSTRAINTS
from problems.offloading.generate_systems import random_system
from problems.offloading.profile import Profile
from problems.offloading.program import Program, build_program

LARGEST_POOL = 30
END = "end of the loop"


class Stops(NamedTuple):
    """Walks of Algorithm 2 as printed.

    Attributes
    ----------
    systems : int
        Number of walks.
    stopped : Counter
        By the first limit that is broken: how many walks it stopped; `END` for none.
    missed : Counter
        How many of these would have found a deeper feasible cut.
    missed_percent : Measured
        Share of all that missed one, with Wilson's interval.
    """

    systems: int
    stopped: Counter[str]
    missed: Counter[str]
    missed_percent: Measured


def run_walks(profile: Profile, systems: int, rng: np.random.Generator) -> Stops:
    """Run Algorithm 2 as printed on random systems of 1 to 30 nodes.

    Parameters
    ----------
    profile : Profile
        The network.
    systems : int
        How many, >= 1.
    rng : Generator
        Source of randomness.
    """
    from scipy.stats import binomtest

    stopped, missed = Counter[str](), Counter[str]()
    for _ in range(systems):
        nodes = int(rng.integers(1, LARGEST_POOL + 1))
        program = build_program(profile, random_system(nodes=nodes, rng=rng))
        cut = tmoa_printed(program).cut or 0
        reason = _reason(program, cut + 1)
        stopped[reason] += 1
        missed[reason] += (scan(program).cut or 0) > cut
    test = binomtest(missed.total(), systems)
    low, high = test.proportion_ci(method="wilson")
    share = Measured(
        100 * missed.total() / systems, 100 * low, 100 * high, unit="%", test=f"{systems} systems"
    )
    return Stops(systems, stopped, missed, share)


def _reason(program: Program, layer: int) -> str:
    """Return the first limit that the layer breaks, in the order of C1 to C3."""
    if layer >= program.depth:
        return END
    broken = np.flatnonzero(program.values[:, layer] >= program.limits[:, layer])
    return CONSTRAINTS[broken[0]]

"""Random programs and networks for the solvers' tests."""

from collections.abc import Callable

import numpy as np
import pytest

from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.program import OBJECTIVES, CutProgram, build_program
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.system import random_system

MakeProgram = Callable[..., CutProgram]
SYSTEM = random_system(rng=0)
UNUSED = build_program(load_network("alexnet"), SYSTEM).terms


def synthetic_program(
    values: np.ndarray, goal: np.ndarray, *, objective: str = "delay", limits: float = 1.0
) -> CutProgram:
    """A program with given left-hand sides, all limits equal, and given goal."""
    return CutProgram(
        profile=random_chain(0, goal.size - 1),
        system=SYSTEM,
        reading=CORRECTED,
        objective=OBJECTIVES[objective],
        weight=0.0,
        terms=UNUSED,
        values=np.asarray(values, dtype=float),
        limits=np.full(values.shape, limits),
        goal=np.asarray(goal, dtype=float),
    )


def random_program(seed: int, *, monotone: bool = False, objective: str = "delay") -> CutProgram:
    """Random constraint values around their limit; cut 0 is always feasible.

    With few levels there are ties, in the goal and at the limits.
    """
    rng = np.random.default_rng(seed)
    cuts = int(rng.integers(2, 13))
    values = rng.integers(0, 9, size=(4, cuts)) / rng.choice([4.0, 6.0, 7.9])
    values[:, 0] = np.minimum(values[:, 0], 1.0)
    if monotone:
        values.sort(axis=1)
    goal = np.arange(cuts) if objective == "deepest" else rng.integers(0, 20, size=cuts) / 4
    return synthetic_program(values, goal, objective=objective)


def random_chain(seed: int, depth: int = 8) -> Profile:
    """A chain of random layers."""
    rng = np.random.default_rng(seed)
    layers = tuple(
        Layer(
            f"layer{i}",
            "conv",
            int(10 ** rng.uniform(6, 9)),
            int(10 ** rng.uniform(3, 6)),
            (int(10 ** rng.uniform(2, 6)),),
            (i - 1,),
        )
        for i in range(depth)
    )
    return Profile(f"chain{seed}", (3, 64, 64), layers, tuple(range(1, depth + 1)))


def realistic_program(seed: int, objective: str) -> CutProgram:
    """A real network on a random system."""
    system = random_system(nodes=5, rng=seed)
    return build_program(load_network("alexnet"), system, objective=objective)


@pytest.fixture(scope="session")
def synthetic() -> MakeProgram:
    return synthetic_program


@pytest.fixture(scope="session")
def random_one() -> MakeProgram:
    return random_program


@pytest.fixture(scope="session")
def realistic() -> MakeProgram:
    return realistic_program


@pytest.fixture(scope="session")
def chain() -> Callable[..., Profile]:
    return random_chain

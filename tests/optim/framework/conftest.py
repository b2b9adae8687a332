"""A network of 34 cuts on ten equal nodes, and links that a test sets."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.framework.conditions import LinkConditions
from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Uplink
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.systems.load import load_system


@pytest.fixture(scope="session")
def split() -> SplitSystem:
    """Return ResNet-34 on the ten equal nodes of the paper's Table 1."""
    return SplitSystem(load_network("resnet34"), load_system("table1"))


@pytest.fixture(scope="session")
def mixed() -> SplitSystem:
    """Return ResNet-34 on three kinds of Jetson modules."""
    return SplitSystem(load_network("resnet34"), load_system("jetson_wifi"))


@pytest.fixture
def stream() -> Stream:
    """Return six tasks of two sizes, a second apart."""
    return Stream(np.arange(6.0), np.array([1.0, 1, 1, 2, 2, 2]))


@pytest.fixture
def conditions(split: SplitSystem) -> Callable[..., LinkConditions]:
    """Return a maker of conditions with given round trips and rates."""

    def make(stream: Stream, trips: object = 0.02, rates: object = 1e8) -> LinkConditions:
        ones = np.ones(stream.tasks)
        rate = np.asarray(rates) * ones
        uplink = Uplink(rate=np.full((1, split.nodes), rate[0]), start=np.zeros(1))
        return LinkConditions(0.2 * ones, np.asarray(trips) * ones, rate, uplink)

    return make


@pytest.fixture
def with_tasks(split: SplitSystem) -> Callable[..., SplitSystem]:
    """Return a maker of split systems with other fields of the task stream."""

    def make(**fields: float) -> SplitSystem:
        system = split.system
        return replace(split, system=replace(system, tasks=replace(system.tasks, **fields)))

    return make

"""Small models and walks for the tests of parallel tempering."""

import numpy as np
import pytest
from naive.gibbs import energy_parts, fits

from edgeopt.optim.scheduling.tempering.model import Model, build_ladder, nearest_nodes
from edgeopt.optim.scheduling.tempering.moves import make_block
from edgeopt.optim.scheduling.tempering.replica import Incumbent, recompute, start_replicas
from edgeopt.optim.scheduling.tempering.tempering import ReplicaWalk
from edgeopt.optim.stream import open_stream

TARGET, LEVELS = 4.0, 3


def model_of(k, x, memory, seed=0, forbidden=()):
    """Costs of some temperatures, and overloads that matter but do not rule.

    Memory keeps most assignments legal; the `forbidden` pairs of task and node are not.
    """
    rng = np.random.default_rng(seed)
    costs = rng.uniform(0.0, 5.0, (k, x))
    for task, node in forbidden:
        costs[task, node] = np.inf
    costs -= costs.min(axis=1, keepdims=True)
    held, capacity = np.zeros(k), np.full(x, np.inf)
    if memory:
        held = np.arange(1.0, k + 1)
        capacity = np.ceil(np.linspace(1.2, 1.8, x) * held.sum() / x + k / 2)
    weights = rng.uniform(0.5, 1.5, x) * 5e-3
    times = rng.uniform(1.0, 4.0, (k, x))
    times[np.isinf(costs)] = np.inf
    return Model(times, costs, weights, held, capacity, rng.uniform(0.0, 1.0, x))


def walk_of(model, seed=1):
    """A walk whose levels differ, but not so much that the coldest one would freeze."""
    start = start_of(model)
    replicas = start_replicas(model, LEVELS, start)
    for replica in range(LEVELS):
        recompute(model, replicas, replica, TARGET)
    ladder = build_ladder(model, nodes_of(model), LEVELS, len(start) / 5)
    ladder.stiffness[:] = np.geomspace(30.0, 300.0, LEVELS)
    best = Incumbent(start.copy(), np.array([np.inf]), np.zeros(1, np.int64))
    stream = open_stream(np.random.default_rng(seed))
    return ReplicaWalk(model, ladder, replicas, best, make_block(len(start)), stream, TARGET)


def nodes_of(model):
    """Each task's nodes in the order of the ladder."""
    return nearest_nodes(model, np.random.default_rng(0))


def start_of(model):
    """An assignment within the capacities: largest tasks first, each on the roomiest node."""
    room, start = model.capacity.copy(), np.zeros(len(model.memory), dtype=np.int64)
    for task in np.argsort(-model.memory):
        start[task] = np.argmax(np.where(np.isfinite(model.costs[task]), room, -np.inf))
        room[start[task]] -= model.memory[task]
    assert room.min() >= 0.0
    return start


def loads_of(model, assignment):
    k = len(assignment)
    times = model.times[np.arange(k), assignment]
    return model.ready + np.bincount(assignment, weights=times, minlength=len(model.ready))


def check_replicas(walk):
    """Loads and memory up to rounding, members in any order."""
    model, replicas = walk.model, walk.replicas
    assert sorted(replicas.at) == list(range(len(replicas.at)))
    for replica, assignment in enumerate(replicas.assignment):
        assert fits(model, assignment)
        used = np.bincount(assignment, weights=model.memory, minlength=len(model.ready))
        np.testing.assert_allclose(replicas.loads[replica], loads_of(model, assignment))
        np.testing.assert_allclose(replicas.used[replica], used)
        for node, count in enumerate(replicas.counts[replica]):
            members = replicas.members[replica, node, :count]
            assert sorted(members) == np.flatnonzero(assignment == node).tolist()
            assert replicas.places[replica, members].tolist() == list(range(count))


def check_energies(walk):
    for replica, assignment in enumerate(walk.replicas.assignment):
        parts = energy_parts(walk.model, assignment, walk.target)
        found = walk.replicas.costs[replica], walk.replicas.overloads[replica]
        np.testing.assert_allclose(found, parts, atol=1e-12)


def check_incumbent(walk, before):
    """Its makespan is that of its assignment, and not above the one before."""
    makespan, best = walk.incumbent.makespan[0], walk.incumbent.assignment
    assert makespan <= before
    if makespan < np.inf:
        loads = loads_of(walk.model, best)
        assert makespan == pytest.approx(loads[np.unique(best)].max(), rel=1e-12)
        assert fits(walk.model, best)

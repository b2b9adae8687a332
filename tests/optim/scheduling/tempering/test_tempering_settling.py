"""Ejection chains at a temperature: their reference, their arrays, and which are begun."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.chains import chain, energy
from tempering_walks import (
    TARGET,
    check_energies,
    check_incumbent,
    check_replicas,
    model_of,
    nodes_of,
    walk_of,
)

from edgeopt.optim.scheduling.tempering import settling
from edgeopt.optim.scheduling.tempering.model import Model
from edgeopt.optim.scheduling.tempering.replica import move, recompute
from edgeopt.optim.scheduling.tempering.settling import (
    CANDIDATES,
    LONGEST,
    Terms,
    draw_start,
    make_links,
    read_pairs,
    settle,
    try_chain,
)


def walk_and_links(k, x, seed, forbidden=()):
    """Of a schedule whose tasks are on random nodes, about evenly loaded."""
    model = model_of(k, x, memory=False, seed=seed, forbidden=forbidden)
    walk, rng = walk_of(model, seed), np.random.default_rng(seed)
    ways = [np.flatnonzero(np.isfinite(costs)) for costs in model.costs]
    place(walk, [rng.choice(nodes) for nodes in ways])
    return walk, make_links(model, nodes_of(model))


def place(walk, assignment):
    """Give all replicas an assignment."""
    for replica in range(len(walk.replicas.at)):
        for task, node in enumerate(assignment):
            move(walk.replicas, replica, task, node)
        recompute(walk.model, walk.replicas, replica, walk.target)


def try_one(walk, links, terms, task, node, allowed):
    read_pairs(walk.model, walk.replicas.assignment[0], links)
    try_chain(walk.model, links, walk.replicas, 0, terms, walk.incumbent, task, node, allowed)
    for replica in range(len(walk.replicas.at)):
        recompute(walk.model, walk.replicas, replica, walk.target)
    return walk.replicas.assignment[0].copy()


@given(st.integers(3, 12), st.integers(2, 5), st.integers(0, 10**6), st.floats(0.0, 6.0))
@settings(max_examples=150, deadline=None)
def test_a_chain_is_that_of_the_reference(k, x, seed, allowed):
    walk, links = walk_and_links(k, x, seed)
    rng, model = np.random.default_rng(seed), walk.model
    terms = Terms(0.7, 300.0, float(walk.replicas.loads[0].mean()))
    before = walk.replicas.assignment[0].copy()
    task, node = int(rng.integers(k)), int(rng.integers(x))
    if node == before[task]:
        return
    expected = chain(
        model, before, terms, task, node, allowed,
        candidates=CANDIDATES, arrivals=settling.ARRIVALS, longest=LONGEST,
    )  # fmt: skip
    assert try_one(walk, links, terms, task, node, allowed).tolist() == expected.tolist()
    check_replicas(walk)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_after_settling_all_arrays_follow_from_the_assignment(k, x, seed, visits):
    walk, links = walk_and_links(k, x, seed, forbidden=[(0, 0)] if x > 1 else ())
    for level in range(len(walk.replicas.at)):
        before = walk.incumbent.makespan[0]
        settle(walk, links, level, visits)
        check_replicas(walk)
        check_energies(walk)
        check_incumbent(walk, before)
    assert np.isfinite(walk.replicas.costs).all()  # the forbidden pair is never used


def test_without_heat_the_energy_never_rises():
    walk, links = walk_and_links(25, 5, 3)
    walk.ladder.temperatures[:] = 1e-9
    terms = Terms(1e-9, walk.ladder.stiffness[1], TARGET)
    energies = []
    for _ in range(20):
        energies.append(energy(walk.model, walk.replicas.assignment[1], terms))
        settle(walk, links, 1, 1)
    assert (np.diff(energies) <= 1e-6 * np.abs(energies[1:])).all()
    assert energies[-1] < energies[0]


def ring(nodes):
    """Each node has a task that is also cheap on the next; the last is empty.

    Node 0 has another task: to empty it by one, all others have to move. An overload costs less
    from node to node, so that each shift of the chain pays.
    """
    times, costs = np.full((nodes, nodes), 9.0), np.full((nodes, nodes), 50.0)
    for task in range(nodes - 1):
        times[task, task : task + 2], costs[task, task : task + 2] = 1.0, 0.0
    times[-1, 0], costs[-1, 0] = 1.0, 0.0
    weights, free = np.arange(float(nodes), 0.0, -1.0), np.zeros(nodes)
    return Model(times, costs, weights, free, np.full(nodes, np.inf), free)


@pytest.mark.parametrize("shifts", [3, LONGEST, LONGEST + 1])
def test_a_chain_balances_a_ring_if_it_is_not_too_long(shifts):
    walk = walk_of(ring(shifts + 1))
    before = [*range(shifts), 0]
    place(walk, before)
    links = make_links(walk.model, nodes_of(walk.model))
    least = -5.0 * (shifts + 1)  # the energy of the overload of node 0
    found = try_one(walk, links, Terms(1.0, 10.0, 1.0), 0, 1, least + 0.1)
    if shifts > LONGEST:
        assert found.tolist() == before
        return
    assert found.tolist() == [*range(1, shifts + 1), 0]
    assert walk.incumbent.makespan[0] == 1.0
    assert walk.incumbent.assignment.tolist() == found.tolist()


def test_a_refused_chain_leaves_no_trace():
    walk = walk_of(ring(4))
    before = walk.replicas.assignment[0].copy()
    links = make_links(walk.model, nodes_of(walk.model))
    task = 3
    node = int((before[task] + 1) % 4)
    assert try_one(walk, links, Terms(1.0, 10.0, 1.0), task, node, -1e9).tolist() == before.tolist()
    assert walk.incumbent.makespan[0] == np.inf
    check_replicas(walk)


def test_a_fifth_of_the_chains_begin_at_late_nodes():
    walk, links = walk_and_links(40, 8, 5)
    replica = walk.replicas.at[0]
    latest = int(np.argmax(walk.replicas.loads[replica]))
    # No task is proposed by cost but those of other nodes.
    walk.ladder.keep[0], walk.ladder.alias[0] = 0.0, 0
    away = int(np.flatnonzero(walk.replicas.assignment[replica] != latest)[0])
    walk.ladder.alias[0] = away
    drawn = [draw_start(walk.ladder, links, walk.replicas, 0, walk.stream) for _ in range(20_000)]
    late = [task for task, _ in drawn if walk.replicas.assignment[replica, task] == latest]
    # The latest of 8 nodes is among 8 drawn with probability 1 - (7/8)^8.
    assert len(late) / len(drawn) == pytest.approx(0.2 * (1 - (7 / 8) ** 8), rel=0.1)
    assert set(late) == set(np.flatnonzero(walk.replicas.assignment[replica] == latest))


def test_links_are_the_pairs_of_least_cost():
    model = model_of(200, 20, memory=False)
    links = make_links(model, nodes_of(model))
    assert links.nodes.shape == (200, CANDIDATES)
    assert links.arrivals.shape == (20, settling.ARRIVALS)
    assert np.array_equal(links.costs, np.sort(model.costs, axis=1)[:, :CANDIDATES])
    assert np.array_equal(links.arrival_costs, np.sort(model.costs, axis=0)[: settling.ARRIVALS].T)
    node = links.nodes[7, 3]
    assert links.times[7, 3] == model.times[7, node]
    assert links.arrival_times[4, 9] == model.times[links.arrivals[4, 9], 4]

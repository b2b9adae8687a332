"""Whatever replicas do, all their arrays say what follows from the assignment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.gibbs import count_moves, fits
from tempering_walks import (
    TARGET,
    check_energies,
    check_incumbent,
    check_replicas,
    loads_of,
    model_of,
    walk_of,
)

from edgeopt.optim.scheduling.tempering.replica import copy_replica, recompute, start_replicas
from edgeopt.optim.scheduling.tempering.tempering import anneal, temper


@st.composite
def walks(draw, max_tasks=7, max_nodes=4):
    k, x = draw(st.integers(1, max_tasks)), draw(st.integers(1, max_nodes))
    model = model_of(k, x, draw(st.booleans()), draw(st.integers(0, 10**6)))
    return walk_of(model, draw(st.integers(0, 10**6)))


@given(walks(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 5))))
@settings(max_examples=80, deadline=None)
def test_after_any_moves(walk, turns):
    for level, singles, blocks in turns:
        before = walk.incumbent.makespan[0]
        counts = count_moves(walk, level, singles, blocks, 2)
        assert counts.sum() == 2
        check_incumbent(walk, before)
    check_replicas(walk)


@given(walks(max_tasks=30, max_nodes=6), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_after_tempering_and_annealing(walk, rounds):
    for kernel in (
        lambda: temper(walk, 0, rounds * len(walk.replicas.at)),
        lambda: anneal(walk, 0, 3 * rounds, rounds),
        lambda: temper(walk, 0, rounds * len(walk.replicas.at)),
    ):
        before = walk.incumbent.makespan[0]
        kernel()
        check_replicas(walk)
        check_energies(walk)
        check_incumbent(walk, before)


def test_evaluations_are_counted():
    walk = walk_of(model_of(5, 3, memory=False))
    temper(walk, 0, 10 * len(walk.replicas.at))
    assert 0 < walk.incumbent.evaluations[0] <= 10 * 3 * (100 + 20 * 2**5)


def test_the_incumbent_is_the_best_of_all_that_were_passed():
    """With so few assignments every one is passed, so the best is the optimum."""
    walk = walk_of(model_of(4, 2, memory=True))
    count_moves(walk, 0, 50, 0, 2000)
    grid = np.indices((2,) * 4).reshape(4, -1).T
    spans = [loads_of(walk.model, a)[np.unique(a)].max() for a in grid if fits(walk.model, a)]
    assert walk.incumbent.makespan[0] == pytest.approx(min(spans), rel=1e-12)


def test_a_copy_is_a_schedule_of_its_own():
    model = model_of(9, 3, memory=False)
    walk = walk_of(model)
    replicas = walk.replicas
    temper(walk, 0, 5 * len(walk.replicas.at))
    origin = replicas.assignment[0].copy()
    copy_replica(replicas, 0, 2)
    recompute(model, replicas, 2, TARGET)
    check_replicas(walk)
    check_energies(walk)
    assert replicas.assignment[2].tolist() == origin.tolist()
    walk.replicas.at[:] = [2, 1, 0]
    count_moves(walk, 0, 50, 0, 1)
    assert replicas.assignment[0].tolist() == origin.tolist()


def test_replicas_start_alike_and_idle_nodes_from_their_ready_times():
    model = model_of(4, 3, memory=False)
    replicas = start_replicas(model, 2, np.array([2, 0, 2, 0]))
    assert replicas.assignment.tolist() == [[2, 0, 2, 0]] * 2
    assert replicas.counts.tolist() == [[2, 0, 2]] * 2
    assert replicas.members[1, 2, :2].tolist() == [0, 2]
    recompute(model, replicas, 1, TARGET)
    assert replicas.loads[1, 1] == model.ready[1]
    assert replicas.loads[1, 0] == model.ready[0] + model.times[1, 0] + model.times[3, 0]

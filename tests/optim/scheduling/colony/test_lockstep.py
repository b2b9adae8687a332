"""Ants in lockstep walk the paths of ants one after the other, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.colony.lockstep import open_lanes
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

ALONE = open_lanes(0, 0, 0)

READINGS = [
    ATSA(ants=70),  # more than there are lanes, and the last too few for lockstep
    ATSA(ants=16, beta=31.0),
    ATSA(ants=17, beta=0.0, occupancy="before-task"),
    ATSA(ants=33, heuristic="memory*completion-time", alpha=2.0),
    replace(ATSA.repaired(), ants=21),
    ACO(ants=18),
    ACO(ants=64, beta=2.5),  # a power, but none that changes while ants walk
]


def forbidden_pairs():
    times = np.random.default_rng(2).uniform(1.0, 9.0, (40, 7))
    times[:, 1:][np.random.default_rng(3).random((40, 6)) < 0.5] = np.inf
    return Problem(times)


def no_time():
    return Problem([[0.0, 1.0], [0.0, 0.0], [2.0, 0.0]])


PROBLEMS = {
    "loose": paper_pool(60, 10, slack=2.0, rng=1),
    "tight": paper_pool(50, 6, slack=1.1, rng=2),  # some ants find no room
    "too tight": paper_pool(40, 16, slack=1.02, rng=3),  # none does
    "many nodes": paper_pool(50, 48, slack=3.0, rng=4),
    "without memory": forbidden_pairs(),
    "no time": no_time(),
}


def iterate(problem, atsa, lanes):
    """Return all that several iterations leave, with or without lanes."""
    state, left = atsa.init(problem, np.random.default_rng(5)), []
    for _ in range(8):
        if lanes is not None:
            state.lanes = lanes
        state = atsa.step(problem, state)
        room = np.isfinite(state.tours.makespans)
        left.append(
            (
                *(state.tours.assignments[room].tolist(), state.tours.makespans.tolist()),
                *(state.tours.totals.tolist(), state.trail.pheromone.tolist()),
                state.stream.tolist(),
            )
        )
    return left, state


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("atsa", READINGS, ids=str)
def test_lockstep_changes_no_bit(name, atsa):
    problem = PROBLEMS[name]
    together, state = iterate(problem, atsa, None)
    assert len(state.lanes.point) == min(atsa.ants, 32)
    alone, _ = iterate(problem, atsa, ALONE)
    assert together == alone


def test_the_problems_have_ants_that_stop_and_ants_that_do_not():
    for name, some, all_of_them in (("loose", 1, True), ("tight", 1, False)):
        left, _ = iterate(PROBLEMS[name], READINGS[0], None)
        finite = np.isfinite([iteration[1] for iteration in left])
        assert finite.any() == some
        assert finite.all() == all_of_them


@pytest.mark.parametrize(
    ("atsa", "nodes"),
    [
        (ATSA(beta=2.5), 4),
        (ATSA(local_rule="acs"), 5),
        (ATSA(), 49),
        (ACO(), 49),
        (ATSA(ants=15), 5),
        (ATSA(heuristic="completion-time"), 601),
    ],
    ids=["power", "local rule", "rejection", "rejection of ACO", "few ants", "very many nodes"],
)
def test_ants_that_gain_nothing_by_lockstep_have_no_lanes(atsa, nodes):
    state = atsa.init(paper_pool(30, nodes, rng=1), np.random.default_rng(1))
    assert len(state.lanes.point) == 0


@pytest.mark.parametrize(
    ("atsa", "nodes", "tries"),
    [
        (ATSA(), 48, 0),
        (ATSA(), 49, 7),
        (ATSA(beta=2.5), 4, 0),
        (ATSA(beta=2.5), 5, 4),
        (ATSA(beta=2.5), 30, 5),
        (ATSA(beta=2.5, occupancy="running-task"), 30, 0),
        (ACO(beta=2.5), 30, 0),
        (ATSA(beta=2.5, heuristic="completion-time"), 30, 0),
    ],
    ids=str,
)
def test_alias_tables_are_for_many_nodes_and_for_powers(atsa, nodes, tries):
    state = atsa.init(paper_pool(30, nodes, slack=3.0, rng=1), np.random.default_rng(1))
    assert state.tries == tries


def test_calls_of_few_ants_walk_one_by_one(monkeypatch):
    problem, left = PROBLEMS["loose"], []
    for pairs in (2_000_000, 15 * 60 * 10):  # of ants, tasks and nodes at once
        monkeypatch.setattr("edgeopt.optim.scheduling.colony.atsa._PAIRS_AT_ONCE", pairs)
        left.append(iterate(problem, READINGS[0], None)[0])
    assert left[0] == left[1]

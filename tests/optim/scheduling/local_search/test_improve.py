"""Local search inside the colony and the swarm, and what ATSA beyond the paper adds."""

from dataclasses import replace

import numpy as np
import pytest
from naive.local_search import least_peak, moves_from

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA, start_trail
from edgeopt.optim.scheduling.local_search.candidates import price_ratios
from edgeopt.optim.scheduling.local_search.moves import improve
from edgeopt.optim.scheduling.local_search.search import open_search
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.optim.stream import open_stream
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

PROBLEMS = {
    "memory": lambda: paper_pool(40, 6, slack=1.2, rng=1),
    "matrix": lambda: braun("u_i_hihi", 40, 6, rng=1),
}


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]()


def assert_locally_optimal(problem, assignment):
    assert problem.fits(assignment)
    every = [range(problem.nodes)] * problem.tasks
    assert least_peak(problem, assignment, every) >= problem.makespan(assignment) * (1 - 1e-9)


@pytest.mark.parametrize("solver", [replace(ATSA.repaired(), ants=4), ACO(ants=4)])
def test_ants_end_in_local_optima(problem, solver):
    solver = replace(solver, local_search="all")
    state = solver.init(problem, np.random.default_rng(3))
    for iteration in range(1, 6):
        state = solver.step(problem, state)
        assert state.evaluations == iteration * 4 + state.search.compared[0]
        assert state.search.compared[0] > 0
        for path, makespan, total in zip(*state.tours, strict=True):
            assert_locally_optimal(problem, path)
            assert makespan == pytest.approx(problem.makespan(path))
            assert total == pytest.approx(problem.total_time(path))
        assert state.makespan == pytest.approx(problem.makespan(state.assignment))


def test_the_best_ant_alone(problem):
    solver = replace(ATSA.repaired(), ants=4)
    plain = solver.step(problem, solver.init(problem, np.random.default_rng(3)))
    memetic = replace(solver, local_search="best")
    state = memetic.step(problem, memetic.init(problem, np.random.default_rng(3)))
    best = int(plain.tours.makespans.argmin())
    for ant in range(4):
        same = (state.tours.assignments[ant] == plain.tours.assignments[ant]).all()
        assert same or ant == best
    assert_locally_optimal(problem, state.tours.assignments[best])
    assert state.evaluations == 4 + state.search.compared[0]


def test_kicks_go_beyond_the_descent():
    problem = braun("u_i_hihi", 100, 8, rng=2)
    means = []
    for kicks in (0, 3):
        solver = replace(ATSA.repaired(), ants=5, local_search="all", kicks=kicks)
        state = solver.step(problem, solver.init(problem, np.random.default_rng(1)))
        means.append(state.tours.makespans.mean())
        assert state.evaluations == 5 + state.search.compared[0]
    assert means[1] < means[0]


@pytest.mark.parametrize("which", ["best", "all"])
def test_particles_move_to_where_local_search_ends(problem, which):
    solver = PSO(particles=4, local_search=which)
    state = solver.init(problem, np.random.default_rng(3))
    for iteration in range(1, 8):
        state = solver.step(problem, state)
        swarm = state.swarm
        assert state.evaluations == iteration * 4 + state.search.compared[0]
        finite = np.isfinite(swarm.cost)
        for p in np.flatnonzero(finite):
            assert swarm.cost[p] == pytest.approx(problem.makespan(swarm.assignment[p]))
            if which == "all":
                assert_locally_optimal(problem, swarm.assignment[p])
        moved = np.floor(swarm.position[finite]) != swarm.assignment[finite]
        assert not moved.any()
        assert swarm.best_cost[state.leader] == swarm.best_cost.min()
        if state.assignment is not None:
            assert state.makespan == pytest.approx(problem.makespan(state.assignment))


def test_stagnation_starts_the_pheromone_anew():
    problem = Problem(np.ones((6, 3)))  # the first good schedule cannot be improved
    solver = replace(ATSA.repaired(), restart=3)
    start = start_trail(problem, solver).pheromone
    state = solver.init(problem, np.random.default_rng(0))
    fresh = []
    for _ in range(12):
        state = solver.step(problem, state)
        fresh.append(bool((state.trail.pheromone == start).all()))
        assert np.isinf(state.leader_cost) == fresh[-1]
    assert sum(fresh) >= 2
    assert state.makespan == 2.0


def test_the_pheromone_is_reset_after_exactly_so_many_iterations():
    problem = Problem([[1.0]])  # the leader of the first iteration cannot be beaten
    solver = replace(ATSA.repaired(), restart=3)
    start = start_trail(problem, solver).pheromone
    state = solver.init(problem, np.random.default_rng(0))
    resets = []
    for iteration in range(1, 13):
        state = solver.step(problem, state)
        if (state.trail.pheromone == start).all():
            resets.append(iteration)
    assert resets == [4, 8, 12]


@pytest.mark.parametrize("kicks", [1, 15, 16, 37])
def test_all_kicks_are_made(kicks):
    problem = braun("u_i_hihi", 20, 4, rng=1)
    search = open_search(problem)
    paths = np.zeros((2, 20), dtype=np.int64)
    spans = np.array([problem.makespan(paths[0]), np.inf])
    before, totals = spans[0], np.zeros(2)
    compared = improve(search, paths, spans, totals, kicks, open_stream(np.random.default_rng(0)))
    assert search.kicks[0] == kicks
    assert compared == search.compared[0] > kicks
    assert spans[0] == pytest.approx(problem.makespan(paths[0]))
    assert spans[0] < before
    assert totals[0] == pytest.approx(problem.total_time(paths[0]))
    assert spans[1] == np.inf  # no schedule: left alone
    assert not paths[1].any()


def test_a_descent_counts_every_neighbour_that_it_compares(problem):
    search = open_search(problem)
    every = [range(problem.nodes)] * problem.tasks
    path = np.arange(problem.tasks) % problem.nodes
    optimum, spans = path.copy()[None], np.full(1, problem.makespan(path))
    stream = open_stream(np.random.default_rng(0))
    improve(search, optimum, spans, np.zeros(1), 0, stream)
    # From a local optimum the descent looks once at all moves of the critical node.
    compared = improve(search, optimum, spans, np.zeros(1), 0, stream)
    critical = int(problem.loads(optimum[0]).argmax())
    assert compared == len(list(moves_from(problem, optimum[0], critical, every)))


def test_reduced_costs_as_visibility():
    problem = braun("u_i_hihi", 30, 5, rng=4)
    fixed = start_trail(problem, ATSA(heuristic="reduced-cost", beta=2.0)).fixed
    np.testing.assert_allclose(fixed, price_ratios(problem) ** 2)


@pytest.mark.parametrize(
    "family", ["paper:100x10", "braun:u_i_hihi:100x10", "braun:u_c_hilo:100x10"]
)
def test_beyond_beats_repaired_at_equal_evaluations(family):
    gaps = []
    for seed in range(500, 508):
        problem = load_problem(f"{family}:seed={seed}")
        runs = [
            solve(problem, solver, stop=Evaluations(30_000), rng=seed)
            for solver in (ATSA.beyond(), ATSA.repaired())
        ]
        gaps.append([run.makespan for run in runs])
    beyond, repaired = np.array(gaps).T
    assert (beyond <= repaired * (1 + 1e-9)).sum() >= 6
    assert beyond.mean() < repaired.mean()

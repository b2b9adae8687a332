"""Evaluations of a particle swarm a second: edgeopt, pygmo's pso_gen, pymoo's PSO.

All three decode a position by its floor and call the same compiled makespan or, for edgeopt, its
own kernel. 20 particles, 100 generations, 200 tasks on 10 nodes; one round is 2000 evaluations.
"""

import numpy as np
import pytest

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem

PARTICLES, GENERATIONS = 20, 100


@pytest.fixture(scope="module")
def problem():
    return Problem(paper_pool(200, 10, rng=1).matrix)


@jit
def makespan_of(position, times, loads):
    loads[:] = 0.0
    for i in range(len(position)):
        node = min(int(position[i]), len(loads) - 1)
        loads[node] += times[i, node]
    return loads.max()


@pytest.mark.benchmark(group="particle swarm, 2000 evaluations")
def test_edgeopt(benchmark, problem):
    warm_up(problem, PSO())
    result = benchmark(
        solve, problem, PSO(particles=PARTICLES), stop=Iterations(GENERATIONS), rng=0
    )
    assert result.evaluations == PARTICLES * GENERATIONS


@pytest.mark.benchmark(group="particle swarm, 2000 evaluations")
def test_pygmo_pso_gen(benchmark, problem):
    pygmo = pytest.importorskip("pygmo")
    times, loads = problem.matrix, np.zeros(problem.nodes)

    class Makespan:
        def fitness(self, position):
            return [makespan_of(position, times, loads)]

        def get_bounds(self):
            return [0.0] * problem.tasks, [float(problem.nodes)] * problem.tasks

    def run():
        population = pygmo.population(pygmo.problem(Makespan()), PARTICLES, seed=0)
        algorithm = pygmo.algorithm(pygmo.pso_gen(gen=GENERATIONS - 1, seed=0))
        return algorithm.evolve(population)

    population = benchmark(run)
    assert population.problem.get_fevals() == PARTICLES * GENERATIONS


@pytest.mark.benchmark(group="particle swarm, 2000 evaluations")
def test_pymoo_pso(benchmark, problem):
    pytest.importorskip("pymoo")
    from pymoo.algorithms.soo.nonconvex.pso import PSO as PYMOO_PSO
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.optimize import minimize

    times, loads = problem.matrix, np.zeros(problem.nodes)

    class Makespan(ElementwiseProblem):
        def __init__(self):
            super().__init__(n_var=problem.tasks, n_obj=1, xl=0.0, xu=float(problem.nodes))

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = makespan_of(x, times, loads)

    def run():
        budget = ("n_eval", PARTICLES * GENERATIONS)
        return minimize(Makespan(), PYMOO_PSO(pop_size=PARTICLES, adaptive=False), budget, seed=0)

    assert benchmark.pedantic(run, rounds=3).F is not None

"""Run solvers with their kernels as Python, and print evaluations reported and computed.

Every function that computes an objective is replaced by one that also counts its calls, so the
second number is not the solver's. To be run with ``NUMBA_DISABLE_JIT=1``.
"""

import json
from collections import Counter

import numpy as np

from edgeopt.optim.scheduling import pso
from edgeopt.optim.scheduling.catalog import make_solver
from edgeopt.optim.scheduling.colony import lockstep, walk
from edgeopt.optim.scheduling.local_search import chain, moves
from edgeopt.optim.scheduling.rivals import annealing, iterated_greedy, population, tabu
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.optim.scheduling.tempering import moves as tempering
from edgeopt.problems.scheduling.problem import Problem

ONE_BY_ONE = [  # called once for each schedule or neighbour
    (iterated_greedy, "end_there"),
    (annealing, "rise_of"),
    (tabu, "better"),
    (pso, "row_makespan"),
    (population, "row_makespan"),
]

CALLS: Counter[str] = Counter()


def counted(module, name, size=lambda *arguments: 1):
    """Replace a function of a module by one that counts its calls."""
    plain = getattr(module, name)

    def counting(*arguments):
        CALLS[name] += size(*arguments)
        return plain(*arguments)

    setattr(module, name, counting)


for each in ONE_BY_ONE:
    counted(*each)
counted(walk, "sum_four")  # twice for each ant that assigns all tasks, alone or in lockstep
counted(lockstep, "sum_four")
counted(moves, "time_of")  # twice for each shift or swap of a descent
counted(chain, "arrival")  # of each shift of a chain, and again of the one chosen
counted(chain, "_extend", lambda search, length, *rest: length > 0)
counted(tempering, "overload")  # four for each shift or swap, two for each way to share a block
counted(tempering, "_weigh", lambda model, a, b, ways, *rest: ways)


def computed():
    """The schedules whose objective was computed since the counts were cleared."""
    blocks = CALLS["_weigh"]
    neighbours = (CALLS["overload"] - 2 * blocks) // 4
    local = CALLS["time_of"] // 2 + CALLS["arrival"] - CALLS["_extend"]
    single = sum(CALLS[name] for name in {name for _, name in ONE_BY_ONE})
    return CALLS["sum_four"] // 2 + local + neighbours + blocks + single


PROBLEM = Problem(np.random.default_rng(3).exponential(1.0, (7, 3)))

# schedules of heuristics, whose objective `Problem` computes or a local search sums up
FIRST = {
    "local-search": 1,
    "iterated-greedy": 1,
    "annealing": 1,
    "tabu": 1,
    "frontier": 5,
    "branch-and-price": 8,
}


def run(name, iterations, **parameters):
    """Evaluations reported and computed by a solver."""
    solver = make_solver(name, parameters)
    CALLS.clear()
    result = solve(PROBLEM, solver, stop=Iterations(iterations), rng=1, bound=lambda _: 0.0)
    return result.evaluations, computed() + FIRST.get(name, 0)


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "atsa": run("atsa", 3, ants=4),
                "aco": run("aco", 3, ants=4),
                "atsa-beyond": run("atsa-beyond", 2, ants=3),
                "pso": run("pso", 3, particles=4),
                "pso-discrete": run("pso-discrete", 3, particles=4),
                "local-search": run("local-search", 3, kicks=20),
                "iterated-greedy": run("iterated-greedy", 4),
                "annealing": run("annealing", 2),
                "tabu": run("tabu", 2),
                "genetic": run("genetic", 3, population=4),
                "dpso": run("dpso", 3, particles=4),
                "frontier": run("frontier", 1, levels=3),
                "branch-and-price": run("branch-and-price", 1),
            }
        )
    )

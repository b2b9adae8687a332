"""Simulated annealing, against a naive version and by hand."""

import numpy as np
import pytest
from naive.rivals import NaiveAnnealing
from rival_problems import PROBLEMS

from edgeopt.optim.scheduling.rivals import annealing
from edgeopt.optim.scheduling.rivals.annealing import SimulatedAnnealing, is_accepted
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.scheduling.problem import Problem


@pytest.mark.parametrize(
    "solver", [SimulatedAnnealing(power=5, hot=0.5), SimulatedAnnealing.printed()]
)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_equals_the_naive_version(problem, solver, monkeypatch):
    monkeypatch.setattr(annealing, "_NEIGHBOURS", 150)
    problem, start = PROBLEMS[problem](), None
    state = solver.init(problem, np.random.default_rng(9), start)
    rng = np.random.default_rng(9)
    naive = NaiveAnnealing(problem, solver, rng, state.first)
    for step in range(3):
        if solver.cooling == "planned":
            naive.temperature = 0.5 * (0.00003 / 0.5) ** (step / 64) * naive.best
        state = solver.step(problem, state)
        for _ in range(150):
            naive.neighbour()
        assert state.schedule.assignment.tolist() == naive.current
        assert state.best.makespan[0] == pytest.approx(naive.best)
        assert state.temperature[0] == pytest.approx(naive.temperature, abs=1e-300)


@pytest.mark.parametrize(("logistic", "chance"), [(False, np.exp(-0.5)), (True, 0.3775406688)])
def test_longer_schedules_are_accepted_by_the_rule(logistic, chance):
    # exp(-2/4), and 1 / (1 + exp(2/4))
    taken = [is_accepted(2.0, 4.0, logistic, u) for u in (chance - 1e-9, chance + 1e-9)]
    assert taken == [True, False]
    assert is_accepted(0.0, 0.0, logistic, 0.999)
    assert not is_accepted(1e-9, 0.0, logistic, 0.0)


def test_with_a_budget_the_last_temperature_is_cold():
    problem = PROBLEMS["none"]()
    solver = SimulatedAnnealing(hot=0.1, cold=0.001)
    result = solve(problem, solver, stop=Iterations(10), rng=1, bound=lambda _: 0.0)
    shares = result.state.temperature[0] / np.array(result.trace.makespan)
    assert np.isclose(shares, 0.1 * 0.01**0.9).any()  # of the best before the last step


def test_printed_is_a_random_descent_in_the_end():
    # 0.9 ** 2000 of the first makespan is nothing: {3}, {1, 1, 1} is found, and kept.
    problem = Problem(np.repeat([[3.0], [1.0], [1.0], [1.0]], 2, axis=1))
    result = solve(problem, SimulatedAnnealing.printed(), stop=Iterations(2), rng=1)
    assert result.makespan == 3.0


def test_the_energy_by_hand():
    # 3 and 1: (9 + 1) / 2 / 3 s; 2 and 2: 8 / 2 / 3 s
    problem = Problem(np.ones((4, 2)))
    solver = SimulatedAnnealing(power=2)
    state = solver.init(problem, np.random.default_rng(1), np.array([0, 0, 0, 1]))
    annealing.read_and_keep(state.instance, state.schedule, state.best, state.first)
    neighbour = annealing.Neighbour(0, 1, -1, 2.0, 2.0)
    assert annealing.rise_of(state.schedule, neighbour, 2, 3.0) == pytest.approx(-1 / 3)
    assert annealing.rise_of(state.schedule, neighbour, 0, 3.0) == -1.0
    assert state.schedule.ends.tolist() == [3.0, 1.0]

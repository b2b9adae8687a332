"""The cooling planned for a budget: its temperatures by hand, its bits, and when it is planned."""

import numpy as np
import pytest
from tempering_walks import LEVELS, TARGET, model_of, walk_of

from edgeopt.optim.scheduling.local_search import priced_start
from edgeopt.optim.scheduling.run_time import spending
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations, Iterations, Stall
from edgeopt.optim.scheduling.tempering import model as model_module
from edgeopt.optim.scheduling.tempering import solver as frontier
from edgeopt.optim.scheduling.tempering.cooling import (
    COLD,
    FREEST,
    FROZEN,
    LOOSE,
    STIFFEST,
    TIGHT,
    aim_again,
    enter_level,
    lowered,
    mean_cost,
    open_cooling,
    open_settling,
    promises_better,
    target_of,
    temperature_at,
    temperature_of,
)
from edgeopt.optim.scheduling.tempering.model import USED
from edgeopt.optim.scheduling.tempering.solver import Frontier
from edgeopt.optim.scheduling.tempering.tempering import cool, temper
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.problem import Problem


def problem_of(tasks=120, nodes=6):
    return braun("u_c_hihi", tasks, nodes, rng=3)


def test_two_nodes_at_three_to_one():
    """exp(-ln 3) is a third: probabilities 3/4 and 1/4, of entropy ln 4 - 3/4 ln 3."""
    costs = np.array([[0.0, np.log(3.0)], [0.0, np.inf]])
    entropy = np.log(4.0) - 0.75 * np.log(3.0)  # the second task has no choice
    assert temperature_of(costs, entropy) == pytest.approx(1.0)
    assert temperature_of(costs / 8, entropy) == pytest.approx(1 / 8)
    assert mean_cost(costs, 1.0) == pytest.approx(0.25 * np.log(3.0))


def test_the_temperature_at_a_cost():
    """Two of three tasks choose between 0 and ln 3: at temperature 1, a quarter of it each."""
    costs = np.array([[0.0, np.log(3.0)], [0.0, np.log(3.0)], [0.0, np.inf]])
    assert temperature_at(costs, 0.5 * np.log(3.0)) == pytest.approx(1.0)
    assert temperature_at(costs / 8, 0.5 * np.log(3.0) / 8) == pytest.approx(1 / 8)
    assert temperature_at(costs, 100.0) == pytest.approx(10.0)  # out of reach


@pytest.mark.parametrize(
    ("cost", "best", "target"),
    [
        (0.0, 2.0, 1.75),  # the mean of loads is out of reach: just below the best
        (0.5, 2.0, 1.5),
        (0.6, 2.0, 1.5),  # whole grains
        (0.9, 1.5, 1.25),
        (0.9, 1.0, 1.0),  # never below the bound
        (0.9, 3.5, 8.0),  # so far away, grains do not matter
    ],
)
def test_loads_of_whole_grains_have_a_whole_target(cost, best, target):
    walk = walk_of(model_of(60, 2, memory=False)._replace(grain=0.25))
    walk.incumbent.makespan[0] = best
    assert target_of(walk, cost, 7.0) == pytest.approx(target)
    walk = walk._replace(target=1.75)
    assert lowered(walk) == pytest.approx(max(min(best - 0.25, 1.75), 1.0))
    free = walk._replace(model=walk.model._replace(grain=0.0))
    assert (target_of(free, cost, 7.0), lowered(free)) == (8.0, 1.75)


@pytest.mark.parametrize(("grain", "used"), [(0.25, USED), (0.0, 0.0), (0.01, 0.0)])
def test_costs_may_take_a_part_of_the_slack_near_the_bound(grain, used):
    walk = walk_of(model_of(60, 2, memory=False)._replace(slack=30.0, grain=grain))
    walk.incumbent.makespan[0] = 2.0
    cooled, _ = open_cooling(walk, 0.2, 0.8)
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    frozen = temperature_of(costs, FROZEN * 2)
    assert mean_cost(costs, frozen) < USED * 30.0
    wanted = max(frozen, temperature_at(costs, used * 30.0))
    assert cooled.ladder.temperatures[-1] == pytest.approx(wanted)


def test_many_tasks_are_sampled():
    costs = np.tile([[0.0, np.log(3.0)]], (5000, 1))
    entropy = 5000 * (np.log(4.0) - 0.75 * np.log(3.0))
    assert temperature_of(costs, entropy) == pytest.approx(1.0)


def test_the_way_down():
    walk = walk_of(model_of(60, 2, memory=False))
    walk.incumbent.makespan[0] = 2.0
    cooled, cooling = open_cooling(walk, 0.2, 0.8)
    k, x = walk.model.times.shape
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    ends = [temperature_of(costs, nats * x) for nats in (FREEST, FROZEN)]
    assert cooled.ladder.temperatures[[0, -1]] == pytest.approx(ends)
    assert cooling.stiffness[-1] == STIFFEST
    assert (np.diff(cooling.stiffness) > 0.0).all()
    assert [cooling.level_at(used) for used in (0.0, 0.39, 0.41, 0.61, 0.9)] == [0, 0, 1, 2, 2]
    cool(cooled, 0, 20)
    cost = float(cooled.replicas.costs[cooled.replicas.at[0]])
    lower = enter_level(cooled, cooling, 2)
    assert lower.target == pytest.approx(1.0 + cost)
    assert lower.ladder.stiffness[2] == pytest.approx(STIFFEST * x / cost**2)
    at = lower.replicas.at
    assert np.array_equal(lower.replicas.assignment[at[2]], lower.replicas.assignment[at[0]])
    assert cooling.level_at(0.0) == 2  # never up again
    assert lower.replicas.counts[at[2]].sum() == k


def test_settling_starts_from_the_best_schedule():
    model = model_of(60, 2, memory=False)
    model.times[:] = 0.01  # none is late
    walk = walk_of(model)
    walk.incumbent.makespan[0] = 6.0
    walk.incumbent.assignment[:] = np.arange(60) % 2
    settled, cooling = open_settling(walk, 0.1, 0.9)
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    first = temperature_at(costs, 5.0)
    assert settled.ladder.temperatures[[0, -1]] == pytest.approx([first, COLD * first])
    assert cooling.stiffness[[0, -1]] == pytest.approx([LOOSE, TIGHT])
    assert (cooling.begin, cooling.end, cooling.level) == (0.1, 0.9, 0)
    replica = settled.replicas.at[0]
    assert np.array_equal(settled.replicas.assignment[replica], walk.incumbent.assignment)
    assert settled.target == pytest.approx(6.0)
    # Stiffness follows from the gap at the start, and the target from the cost at the time.
    lower = enter_level(settled, cooling, 2)
    assert lower.ladder.stiffness[[0, 2]] == pytest.approx(np.array([LOOSE, TIGHT]) * 2 / 5.0**2)
    cost = lower.replicas.costs[lower.replicas.at[2]]
    assert lower.target == pytest.approx(1.0 + cost)
    lower.replicas.costs[lower.replicas.at[2]] = 3.0
    assert aim_again(lower, cooling).target == 4.0


def test_settling_proposes_no_pair_that_ends_late():
    model = model_of(60, 2, memory=False)
    model.times[:3] = [[1.0, 1.3], [1.3, 1.0], [1.3, 1.3]]
    model.times[3:] = 0.01
    model.costs[:3] = [[5.0, 0.0], [0.0, 5.0], [0.0, 5.0]]
    model.ready[:] = 0.0
    walk = walk_of(model)
    walk.incumbent.makespan[0] = 1.5  # late is more than 1.2
    walk.incumbent.assignment[:] = 1
    settled, cooling = open_settling(walk, 0.1, 0.9)
    assert settled.ladder.nodes[:3].tolist() == [[0, 1], [1, 0], [0, 1]]
    assert (settled.ladder.chances[:, :2, 0] == 2.0).all()
    assert (settled.ladder.chances[:, 2, 0] < 2.0).all()  # both its nodes are late
    assert cooling.links.costs[:2, 1].tolist() == [np.inf, np.inf]
    # The task that is on a late node leaves it: no other move would be proposed.
    assert settled.replicas.assignment[settled.replicas.at[0]].tolist() == [0] + [1] * 59
    assert np.isfinite(settled.replicas.costs[settled.replicas.at[0]])


def test_a_task_whose_near_nodes_are_all_late_goes_to_the_others(monkeypatch):
    monkeypatch.setattr(model_module, "LEAST_PROPOSED", 1)
    monkeypatch.setattr(model_module, "PAIRS_PROPOSED", 1)
    model = model_of(60, 3, memory=False)
    model.times[:], model.ready[:] = 0.01, 0.0
    model.costs[0], model.times[0] = [0.0, 1.0, 2.0], [1.3, 1.3, 1.0]
    walk = walk_of(model)
    assert walk.ladder.nodes.shape == (60, 1)
    walk.incumbent.makespan[0] = 1.5
    settled, _ = open_settling(walk, 0.1, 0.9)
    assert settled.ladder.nodes[0].tolist() == [2]


def test_when_it_promises_to_end_well_below_the_best_schedule():
    walk = walk_of(model_of(60, 2, memory=False))
    costs = np.take_along_axis(walk.model.costs, walk.ladder.nodes, axis=1)
    end = mean_cost(costs, temperature_of(costs, FROZEN * 2))
    for ratio in (2.99, 3.01):
        walk.incumbent.makespan[0] = 1.0 + ratio * end
        assert promises_better(walk) == (ratio > 3.0)


def test_a_large_problem_begins_with_a_short_cycle(monkeypatch):
    monkeypatch.setattr(priced_start, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(frontier, "WIDEST", 1.0)
    problem, solver = problem_of(), Frontier(levels=4)
    state, lengths = solver.init(problem, np.random.default_rng(1)), []
    for _ in range(1 + 2 + 2 * 16 + 1):
        state = solver.step(problem, state)
        lengths.append(state.length)
    assert lengths == [8] + [1] * 2 + [8] * 32 + [16]


def test_cooling_moves_as_visits_do():
    """With few tasks, sums are made at each visit: the same bits as tempering on one level."""
    one, other = (walk_of(model_of(30, 4, memory=False)) for _ in range(2))
    cool(one, LEVELS - 1, 3)
    one.replicas.at[:] = one.replicas.at[::-1]
    cool(other, LEVELS - 1, 1)
    cool(other, LEVELS - 1, 2)
    assert one.target == TARGET
    assert np.array_equal(one.replicas.assignment, other.replicas.assignment)
    assert np.array_equal(one.replicas.loads, other.replicas.loads)
    assert np.array_equal(one.stream, other.stream)
    temper(other, 0, LEVELS)
    assert not np.array_equal(one.stream, other.stream)


@pytest.mark.parametrize("stop", [Iterations(120), Evaluations(30_000_000)], ids=str)
def test_a_counted_budget_is_used_to_its_end_with_the_same_bits(monkeypatch, stop):
    monkeypatch.setattr(Frontier, "lifts_bound", False)  # a walk of the proof uses evaluations, too
    problem = problem_of()
    first, again = (solve(problem, Frontier(levels=8), stop=stop, rng=1) for _ in range(2))
    assert first.assignment.tolist() == again.assignment.tolist()
    assert first.evaluations == again.evaluations
    cooling = first.state.cooling
    assert cooling.level == 7
    assert 0.1 < cooling.begin < 0.5
    assert cooling.end == pytest.approx(cooling.begin + 0.5 * (1.0 - cooling.begin))
    assert cooling.is_over


@pytest.mark.parametrize("stop", [Iterations(120), Evaluations(20_000_000)], ids=str)
def test_many_pairs_settle_for_the_rest_of_the_budget(monkeypatch, stop):
    monkeypatch.setattr(priced_start, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(frontier, "SETTLING_PAIRS", 0)
    problem = braun("u_i_hihi", 120, 6, rng=3)
    first, again = (solve(problem, Frontier(levels=8), stop=stop, rng=1) for _ in range(2))
    assert first.assignment.tolist() == again.assignment.tolist()
    cooling = first.state.cooling
    assert cooling.level == 7
    assert cooling.stiffness[0] == LOOSE
    assert cooling.begin < 0.1
    assert cooling.end == pytest.approx(cooling.begin + 0.97 * (1.0 - cooling.begin))


def test_without_a_budget_cycles_double_as_before():
    problem = problem_of()
    plain = Frontier(levels=4)
    state = plain.init(problem, np.random.default_rng(1))
    for _ in range(60):
        state = plain.step(problem, state)
    stalled = solve(problem, plain, stop=[Stall(60), lambda p: p.iterations >= 60], rng=1)
    assert stalled.state.cooling is None
    assert stalled.makespan == state.makespan


def test_no_cooling_for_short_budgets_and_tight_memory():
    for problem, steps in (
        (problem_of(), 20),
        (braun("u_s_hihi", 60, 6, rng=3), 120),
        (braun("u_c_hihi", 60, 6, utilisation=0.9, rng=3), 120),
    ):
        result = solve(problem, Frontier(levels=4), stop=Iterations(steps), rng=1)
        assert result.state.cooling is None


def walked(problem, solver, shares):
    """The state after a step at each share of a budget; no bound or gap ends it."""
    state = solver.init(problem, np.random.default_rng(1))
    cycles = []
    for share in shares:
        with spending(lambda share=share: share):
            state = solver.step(problem, state)
        cycles.append(state.cycle)
    assert state.cooling is not None
    assert state.makespan == problem.makespan(state.assignment)
    return state, cycles


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 3), (5, 4)], ids=str)
def test_tiny_problems_cool_too(shape):
    problem = Problem(np.sort(np.random.default_rng(1).exponential(1.0, shape)))
    walked(problem, Frontier(levels=2), np.linspace(0.0, 1.0, 80))


def test_ties_cool_too():
    """Equal costs have entropy at any temperature."""
    times = np.ones((40, 3))
    state, _ = walked(Problem(times), Frontier(levels=4), np.linspace(0.0, 1.0, 80))
    assert state.makespan == 14.0


def test_a_share_that_jumps_ends_the_cooling():
    """Four cycles of 0.32 s at least are planned where 0.05 are left: one of as many steps."""
    shares = [0.01 * step for step in range(30)] + [0.95 + 0.01 * step for step in range(5)]
    state, cycles = walked(problem_of(), Frontier(levels=4), shares)
    assert state.cooling.is_over
    assert state.length == 3  # five steps are left, two for each unit of length
    assert cycles[-5:] == [1] * 5


def test_the_last_cycle_ends_with_the_budget():
    state, cycles = walked(problem_of(), Frontier(levels=4), np.arange(200) / 200)
    lengths = np.diff(np.flatnonzero(np.diff(cycles, prepend=-1)))
    assert state.position == 0
    assert state.cycle == cycles[-2] + 1
    # two cycles of 16 steps, 85 of cooling before the third
    assert lengths[:1].tolist() == [15]

"""The solver as a whole: what is proved at once, schedules that must be searched, odd problems."""

import numpy as np
import pytest

from edgeopt.optim.scheduling.bounds.rounding import makespan_unit
from edgeopt.optim.scheduling.branch_and_price import root
from edgeopt.optim.scheduling.branch_and_price.deadlines import open_deadlines
from edgeopt.optim.scheduling.branch_and_price.prices import lp_prices, no_columns
from edgeopt.optim.scheduling.branch_and_price.root import open_root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.branch_and_price.tree import plant, replanted
from edgeopt.optim.scheduling.branch_and_price.whole import whole_problem
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes
from edgeopt.problems.scheduling.spec import load_problem


def run(problem, iterations=200):
    return solve(problem, BranchAndPrice(), stop=Iterations(iterations), rng=1)


@pytest.mark.parametrize("kind", ["u_1_100", "u_100_120", "u_100_200", "jobs", "machines"])
def test_small_instances_are_proved(kind):
    result = run(load_problem(f"rcmax:{kind}:60x6:seed=1"))
    assert (result.status, result.gap) == ("optimal", 0.0)


def test_memory_makes_schedules_longer_and_is_proved_too():
    tight = load_problem("rcmax:u_1_100:16x3:utilisation=0.95:seed=2")
    result, free = run(tight), run(Problem(tight.et))
    assert result.status == free.status == "optimal"
    assert result.makespan > free.makespan


def test_equal_bits_with_equal_seeds():
    problem = load_problem("rcmax:u_10_100:40x8:seed=3")
    first, second = run(problem, 12), run(problem, 12)
    assert first.trace.makespan == second.trace.makespan
    assert first.lower_bound == second.lower_bound


def test_a_problem_without_a_heuristic_schedule():
    # Sizes 3 3 2 2 2 on two nodes of 6: only {3, 3} and {2, 2, 2} fit.
    problem = Problem(np.ones((5, 2)), [2.0, 3.0, 2.0, 3.0, 2.0], [6.0, 6.0])
    result = run(problem)
    assert (result.makespan, result.status) == (3.0, "optimal")


def test_deadlines_follow_the_unit():
    deadlines = open_deadlines(Problem([[0.2, 0.4], [0.6, 0.2]], ready=[0.0, 1.0]))
    assert deadlines.unit == pytest.approx(0.2)
    deadlines.met = 0.8
    assert deadlines.highest == pytest.approx(0.6)
    deadlines.refuted = deadlines.highest
    assert deadlines.is_settled
    real = open_deadlines(Problem(UniformTimes(np.array([1.0, 2.0]), np.array([1.0, np.pi]))))
    real.met = 2.0
    assert real.unit == 0.0
    assert 2.0 * (1 - 1e-12) < real.highest < 2.0


def test_a_failure_below_the_bound_says_nothing_of_later_deadlines():
    deadlines = open_deadlines(load_problem("rcmax:machines:40x8:seed=1"))
    deadlines.met, bound = 190.0, deadlines.bound
    deadlines.refuted = bound - 3.0
    deadlines.fail(bound - 2.0)
    assert (deadlines.refuted, deadlines.failed) == (bound - 1.0, set())
    assert deadlines.root_target() == bound
    deadlines.fail(bound)
    assert (deadlines.refuted, deadlines.root_is_done) == (bound - 1.0, True)


def test_strides_grow_while_deadlines_are_refuted_easily():
    """With a unit, where it takes long to find out that prices do not refute a deadline."""
    deadlines = open_deadlines(load_problem("rcmax:machines:40x8:seed=1"))
    bound, targets = deadlines.bound, []
    for iterations in (0, 2, 1, 3, 0):
        targets.append(deadlines.root_target())
        deadlines.refute(targets[-1], iterations)
    assert targets == [bound - 1.0 + known for known in (0.0, 1.0, 3.0, 7.0, 8.0)]
    assert deadlines.root_target() == bound + 9.0
    real = open_deadlines(Problem(UniformTimes(np.array([1.0, 2.0]), np.array([1.0, np.pi]))))
    real.refute(real.refuted + 1e-3, 50)
    assert real.stride == pytest.approx(2e-3)


FINE = Problem(np.random.default_rng(1).integers(10**6, 10**7, (80, 8)))


def test_a_fine_unit_is_as_none():
    """A million deadlines are not tried one by one, nor are strides as short as that."""
    deadlines = open_deadlines(FINE)
    deadlines.met = 1.01 * deadlines.bound
    assert 0.0 < deadlines.unit < deadlines.least == pytest.approx(1e-6 * deadlines.bound)
    assert deadlines.is_fine
    deadlines.refute(deadlines.bound, 50)
    deadlines.refute(1.001 * deadlines.bound, 50)
    assert deadlines.stride == pytest.approx(2e-3 * deadlines.bound)
    low, gap = deadlines.refuted, deadlines.highest - deadlines.refuted
    targets = [deadlines.tree_target(turn)[0] for turn in (0, 1)]
    assert targets == pytest.approx([low + gap / 2, deadlines.highest])
    deadlines.refuted = deadlines.highest - 10 * deadlines.unit
    assert deadlines.is_few_units
    assert not deadlines.is_fine
    assert deadlines.tree_target(0) == (deadlines.refuted + deadlines.unit, False)


def test_the_root_leaves_real_deadlines_that_are_close_to_one_that_failed():
    deadlines = open_deadlines(FINE)
    deadlines.met, deadlines.refuted = 1.01 * deadlines.bound, deadlines.bound
    gap = deadlines.stride = deadlines.highest - deadlines.refuted
    for close, part, done in ((0.25, 0.26, False), (0.25, 0.24, True), (0.0, 0.24, False)):
        deadlines.close, deadlines.failed = close, {deadlines.refuted + part * gap}
        assert deadlines.root_is_done == done
    assert deadlines.root_target() == pytest.approx(deadlines.refuted + 0.12 * gap, abs=1.0)


def test_the_root_takes_the_least_stride_after_a_deadline_that_took_long():
    problem = load_problem("rcmax:u_1000_1100:100x10:seed=101")
    begun, strides = open_root(problem), []
    begun.deadlines.met = begun.deadlines.bound + 8.0
    while not begun.deadlines.root_is_done:
        search, refuted = begun.search, begun.deadlines.refuted
        raise_deadline(problem, begun, 1)
        if search and begun.deadlines.refuted > refuted and search.iterations > 2:
            strides.append(begun.deadlines.stride)
    assert strides
    assert set(strides) == {1.0}


def test_the_root_gives_a_deadline_up_after_some_iterations(monkeypatch):
    monkeypatch.setattr(root, "_MOST_ITERATIONS", 5)
    problem = load_problem("rcmax:jobs:100x10:seed=1")
    begun = open_root(problem)
    begun.deadlines.refuted += 3.0  # no prices refute more
    begun.deadlines.met = begun.deadlines.refuted + 2.0
    raise_deadline(problem, begun, 1)
    search = begun.search
    raise_deadline(problem, begun, 10)
    assert begun.deadlines.failed
    assert search.iterations == 5


def test_a_trial_is_resumed_once_nothing_above_is_left():
    deadlines = open_deadlines(load_problem("rcmax:u_1_100:24x4:seed=6"))
    deadlines.refuted, deadlines.met = 150.0, 160.0
    deadlines.failed.add(151.0)
    assert [deadlines.tree_target(turn) for turn in (0, 1)] == [(151.0, False), (152.0, True)]
    deadlines.tried.add(152.0)
    assert deadlines.tree_target(1) == (154.0, True)
    deadlines.met = 153.0
    assert deadlines.tree_target(1) == (152.0, False)
    deadlines.given_up.add(152.0)
    assert deadlines.tree_target(1) == (151.0, False)


def test_a_descent_that_goes_wrong_begins_anew():
    problem = load_problem("rcmax:u_1_100:24x4:seed=6")
    whole = whole_problem(problem, 159.0, makespan_unit(problem))
    start = lp_prices(problem, whole), no_columns(problem)
    tree = plant(whole, *start)
    for visits, share in ((50, 1 / 8), (100, 1 / 16), (200, 1 / 32)):
        tree.visited = visits - 1
        assert replanted(tree, *start) is tree
        tree.visited = visits
        tree.open.append(tree.open[0])
        tree = replanted(tree, *start)
        assert (tree.together, tree.visited, len(tree.open)) == (share, visits, 1)
        assert tree.proof == [None]


def test_a_problem_that_is_too_large():
    large = Problem(UniformTimes(np.ones(2_001), np.ones(1_000)))
    with pytest.raises(InputError, match="at most 2000000 pairs for branch-and-price"):
        BranchAndPrice().init(large, np.random.default_rng(0))

"""Dives by bisection, where deadlines are too many for trees: which deadlines, and how long."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgeopt.optim.scheduling.branch_and_price import proof as proof_module
from edgeopt.optim.scheduling.branch_and_price.proof import (
    Bisection,
    close_gap,
    in_reach_of_trees,
    open_proof,
)
from edgeopt.optim.scheduling.branch_and_price.root import open_root, raise_deadline
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.lifting import Lifting, lift
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations, Progress
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

REAL = Problem(np.random.default_rng(1).uniform(1.0, 9.0, (64, 8)))


def begun(makespan):
    """Return a proof whose root is done, for a best makespan relative to the bound."""
    proof = open_proof(REAL)
    deadlines = proof.root.deadlines
    deadlines.met = makespan * deadlines.bound
    while not deadlines.root_is_done:
        raise_deadline(REAL, proof.root, 1)
    proof.root.work, proof.long_tasks.has_ended = 0.005, True
    return proof


@pytest.fixture
def stood_in(monkeypatch):
    """Have dives to deadlines from a given one on find a schedule after two iterations; note all.

    Other dives have no end, and take columns back in one of `every` iterations. An iteration is
    half a millisecond's work.
    """
    log = SimpleNamespace(deadlines=[], from_deadline=np.inf, every=10**9)

    def open_dive(whole, lowest, afresh):
        assert afresh
        assert lowest is not None
        log.deadlines.append(whole.deadline)
        return SimpleNamespace(
            whole=whole, found=None, is_lost=False, taken_back=0, work=0.0, iterations=0
        )

    def advance(dive):
        dive.iterations += 1
        dive.work += 5e-4
        dive.taken_back += dive.iterations % log.every == 0
        if dive.whole.deadline >= log.from_deadline and dive.iterations == 2:
            dive.found = np.zeros(64, dtype=np.int64)

    monkeypatch.setattr(proof_module, "open_dive", open_dive)
    monkeypatch.setattr(proof_module, "advance", advance)
    return log


def test_the_root_of_a_search_leaves_more():
    assert open_root(REAL).deadlines.close == 0.0
    assert open_proof(REAL).root.deadlines.close == 0.25


def test_deadlines_are_halved_towards_what_dives_reach(stood_in):
    proof = begun(1.05)
    deadlines = proof.root.deadlines
    low, gap = deadlines.refuted, deadlines.highest - deadlines.refuted
    stood_in.from_deadline = low + 0.7 * gap
    for _ in range(200):
        if close_gap(REAL, proof, 5):
            deadlines.met = stood_in.deadlines[-1]
        if proof.bisection.patience > 10:
            break
    # 3/4 and 23/32 are reached; what is left from 11/16 on is less than a sixteenth of the gap.
    parts = [(deadline - low) / gap for deadline in stood_in.deadlines]
    assert parts == pytest.approx([1 / 2, 3 / 4, 5 / 8, 11 / 16, 23 / 32], abs=1e-6)
    assert deadlines.close == 1 / 64  # since 5/8 and 11/16 were in vain


@pytest.mark.parametrize(("every", "longest"), [(10**9, 0.01), (1, 0.005)])
def test_dives_that_find_nothing_may_take_twice_as_long_the_next_time(stood_in, every, longest):
    """At first, twice as long as the root, or until columns were taken back ten times."""
    stood_in.every = every
    proof, times = begun(1.05), {}
    while proof.bisection.patience < 80:
        close_gap(REAL, proof, 1)
        if (dive := proof.bisection.dive) is not None:
            times[proof.bisection.patience] = max(
                times.get(proof.bisection.patience, 0.0), dive.work
            )
    assert list(times) == [10, 20, 40]
    assert list(times.values()) == pytest.approx([longest * n for n in (1, 2, 4)], abs=5.1e-4)
    assert not proof.bisection.is_promising
    stood_in.from_deadline = 0.0
    assert close_gap(REAL, proof, 5)
    assert proof.bisection.is_promising
    assert proof.bisection.patience == 10


def test_dives_are_worth_as_much_as_the_search_until_two_were_in_vain(stood_in, monkeypatch):
    """Then they go on only if nothing else finds anything, or beside the search."""
    proof = begun(1.05)
    makespan = 1.05 * proof.root.deadlines.bound
    cases = [
        (0, 1, False, 4),
        (1, 1, False, 4),
        (2, 1, False, 1),
        (2, 99, False, 4),
        (2, 1, True, 4),
    ]
    for in_vain, step, beside, factor in cases:
        proof.bisection, stood_in.deadlines = Bisection(in_vain=in_vain), []
        lifting = Lifting(allowed=proof.root.work, proof=proof, met=makespan)
        lift(REAL, lifting, Progress(step, makespan=makespan), beside)
        assert bool(stood_in.deadlines) == (factor > 1)
        lifting.allowed = -1.0  # nothing is done
        lift(REAL, lifting, Progress(step, makespan=makespan), beside)
        assert lifting.allowed + 1.0 == pytest.approx(factor * 0.0005)
    monkeypatch.setattr(proof_module, "_PAIRS", 511)
    proof.bisection, stood_in.deadlines = Bisection(), []
    lift(REAL, lifting, Progress(1, makespan=makespan))
    assert stood_in.deadlines == []


def test_whole_times_are_bisected_too_once_there_is_a_schedule():
    problem = load_problem("rcmax:u_1000_1100:100x10:seed=1")
    lifting = Lifting()
    for makespan, factor in ((np.inf, 1), (11_000.0, 1), (11_000.0, 4)):
        lifting.allowed = -1.0  # nothing is done
        lift(problem, lifting, Progress(1, makespan=makespan))
        assert lifting.allowed + 1.0 == pytest.approx(factor * 0.0005)


def test_a_better_schedule_ends_the_dive_to_a_deadline_beyond_it(stood_in):
    proof = begun(1.05)
    deadlines = proof.root.deadlines
    close_gap(REAL, proof, 1)
    deadlines.met = stood_in.deadlines[0]
    close_gap(REAL, proof, 1)
    low, high = deadlines.refuted, deadlines.highest
    assert stood_in.deadlines[1] == pytest.approx((low + high) / 2)


def test_schedules_found_are_within_their_deadlines_and_ever_better():
    proof = begun(1.2)
    deadlines, seen = proof.root.deadlines, []
    for _ in range(300):
        while not deadlines.root_is_done:
            raise_deadline(REAL, proof.root, 1)
        if deadlines.is_settled:
            break
        for schedule in close_gap(REAL, proof, 5):
            assert REAL.fits(schedule)
            seen.append(REAL.makespan(schedule))
            assert seen[-1] < deadlines.met
            deadlines.met = seen[-1]
    assert len(seen) > 2
    assert seen[-1] == pytest.approx(proof.root.bound, rel=1e-9)
    assert proof.root.work > 0.0


def test_no_dives_on_few_nodes():
    problem = Problem(np.random.default_rng(1).uniform(1.0, 9.0, (64, 4)))
    proof = open_proof(problem)
    proof.root.deadlines.met = 1.05 * proof.root.deadlines.bound
    while not proof.root.deadlines.root_is_done:
        raise_deadline(problem, proof.root, 1)
    work, proof.long_tasks.has_ended = proof.root.work, True
    for _ in range(3):
        assert close_gap(problem, proof, 1) is None
    assert (proof.root.work, proof.bisection) == (work, Bisection())


def test_a_dive_that_is_lost_at_once_is_not_kept():
    proof = begun(1.05)
    proof.root.lowest = None
    for _ in range(3):
        assert close_gap(REAL, proof, 1) is None
    assert (proof.bisection.dive, proof.bisection.in_vain) == (None, 0)


@pytest.mark.parametrize(
    ("tasks", "nodes", "close"), [(61, 7, 0.25), (60, 7, 0.0), (61, 6, 0.0), (2001, 10, 0.0)]
)
def test_the_root_ends_early_only_where_dives_gain_by_it(tasks, nodes, close):
    problem = Problem(np.random.default_rng(1).uniform(1.0, 9.0, (tasks, nodes)))
    assert open_proof(problem).root.deadlines.close == close


def test_trees_are_in_reach_with_few_tasks_or_few_units():
    cases = [("rcmax:u_1_100:60x8:seed=1", 100.0), ("rcmax:u_1_100:61x8:seed=1", 16.0)]
    for spec, units in cases:
        problem = load_problem(spec)
        deadlines = open_proof(problem).root.deadlines
        deadlines.refuted = 50.0
        for more, expected in ((0.0, True), (1.0, problem.tasks <= 60)):
            deadlines.met = 51.0 + units + more
            assert in_reach_of_trees(problem, deadlines) == expected


def test_a_run_on_real_times_has_the_schedules_of_its_dives():
    """Of the solver by that name and of the proof beside a search that finds none itself."""
    result = solve(REAL, BranchAndPrice(), stop=Iterations(60), rng=1)
    assert result.state.proof.bisection.most > 0.0
    lifting = Lifting()
    for step in range(40):
        start = Progress(step, 10**8 * step, makespan=1.3 * result.makespan)
        lift(REAL, lifting, start)
    assert lifting.best.makespan < 1.03 * result.makespan
    assert REAL.makespan(lifting.best.assignment) == lifting.best.makespan

"""Certificates prove what they say, and those that were changed are refused."""

import json
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from naive.exact import all_assignments, exact_makespan, exact_optimum
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.bounds.deadline import deadline_bound
from edgeopt.optim.scheduling.branch_and_price import checker
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.certificate import (
    Branch,
    Certificate,
    Leaf,
    Step,
    read_certificate,
    write_certificate,
)
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.optim.scheduling.lifting import Lifting, lift
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations, Progress
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import load_problem

ROUNDED = 1 + Fraction(1, 10**12)  # loads are sums of floats


def run(problem, iterations=60):
    return solve(problem, BranchAndPrice(), stop=Iterations(iterations), rng=1)


@pytest.fixture(scope="module")
def proof():
    """A problem whose proof has branches, and its result."""
    problem = load_problem("rcmax:jobs:30x6:seed=2")
    result = run(problem, 300)
    assert result.status == "optimal"
    assert len(result.state.certificate.tree) > 1
    return problem, result


@settings(max_examples=50, deadline=None)
@given(
    st.one_of(
        problems_with_forbidden_pairs(max_tasks=6, max_nodes=3),
        problems_with_forbidden_pairs(max_tasks=6, max_nodes=3, whole=False),
        wild_problems(max_tasks=6),
    )
)
def test_what_is_proved_is_true(problem):
    best, result = exact_optimum(problem), run(problem)
    if best is None:
        assert result.assignment is None
        return
    assert Fraction(result.lower_bound) <= best * ROUNDED
    assert Fraction(result.makespan) * ROUNDED >= best
    if result.status == "optimal":
        assert Fraction(result.makespan) <= best * (1 + Fraction(1, 10**9))
    certificate = result.state.certificate
    if certificate is not None:
        assert Fraction(check_certificate(problem, certificate)) <= best * ROUNDED


def test_the_checker_proves_the_optimum_without_the_solver(proof, tmp_path):
    problem, result = proof
    write_certificate(tmp_path / "proof.json", result.state.certificate)
    read = read_certificate(tmp_path / "proof.json")
    assert check_certificate(problem, read) == result.makespan == result.lower_bound


def replaced(certificate, number, node):
    tree = list(certificate.tree)
    tree[number] = node
    return certificate._replace(tree=tuple(tree))


def test_changed_certificates_are_refused(proof):
    problem, result = proof
    whole = result.state.certificate
    leaves = [n for n, node in enumerate(whole.tree) if isinstance(node, Leaf) and node.steps]
    first = whole.tree[0]
    assert isinstance(first, Branch)
    nothing = np.empty((0, 2), dtype=np.int64)
    step = Step(np.ones(24, dtype=np.int64), np.zeros(4, dtype=np.int64), np.array([[0, 0]]))
    huge = np.full(24, 2**62, dtype=np.int64)
    odd = Step(step.prices, step.memory_prices, np.array([[4, 0]]))
    free = Step(0 * step.prices, step.memory_prices, nothing)
    changed = {
        "another problem": whole._replace(digest="0"),
        "a later deadline": whole._replace(deadline=result.makespan),
        "no prices": replaced(whole, leaves[0], Leaf(())),
        "prices of 0": replaced(whole, leaves[0], Leaf((free,))),
        "a pair without proof": replaced(whole, 0, first._replace(steps=(step,))),
        "huge prices": replaced(whole, leaves[0], Leaf((step._replace(prices=huge),))),
        "negative prices": replaced(whole, leaves[0], Leaf((step._replace(prices=-step.prices),))),
        "a missing node": replaced(whole, 0, first._replace(off=len(whole.tree))),
        "a loop": replaced(whole, 0, first._replace(on=0, off=0)),
        "no unit": whole._replace(unit=0.0),
        "a tiny unit": whole._replace(unit=1e-300),
        "no such task": replaced(whole, 0, first._replace(task=24)),
        "no such node": replaced(whole, 0, first._replace(node=-1)),
        "no such pair": replaced(whole, 0, first._replace(steps=(odd,))),
    }
    for name, certificate in changed.items():
        with pytest.raises(CheckError):
            pytest.fail(f"{name}: {check_certificate(problem, certificate)}")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_change_proves_too_much(proof, data):
    problem, result = proof
    whole = result.state.certificate._replace(deadline=result.makespan)
    number = data.draw(st.integers(0, len(whole.tree) - 1))
    prices = data.draw(st.lists(st.integers(0, 2**40), min_size=24, max_size=24))
    step = Step(np.array(prices), np.zeros(4, dtype=np.int64), np.empty((0, 2), dtype=np.int64))
    node = whole.tree[number]
    with pytest.raises(CheckError):
        check_certificate(problem, replaced(whole, number, node._replace(steps=(step,))))


def test_knapsacks_are_solved_with_ever_more_sets(proof, monkeypatch):
    problem, result = proof
    for efforts in ([(100, 100)], [(0, 0), (10**6, 10**6)], [(10**6, 10**6)]):
        monkeypatch.setattr(checker, "_EFFORTS", efforts)
        assert check_certificate(problem, result.state.certificate) == result.makespan
    monkeypatch.setattr(checker, "_EFFORTS", [(0, 0)])
    with pytest.raises(CheckError, match="not refute"):
        check_certificate(problem, result.state.certificate)
    monkeypatch.setattr(checker, "_EFFORTS", [(3, 3)])
    with pytest.raises(CheckError, match="more than 3 sets"):
        check_certificate(problem, result.state.certificate)


@pytest.mark.parametrize("spec", ["devices:all:200x12:seed=11", "devices:all:60x6:seed=3"])
def test_proofs_of_real_times_are_checked(spec, tmp_path):
    problem, lifting = load_problem(spec), Lifting()
    weaker = deadline_bound(problem)
    lift(problem, lifting, Progress(1, 100_000_000, makespan=1.004 * weaker))
    write_certificate(tmp_path / "proof.json", lifting.certificate)
    proof = read_certificate(tmp_path / "proof.json")
    assert weaker < check_certificate(problem, proof) == lifting.bound
    if problem.tasks > 100:
        return  # a refusal takes a million sets
    with pytest.raises(CheckError, match="not refuted"):
        check_certificate(problem, proof._replace(deadline=1.004 * weaker))


def knapsacks(sizes):
    most_profit, most_time = sizes
    profit, time = st.integers(-most_profit // 4, most_profit), st.integers(0, most_time)
    items = st.lists(st.tuples(profit, time), max_size=9)
    return st.tuples(items, st.integers(-1, 4 * most_time))


def as_knapsack(items, capacity, close=0):
    numbered = [checker._Item(n, *item) for n, item in enumerate(items)]
    return checker._Knapsack(sorted(numbered, key=checker._loss_per_time), capacity, close)


def most(items, capacity):
    """The largest profit of all sets that fit, looked at one by one; none where none fits."""
    sets = (s for n in range(len(items) + 1) for s in combinations(items, n))
    fit = (s for s in sets if sum(time for _, time in s) <= capacity)
    return max((sum(profit for profit, _ in s) for s in fit), default=None)


SIZES = st.sampled_from([(3, 3), (20, 3), (20, 20), (10**4, 10**4), (2**45, 3), (2**45, 2**45)])


EXACT = 10**6


@settings(max_examples=300, deadline=None)
@given(SIZES.flatmap(knapsacks), st.integers(0, 2**45), st.integers(0, 2**20), st.integers(1, 9))
@example(([(6, 1), (5, 0), (8, 2)], 2), 0, 0, 1)  # an item without time, of a middle profit
def test_the_largest_profit_is_that_of_all_sets(case, known, close, few):
    best, knapsack = most(*case) or 0, as_knapsack(*case)
    assert checker._most_profit(knapsack, EXACT) == best
    split = checker._most_profit(knapsack, 0)
    assert best <= checker._most_profit(knapsack, few) <= split
    assert best <= checker._most_profit(as_knapsack(*case, close), 100) <= min(split, best + close)
    assert (checker._most_profit(knapsack, EXACT, known) <= known) == (best <= known)
    assert best <= known or checker._most_profit(knapsack, few, known) > known


@settings(max_examples=200, deadline=None)
@given(SIZES.flatmap(knapsacks), st.data())
def test_a_task_is_refuted_where_no_set_with_it_is_worth_enough(case, data):
    items, capacity = case
    fit = [n for n, (_, time) in enumerate(items) if time <= capacity]
    if not fit:
        return
    task = data.draw(st.sampled_from(fit))
    others = [item for n, item in enumerate(items) if n != task]
    best = items[task][0] + most(others, capacity - items[task][1])
    knapsack = as_knapsack(*case)
    for sets in (0, 3, EXACT):
        assert not knapsack.is_below(best, task, sets)
    assert knapsack.is_below(best + 1, task, EXACT)
    with pytest.raises(CheckError, match="twice"):
        as_knapsack(others, capacity).is_below(best, len(items), EXACT)


class ByHand:
    """A step by the inequalities of `check_certificate`, over all sets of all nodes."""

    def __init__(self, numbers, alive, step):
        free = alive.sum(axis=0) > 1
        capacity, room = checker._rest(numbers, alive & ~free)
        self.capacity = capacity.tolist()
        profits = step.prices - step.memory_prices[:, None] * numbers.memory
        pairs = np.stack([profits, numbers.times], axis=2).tolist()
        tasks = [np.flatnonzero(alive[j] & free).tolist() for j in range(len(alive))]
        self.items = [{i: tuple(pairs[j][i]) for i in each} for j, each in enumerate(tasks)]
        best = [most(each.values(), c) or 0 for each, c in zip(self.items, capacity, strict=True)]
        self.spare = int(step.prices[free].sum() - step.memory_prices @ room) - sum(best)
        self.best = best

    def is_refuted(self, j, i):
        profit, time = self.items[j][i]
        others = [item for task, item in self.items[j].items() if task != i]
        return profit + most(others, self.capacity[j] - time) < self.spare + self.best[j]


def with_pairs(step, pairs):
    return step._replace(refuted=np.array(pairs, dtype=int).reshape(-1, 2))


def good_step(numbers, alive, rng):
    """The step without pairs that spares most of some at random, each near the best so far."""
    k, x = numbers.memory.size, numbers.room.size
    best = with_pairs(Step(numbers.times.min(axis=0), np.zeros(x, dtype=int), None), [])
    for _ in range(60):
        prices = np.maximum(best.prices + rng.integers(-1, 2, k), 0)
        memory_prices = np.maximum(best.memory_prices + rng.integers(-1, 2, x), 0)
        step = best._replace(prices=prices, memory_prices=memory_prices)
        best = max(best, step, key=lambda each: ByHand(numbers, alive, each).spare)
    return best


@pytest.mark.parametrize("seed", range(60))
def test_a_step_refutes_what_its_prices_do_and_no_schedule(seed):
    rng, x = np.random.default_rng(seed), 2 + seed % 2
    times, memory = rng.integers(2, 9, (6, x)).astype(float), rng.integers(0, 4, 6).astype(float)
    room = np.full(x, memory.sum() // x + 2) if seed % 4 < 2 else None
    problem = Problem(times, None if room is None else memory, room)
    deadline = float(exact_optimum(problem) or 9) - 1 + seed % 3
    numbers = checker._whole_numbers(problem, Certificate("", deadline, 1.0, 1.0, ()))
    alive = checker._propagated(numbers, numbers.fits)
    if alive is None:
        return
    step = good_step(numbers, alive, rng)
    if seed % 4 == 0:  # of no use, but legal
        step = step._replace(memory_prices=step.memory_prices + 1)
    hand = ByHand(numbers, alive, step)
    pairs = [(j, i) for j, each in enumerate(hand.items) for i in each]
    refuted = [pair for pair in pairs if hand.is_refuted(*pair)]
    left = checker._after_step(numbers, alive, with_pairs(step, refuted), 0)
    if hand.spare > 0:
        assert left is None
    else:
        expected = alive.copy()
        expected[tuple(np.array(refuted, dtype=int).reshape(-1, 2).T)] = False
        assert np.array_equal(left, checker._propagated(numbers, expected))
        for pair in set(pairs) - set(refuted):
            with pytest.raises(CheckError, match="does not refute pair"):
                checker._after_step(numbers, alive, with_pairs(step, [pair]), 0)
    for assignment in all_assignments(problem):
        if problem.fits(assignment) and exact_makespan(problem, assignment) <= deadline:
            assert left[list(assignment), range(6)].all()


def test_a_proof_by_hand():
    # Two tasks of 3 s and 2 nodes of which one takes 4 s: 4 s, as prices of 1 show for 3 s.
    problem = Problem([[3.0, 4.0], [3.0, 4.0]])
    result = run(problem)
    certificate = result.state.certificate
    assert (result.makespan, certificate.deadline, certificate.tree) == (4.0, 3.0, (Leaf(()),))
    assert check_certificate(problem, certificate) == 4.0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": "edgeopt certificate 1", "tree": [1]}']
)
def test_files_that_are_no_certificates(tmp_path, text):
    path = tmp_path / "proof.json"
    path.write_text(text)
    with pytest.raises(InputError, match="a certificate that edgeopt wrote"):
        read_certificate(path)
    with pytest.raises(InputError, match="an existing file"):
        read_certificate(tmp_path / "none.json")


def test_a_file_with_a_part_missing(proof, tmp_path):
    path = tmp_path / "proof.json"
    write_certificate(path, proof[1].state.certificate)
    content = json.loads(path.read_text())
    for name in ("digest", "unit", "tree"):
        path.write_text(json.dumps({key: value for key, value in content.items() if key != name}))
        with pytest.raises(InputError):
            read_certificate(path)


def places(content):
    """Yield every container of a certificate's JSON with each key or index in it."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield content, key
        if isinstance(value, dict | list):
            yield from places(value)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_at_any_place_is_refused_or_proves_nothing_false(proof, tmp_path_factory, data):
    problem, result = proof
    path = tmp_path_factory.getbasetemp() / "changed.json"
    write_certificate(path, result.state.certificate)
    content = json.loads(path.read_text())
    container, key = data.draw(st.sampled_from(list(places(content))))
    odd = st.sampled_from([None, True, "1", [], {}, [[1]], -1, 7, 10**12, 10**30, 0.5, 1e300])
    container[key] = data.draw(odd)
    path.write_text(json.dumps(content))
    try:
        bound = check_certificate(problem, read_certificate(path))
    except (InputError, CheckError):
        return
    assert bound <= result.makespan

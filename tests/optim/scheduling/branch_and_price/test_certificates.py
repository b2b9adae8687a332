"""Certificates prove what they say, and those that were changed are refused."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.exact import exact_optimum
from strategies import problems_with_forbidden_pairs, wild_problems

from edgeopt.optim.scheduling.branch_and_price import checker
from edgeopt.optim.scheduling.branch_and_price.checker import check_certificate
from edgeopt.optim.scheduling.branch_and_price.solver import BranchAndPrice
from edgeopt.optim.scheduling.certificate import (
    Branch,
    Leaf,
    Step,
    read_certificate,
    write_certificate,
)
from edgeopt.optim.scheduling.checker import CheckError
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
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
    odd = Step(step.prices, step.memory_prices, np.array([[4, 0]]))
    free = Step(0 * step.prices, step.memory_prices, nothing)
    changed = {
        "another problem": whole._replace(digest="0"),
        "a later deadline": whole._replace(deadline=result.makespan),
        "no prices": replaced(whole, leaves[0], Leaf(())),
        "prices of 0": replaced(whole, leaves[0], Leaf((free,))),
        "a pair without proof": replaced(whole, 0, first._replace(steps=(step,))),
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


def test_sets_are_listed_where_a_table_would_be_too_large(proof, monkeypatch):
    problem, result = proof
    monkeypatch.setattr(checker, "_ROOMS", 0)
    assert check_certificate(problem, result.state.certificate) == result.makespan
    monkeypatch.setattr(checker, "_MOST_SETS", 3)
    with pytest.raises(CheckError, match="more than 3 sets"):
        check_certificate(problem, result.state.certificate)


def test_tasks_without_worth_need_no_table():
    assert checker._best_profit([0, -3], [5, 2], 2**50) == 0


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

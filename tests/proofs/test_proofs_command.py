"""A part of the proofs that takes a second; ``python -m proofs`` runs all of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from naive.exact import all_assignments, exact_makespan, exact_optimum

from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.milp import MILP
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem
from proofs import claims
from proofs.__main__ import looks
from proofs.claims import findings
from proofs.draws import draw_problem

TESTS = Path(__file__).parents[1]

FEW = {"lpt": lpt, "milp": MILP(bound_iterations=5)}

FOUND = {
    14: "LP rounding fills a node beyond its memory, within the LP's tolerance",
    137: "a problem whose tasks just fit is refused",
    427: "a schedule is called optimal that is 1e-10 longer",
    518: "the lifted bound leaves no room for rounding where cheap pairs are left out",
    730: "3000000000006 s are called optimal, and 3000000000000 s are",
    9537: "profits by weight of the knapsacks of an incumbent overflow",
}


def test_nothing_is_found_in_a_few_problems():
    for number in range(8):
        assert list(findings(draw_problem(5, number), number, FEW)) == []


@pytest.mark.parametrize("number", FOUND, ids=FOUND.values())
def test_what_was_found_once_is_not_found_again(number):
    assert list(findings(draw_problem(1, number), number, SOLVERS)) == []


def test_the_search_is_enumeration():
    seen = 0
    for number in range(150):
        given = draw_problem(6, number)
        try:
            problem = Problem(**given)
        except InputError:
            continue
        if problem.nodes**problem.tasks < 300:
            fit = [a for a in all_assignments(problem) if problem.fits(list(a))]
            best = min((exact_makespan(problem, a) for a in fit), default=None)
            assert exact_optimum(problem) == best
            seen += 1
    assert seen > 10


class Liar:
    """Claim a schedule to be shorter than it is, and a bound that is wrong."""

    def init(self, problem, rng):
        return State(assignment=np.array([0, 0]), makespan=4.0 - 2e-9, lower_bound=3.5)

    def step(self, problem, state):
        state.done = True
        return state


def test_what_is_wrong_is_found(monkeypatch):
    given = {"et": np.array([[2.0, 3.0], [2.0, 3.0]])}
    monkeypatch.setattr(claims, "BOUNDS", {"wrong": lambda problem: 3.0000000000000004})
    found = list(findings(given, 0, {"liar": Liar()}))
    assert found[0].startswith("wrong: bound 3.0000000000000004 above the optimum 3.0")
    assert any(what.startswith("liar: makespan 3.999999998") for what in found)
    assert any("bound 3.5 above the optimum" in what for what in found)
    broken = list(findings(given, 0, {"broken": lambda problem, rng: 1 / 0}))
    assert "ZeroDivisionError" in broken[1]


def test_a_problem_that_is_refused_for_its_memory_has_no_schedule(monkeypatch):
    given = {"et": np.ones((2, 2)), "task_memory": np.ones(2), "node_capacity": np.ones(2)}
    assert list(claims._refusal(given, InputError("node_capacity", 1, "x"))) != []
    assert list(claims._refusal(given, InputError("et", 1, "x"))) == []
    tight = given | {"node_capacity": np.array([1.0, 0.0])}
    assert list(claims._refusal(tight, InputError("node_capacity", 1, "x"))) == []


@pytest.mark.parametrize("number", range(3))
def test_a_problem_is_a_function_of_its_number(number):
    first, again = (repr(draw_problem(3, number)) for _ in range(2))
    assert first == again


def test_processes_find_the_same():
    command = [sys.executable, "-m", "proofs", "--problems", "2", "--seed", "9", "--jobs", "2"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "2 problems of seed 9, 0 wrong\n"), done.stderr
    assert list(looks([(9, number, False) for number in range(2)], 1)) == [(0, []), (1, [])]

"""Solvers by name, from files and from installed packages."""

import importlib.metadata

import pytest

from edgeopt.optim.scheduling.catalog import (
    SOLVERS,
    build_solver,
    find_solver,
    locate_solver,
    make_solver,
)
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[1.0, 2.0], [2.0, 1.0]])
OWN = """
from dataclasses import dataclass
import numpy as np
from edgeopt.problems.parameters import check_parameters, parameter
from edgeopt.optim.scheduling.solver import State

@dataclass(frozen=True)
class Same:
    node: int = parameter(0, "where all goes", at_least=0)
    def __post_init__(self):
        check_parameters(self)
    def init(self, problem, rng):
        return State()
    def step(self, problem, state):
        state.assignment = np.full(problem.tasks, self.node)
        state.makespan, state.done = problem.makespan(state.assignment), True
        return state

def swap(problem, rng):
    return [0, 1]

class Needy:
    def __init__(self, what): ...
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def test_names_of_the_command_line():
    names = "fcfs round-robin mct met min-min max-min sufferage lpt lp-rounding atsa atsa-repaired"
    names += " atsa-beyond aco pso pso-discrete iterated-greedy annealing annealing-braun"
    names += " tabu genetic dpso"
    names += " milp branch-and-price local-search frontier"
    assert list(SOLVERS) == names.split()
    assert make_solver("atsa") == ATSA.printed()
    assert make_solver("atsa-repaired") == ATSA.repaired()
    assert make_solver("atsa-beyond") == ATSA.beyond()


def test_parameters_as_values_and_as_texts():
    assert make_solver("atsa", {"beta": 3, "ants": "7"}) == ATSA(beta=3, ants=7)
    assert make_solver("pso", {"inertia": 0.5}) == PSO(inertia=0.5)
    assert make_solver("atsa-repaired", {"rho": 0.3}).heuristic == "completion-time"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("ants", {}, "solver: got 'ants', must be one of fcfs"),
        ("atsa", {"betta": 3.0}, "parameter: got 'betta', must be one of ants, alpha, beta"),
        ("atsa", {"beta": -1.0}, "beta: got -1.0"),
        ("atsa", {"heuristic": "smell"}, "heuristic: got 'smell', must be one of memory"),
        ("aco", {"_colony": 3}, "parameter: got '_colony'"),
        ("fcfs", {"beta": 3.0}, r"parameter: got 'beta', must be one of \(none\)"),
        ("missing.py:Name", {}, "solver: got 'missing.py', must be an existing file"),
    ],
)
def test_what_is_not_there(name, parameters, message):
    with pytest.raises(InputError, match=message):
        make_solver(name, parameters)


def test_own_class_and_function(own):
    assert solve(PROBLEM, make_solver(f"{own}:Same", {"node": "1"})).assignment.tolist() == [1, 1]
    assert solve(PROBLEM, find_solver(f"{own}:swap")).makespan == 1.0
    with pytest.raises(InputError, match="node: got -1"):
        make_solver(f"{own}:Same", {"node": -1})


def test_broken_files_of_ones_own(own):
    with pytest.raises(InputError, match="a name that the file defines"):
        find_solver(f"{own}:Gone")
    with pytest.raises(InputError, match="what: got None, must be given: Needy has no default"):
        find_solver(f"{own}:Needy")
    broken = own.with_name("broken.py")
    broken.write_text("1 / 0")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        find_solver(f"{broken}:Any")


def test_entry_points(monkeypatch):
    class Entry:
        @staticmethod
        def load():
            return PSO

    def entry_points(group, name):
        return [Entry] if (group, name) == ("edgeopt.solvers", "plugged") else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert find_solver("plugged") == PSO()
    assert solve(PROBLEM, find_solver("plugged"), stop=Iterations(2)).makespan >= 1.0


def test_solvers_of_tables():
    assert build_solver({"solver": "atsa", "beta": 3.0}) == ATSA(beta=3.0)
    assert build_solver({"solver": "pso"}) == PSO()
    for table in ({}, {"beta": 3.0}, {"solver": 5}, "atsa"):
        with pytest.raises(InputError, match=r"solver: got .*, must be a table with the name"):
            build_solver(table)


def test_paths_in_names_are_relative_to_a_folder(tmp_path):
    assert locate_solver("own.py:Same", tmp_path) == "own.py:Same"  # no such file: left alone
    for name in ("own.py", "best.toml"):
        (tmp_path / name).touch()
    assert locate_solver("own.py:Same", tmp_path) == f"{tmp_path / 'own.py'}:Same"
    assert locate_solver("best.toml", tmp_path) == str(tmp_path / "best.toml")
    assert locate_solver("atsa", tmp_path) == "atsa"


def test_a_file_runs_once(own):
    own.write_text(OWN + "\nRUNS = []\ndef count(problem, rng): return RUNS\n")
    first, second = (find_solver(f"{own}:count") for _ in "ab")
    assert first is second

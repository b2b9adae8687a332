"""HiGHS's program, CP-SAT's whole times and pygmo's vectors, against the problem."""

import importlib
import sys
import time
from fractions import Fraction
from functools import cache
from types import ModuleType, SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from naive.exact import exact_optimum
from scipy.sparse import csc_array
from strategies import problems_with_forbidden_pairs, scheduling_problems, wild_problems

from edgeopt.experiments.peers.child.highs_milp import _model, minimise_makespan
from edgeopt.experiments.peers.population import PenalisedMakespan
from edgeopt.experiments.peers.pygmo_peers import Assignments
from edgeopt.optim.scheduling.arrays import memory_arrays, ready_times
from edgeopt.problems.scheduling.problem import Problem


@settings(deadline=None)
@given(
    scheduling_problems() | problems_with_forbidden_pairs(),
    st.integers(0, 2**32 - 1),
)
def test_an_assignment_is_feasible_in_the_program_if_it_is_in_the_problem(problem, seed):
    ready = ready_times(problem)
    program = _model(problem.matrix, *memory_arrays(problem), ready)
    assignment = np.random.default_rng(seed).integers(0, problem.nodes, problem.tasks)
    chosen = np.zeros((problem.tasks, problem.nodes))
    chosen[np.arange(problem.tasks), assignment] = 1.0
    finite = np.where(np.isfinite(problem.matrix), problem.matrix, 0.0)
    used = chosen.any(axis=0)
    makespan = ((finite * chosen).sum(axis=0) + ready)[used].max()
    vector = np.concatenate([chosen.ravel(), [makespan], used[ready > 0.0]])
    matrix = program.a_matrix_
    shape = (program.num_row_, program.num_col_)
    rows = csc_array((matrix.value_, matrix.index_, matrix.start_), shape=shape) @ vector
    low, high = np.array(program.row_lower_), np.array(program.row_upper_)
    within = ((rows >= low - 1e-9) & (rows <= high + 1e-9)).all()
    within &= (vector <= program.col_upper_).all()
    assert within == problem.fits(assignment)
    assert np.dot(program.col_cost_, vector) == makespan
    assert makespan == problem.makespan(assignment) or not problem.runs(assignment).all()
    least = [problem.tasks * problem.nodes]
    less = csc_array((matrix.value_, matrix.index_, matrix.start_), shape=shape)[:, least]
    assert (less.toarray()[: problem.nodes] == -1.0).all()  # a smaller C would break a load's row


@given(scheduling_problems(), st.integers(0, 2**32 - 1), st.booleans())
@settings(deadline=None)
def test_vectors_within_the_bounds_are_assignments(problem, seed, integers):
    objective = PenalisedMakespan(problem)
    coding = Assignments(problem, objective, integers)
    low, high = (np.array(bound) for bound in coding.get_bounds())
    rng = np.random.default_rng(seed)
    vectors = np.vstack([low, high, low + rng.random((3, problem.tasks)) * (high - low)])
    rows = coding.decode(vectors.ravel())
    assert ((rows >= 0) & (rows < problem.nodes)).all()
    assert (rows[1] == problem.nodes - 1).all()
    assert coding.batch_fitness(vectors.ravel()).tolist() == objective.costs(rows).tolist()
    assert coding.fitness(vectors[2]) == pytest.approx(objective.costs(rows[2:3]))
    assert coding.get_nix() == (problem.tasks if integers else 0)


@given(wild_problems(max_tasks=5))
@settings(max_examples=10, deadline=None)
def test_the_bound_of_highs_is_lowered_by_its_tolerances(problem):
    found = []
    arrays = problem.matrix, *memory_arrays(problem), ready_times(problem)
    bound = minimise_makespan(*arrays, time.monotonic() + 5.0, 1, found.append)
    assert Fraction(bound) <= exact_optimum(problem)


@given(wild_problems(max_tasks=5))
@settings(max_examples=40, deadline=None)
def test_what_cp_sat_proves_of_rounded_times_is_lowered_to_a_bound_on_the_given_ones(problem):
    units = _cp_sat_model().whole_times(problem.matrix, ready_times(problem))
    assume(units.times.any())
    times = np.where(np.isfinite(problem.matrix), units.times, np.inf)
    memory = problem.task_memory, problem.node_capacity
    whole = Problem(times, *memory, ready=units.ready.astype(float))
    proved, best = float(exact_optimum(whole)), exact_optimum(problem)
    assert Fraction(units.bound(proved)) <= best
    lost = (units.added + problem.tasks + 2) * units.unit
    assert units.bound(proved) >= float(best) * (1 - 1e-9) - lost


@cache
def _cp_sat_model():
    """The module, without OR-Tools: only its numbers are looked at."""
    library = SimpleNamespace(CpSolverSolutionCallback=object)
    names = {name: ModuleType(name) for name in ("ortools", "ortools.sat", "ortools.sat.python")}
    names["ortools.sat.python"].cp_model = library
    with patch.dict(sys.modules, names):
        return importlib.import_module("edgeopt.experiments.peers.child.cp_sat_model")

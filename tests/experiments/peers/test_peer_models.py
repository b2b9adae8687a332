"""HiGHS's program and pygmo's vectors, against the problem."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array
from strategies import problems_with_forbidden_pairs, scheduling_problems

from edgeopt.experiments.peers.child.highs_milp import _model
from edgeopt.experiments.peers.population import PenalisedMakespan
from edgeopt.experiments.peers.pygmo_peers import Assignments
from edgeopt.optim.scheduling.arrays import memory_arrays


@settings(deadline=None)
@given(
    scheduling_problems() | problems_with_forbidden_pairs(ready=False),
    st.integers(0, 2**32 - 1),
)
def test_an_assignment_is_feasible_in_the_program_if_it_is_in_the_problem(problem, seed):
    program = _model(problem.matrix, *memory_arrays(problem))
    assignment = np.random.default_rng(seed).integers(0, problem.nodes, problem.tasks)
    chosen = np.zeros((problem.tasks, problem.nodes))
    chosen[np.arange(problem.tasks), assignment] = 1.0
    finite = np.where(np.isfinite(problem.matrix), problem.matrix, 0.0)
    makespan = np.bincount(assignment, (finite * chosen).sum(axis=1)).max()
    vector = np.append(chosen.ravel(), makespan)
    matrix = program.a_matrix_
    shape = (program.num_row_, program.num_col_)
    rows = csc_array((matrix.value_, matrix.index_, matrix.start_), shape=shape) @ vector
    low, high = np.array(program.row_lower_), np.array(program.row_upper_)
    within = ((rows >= low - 1e-9) & (rows <= high + 1e-9)).all()
    within &= (vector <= program.col_upper_).all()
    assert within == problem.fits(assignment)
    assert np.dot(program.col_cost_, vector) == makespan
    assert makespan == problem.makespan(assignment) or not problem.runs(assignment).all()
    less = csc_array((matrix.value_, matrix.index_, matrix.start_), shape=shape)[:, [-1]]
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

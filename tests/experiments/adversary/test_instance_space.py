"""The space of instances: limits, forms, and what of an instance stays."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.experiments.adversary.space import FORMS, InstanceSpace, open_space
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import write_npz
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

INF = np.inf


def walk(space: InstanceSpace, steps: int, seed: int) -> list[np.ndarray]:
    """Return the values of a draw, and of changes from it."""
    rng = np.random.default_rng(seed)
    values = [space.draw(rng)]
    for _ in range(steps):
        before = values[-1].copy()
        values.append(space.change(values[-1], rng))
        assert np.array_equal(values[-2], before)  # a change makes a copy
    return values


def has_form(times: np.ndarray, form: str) -> bool:
    """Return whether times have a form whose fastest node is the first."""
    if form == "uniform":
        return bool(np.allclose(times * times[0, 0], np.outer(times[:, 0], times[0])))
    step = {"unrelated": len(times[0]), "semi-consistent": 2, "consistent": 1}[form]
    chosen = times[:, ::step]
    return bool((chosen[:, :-1] <= chosen[:, 1:]).all())


@settings(max_examples=25)
@given(
    form=st.sampled_from(FORMS),
    k=st.integers(1, 5),
    x=st.integers(2, 5),
    low=st.floats(1e-6, 10.0),
    factor=st.floats(1.01, 1e6),
    seed=st.integers(0, 99),
)
def test_draws_and_changes_keep_limits_and_form(form, k, x, low, factor, seed):
    high = low * factor
    space = open_space(tasks=k, nodes=x, low=low, high=high, form=form)
    for values in walk(space, 12, seed):
        times = space.problem(values).matrix
        assert times.shape == (k, x)
        assert times.min() >= low * (1 - 1e-12)
        assert times.max() <= high * (1 + 1e-12)
        assert has_form(times, form)


def test_changes_reach_both_limits_and_every_time():
    space = open_space(tasks=3, nodes=2, low=1.0, high=9.0)
    values = np.array(walk(space, 300, 0))
    for limit in (1.0, 9.0):
        assert (values == limit).any(axis=0).all()


@pytest.mark.parametrize(("times", "form"), [
    ([[1.0, 3.0, 2.0], [2.0, INF, 2.0]], "consistent"),  # from fast to slow: nodes 0, 2, 1
    ([[1.0, 3.0, 2.0], [2.0, 0.0, 5.0]], "semi-consistent"),
    ([[4.0, 0.0, INF], [1.0, 2.0, 3.0]], "unrelated"),
])  # fmt: skip
def test_an_instance_keeps_all_but_its_times(tmp_path, times, form):
    labels = {"task_names": ("a", "b"), "node_names": ("x", "y", "z")}
    memory = {"task_memory": [1.0, 2.0], "node_capacity": [3.0, 3.0, 3.0]}
    given_one = Problem(times, **memory, ready=[0.0, 1.0, 2.0], **labels)
    path = tmp_path / "one.npz"
    write_npz(path, given_one)
    space = open_space(instance=str(path), within=0.25, form=form)
    fixed = ~np.isfinite(given_one.matrix) | (given_one.matrix == 0)
    free = given_one.matrix[~fixed]
    order = [0, 2, 1] if form == "consistent" else [0, 2] if form == "semi-consistent" else []
    moved = False
    for values in walk(space, 30, 3):
        problem = space.problem(values)
        ratio = problem.matrix[~fixed] / free
        assert (ratio >= 0.75).all()
        assert (ratio <= 1.25).all()
        assert np.array_equal(problem.matrix[fixed], given_one.matrix[fixed])
        for one, other in pairwise(order):
            assert (problem.matrix[:, one] <= problem.matrix[:, other]).all()
        for name in ("task_memory", "node_capacity", "ready", *labels):
            assert np.array_equal(getattr(problem, name), getattr(given_one, name))
        moved |= bool((ratio != 1.0).all())
    assert moved


def test_uniform_nodes_stay_work_over_speed(tmp_path):
    path = tmp_path / "pool.npz"
    write_npz(path, Problem(UniformTimes(np.array([4.0, 8.0]), np.array([1.0, 2.0]))))
    space = open_space(instance=str(path), within=0.5, form="uniform")
    for values in walk(space, 20, 1):
        et = space.problem(values).et
        assert isinstance(et, UniformTimes)
        assert (np.abs(et.work / [4.0, 8.0] - 1.0) <= 0.5).all()
        assert (np.abs(et.speed / [1.0, 2.0] - 1.0) <= 0.5).all()


@pytest.mark.parametrize(("arguments", "message"), [
    ({"form": "sorted"}, "form: got 'sorted', must be one of unrelated"),
    ({"low": 0.0}, "low: got 0.0"),
    ({"low": 5.0, "high": 5.0}, "high: got 5.0, must be above low, 5"),
    ({"high": np.inf}, "high: got inf"),
    ({"nodes": 1}, "nodes: got 1"),
    ({"tasks": 2.5}, "tasks: got 2.5"),
    ({"tasks": 1000, "nodes": 1001}, r"tasks \* nodes: got 1001000"),
    ({"within": 0.5}, "within: got 0.5, must be left out, unless an instance"),
    ({"instance": "paper:4x2", "within": 1.0}, "within: got 1.0, must be below 1"),
    ({"instance": "paper:4x2", "within": -0.1}, "within: got -0.1"),
    ({"instance": "paper:4x2", "nodes": 2}, "nodes: got 2, must be left out"),
    ({"instance": "braun:u_i_hihi:9x4", "form": "consistent"}, "form: got 'consistent', must be"),
    ({"instance": "braun:u_c_hihi:9x4", "form": "uniform"}, "form: got 'uniform', must be one of"),
    ({"instance": "nowhere.csv"}, "problem: got 'nowhere.csv'"),
])  # fmt: skip
def test_bad_spaces_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        open_space(**arguments)

"""The paper's pool: work, speed, memory and capacity."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.paper_pool import (
    BYTES_PER_IMAGE,
    FLOP_PER_IMAGE,
    LARGEST_BATCH,
    paper_pool,
)
from edgeopt.problems.scheduling.problem import Problem, UniformTimes


def parts(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return batch sizes, speeds, memory and capacity."""
    assert isinstance(problem.et, UniformTimes)
    assert problem.task_memory is not None
    assert problem.node_capacity is not None
    batch = problem.et.work / FLOP_PER_IMAGE
    return batch, problem.et.speed, problem.task_memory, problem.node_capacity


def test_tasks_are_batches_of_images():
    batch, _, memory, _ = parts(paper_pool(5000, 3, rng=0))
    assert set(batch) == set(range(1, LARGEST_BATCH + 1))
    assert batch.mean() == pytest.approx(8.5, rel=0.03)
    assert np.array_equal(memory, batch * BYTES_PER_IMAGE)
    assert BYTES_PER_IMAGE == 602_112  # a float32 image of 224 x 224
    assert pytest.approx(2 * 3.6638e9, rel=1e-4) == FLOP_PER_IMAGE


def test_times_are_work_over_speed():
    problem = paper_pool(20, 4, rng=1)
    batch, speed, _, _ = parts(problem)
    assert problem.matrix[7, 2] == pytest.approx(batch[7] * 7.327522816e9 / speed[2])


def test_speeds_are_log_uniform():
    from scipy.stats import kstest

    _, speed, _, _ = parts(paper_pool(5, 4000, rng=2))
    assert kstest((np.log10(speed) - 10.0), "uniform").pvalue > 0.01


def test_the_draws_by_hand():
    batch, speed, _, _ = parts(paper_pool(6, 5, rng=2))
    rng = np.random.default_rng(2)
    assert batch.tolist() == rng.integers(1, 17, 6).tolist()
    assert speed == pytest.approx(10.0 ** (10.0 + rng.uniform(size=5)), rel=1e-12)


def test_the_largest_slack_and_backlog():
    _, _, memory, capacity = parts(paper_pool(6, 5, slack=1e9, backlog=1e9, rng=2))
    assert capacity.sum() == pytest.approx(1e9 * memory.sum())


@pytest.mark.parametrize("slack", [1.2, 2.0, 7.5])
def test_capacities_are_boards_scaled_to_the_slack(slack: float):
    _, _, memory, capacity = parts(paper_pool(2000, 40, slack=slack, rng=3))
    assert capacity.sum() == pytest.approx(slack * memory.sum())
    ratios = np.unique(np.round(capacity / capacity.min(), 6))
    assert ratios.tolist() == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("seed", range(20))
def test_every_node_holds_a_largest_batch_and_every_pool_is_feasible(seed: int):
    _, _, memory, capacity = parts(paper_pool(12, 12, slack=1.0, rng=seed))
    assert capacity.min() >= LARGEST_BATCH * BYTES_PER_IMAGE
    assert capacity.sum() >= memory.sum()


def test_correlated_memory_follows_the_speed():
    _, speed, _, capacity = parts(paper_pool(2000, 30, memory="correlated", rng=4))
    assert (np.diff(capacity[np.argsort(speed)]) >= 0).all()
    _, same_speed, _, independent = parts(paper_pool(2000, 30, rng=4))
    assert np.array_equal(speed, same_speed)
    assert np.array_equal(np.sort(capacity), np.sort(independent))
    assert not np.array_equal(capacity, independent)


def test_proportional_memory_makes_full_nodes_end_together():
    _, speed, memory, capacity = parts(
        paper_pool(2000, 30, slack=1.5, memory="proportional", rng=4)
    )
    work_of_full_nodes = capacity / BYTES_PER_IMAGE
    assert np.ptp(work_of_full_nodes / speed) < 1e-9 * (work_of_full_nodes / speed).mean()
    assert capacity.sum() == pytest.approx(1.5 * memory.sum())


def test_equal_tasks_stand_on_the_same_nodes():
    batch, speed, memory, capacity = parts(paper_pool(200, 30, batch="equal", rng=4))
    _, same_speed, unequal, other = parts(paper_pool(200, 30, rng=4))
    assert set(batch) == {8.0}
    assert set(memory) == {8.0 * BYTES_PER_IMAGE}
    assert np.array_equal(speed, same_speed)
    assert capacity / memory.sum() == pytest.approx(other / unequal.sum())


def test_memory_may_be_left_out():
    problem = paper_pool(20, 4, memory="none", rng=5)
    assert problem.task_memory is None
    assert np.array_equal(problem.matrix, paper_pool(20, 4, rng=5).matrix)


def test_nodes_may_have_work_left():
    idle, busy = paper_pool(50, 4000, rng=7), paper_pool(50, 4000, backlog=0.5, rng=7)
    _, speed, _, capacity = parts(busy)
    mean = busy.et.work.sum() / speed.sum()
    assert idle.ready is None
    assert busy.ready.mean() == pytest.approx(0.5 * mean, rel=0.05)
    assert 0 <= busy.ready.min() < busy.ready.max() <= mean
    assert np.array_equal(capacity, idle.node_capacity)


def test_the_seed_decides():
    assert paper_pool(rng=1).digest == paper_pool(rng=1).digest != paper_pool(rng=2).digest
    assert (paper_pool().tasks, paper_pool().nodes) == (200, 30)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"slack": 0.99}, "slack"),
        ({"slack": float("inf")}, "slack"),
        ({"slack": 1e308}, "slack"),
        ({"memory": "other"}, "memory"),
        ({"batch": "other"}, "batch"),
        ({"backlog": -0.1}, "backlog"),
        ({"tasks": 0}, "tasks"),
        ({"nodes": 0}, "nodes"),
    ],
)
def test_bad_parameters_are_refused(arguments: dict, field: str):
    with pytest.raises(InputError, match=f"^{field}: got"):
        paper_pool(**arguments)

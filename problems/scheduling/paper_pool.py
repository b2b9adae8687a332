"""The paper's experiment: unequal tasks of one network on a pool of edge nodes."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import FloatArray, check_choice, check_number
from edgeopt.problems.scheduling.problem import Problem, UniformTimes, check_size

FLOP_PER_IMAGE = 2 * 3_663_761_408  # ResNet-34 at 224x224, 1 MAC = 2 FLOP

BYTES_PER_IMAGE = 3 * 224 * 224 * 4  # float32 input that a queued task holds

LARGEST_BATCH = 16

_SLOWEST, _FASTEST = 1e10, 1e11  # FLOP/s: a Raspberry Pi 4, a small Jetson

_CAPACITY_SHARES = (1.0, 2.0, 4.0, 8.0)  # boards of 1 to 8 GiB

_MEMORY_KINDS = ("independent", "correlated", "proportional", "none")

_BATCH_KINDS = ("unequal", "equal")


def paper_pool(
    tasks: int = 200,
    nodes: int = 30,
    *,
    slack: float = 2.0,
    memory: str = "independent",
    batch: str = "unequal",
    backlog: float = 0.0,
    rng: int | np.random.Generator | None = None,
) -> Problem:
    """Generate the paper's scheduling experiment (section 4).

    Parameters
    ----------
    tasks : int
        Number of tasks k, 200 in the paper.
    nodes : int
        Number of nodes x, in the paper 10, 20 or 30.
    slack : float
        Total memory of the nodes over total memory of the tasks, 1 to 1e9.
    memory : {"independent", "correlated", "proportional", "none"}
        Whether a node's memory is independent of its speed, ordered like it, proportional to it,
        or unlimited. If it is proportional, nodes that are equally full are equally loaded: the
        heuristic (4), which knows memory alone, then balances time as well.
    batch : {"unequal", "equal"}
        Whether tasks are batches of 1 to 16 images, or all of 8 images.
    backlog : float
        Work left over from earlier windows, 0 to 1e9: the nodes are ready at uniform times whose
        mean is this multiple of total work over total speed.
    rng : int or Generator, optional
        Seed or source of randomness.

    Returns
    -------
    Problem
        In `UniformTimes` form, et_ij = work_i / speed_j (1), with task memory and node capacity.

    Notes
    -----
    The paper gives neither work, speeds nor memory; these are our assumptions. A task is a batch
    of 1 to 16 images through ResNet-34 and holds its float32 input while queued. The tasks are
    unequal, since greedy list scheduling would be optimal for equal ones. Speeds are log-uniform
    between 10 and 100 GFLOP/s, board sizes 1, 2, 4 or 8 GiB; capacities are scaled to the slack
    but hold at least one largest batch.

    Examples
    --------
    >>> from edgeopt.problems.scheduling import paper_pool
    >>> pool = paper_pool(tasks=50, nodes=5, rng=1)
    >>> pool.tasks, pool.nodes
    (50, 5)
    """
    k, x = check_size(tasks, nodes)
    check_number("slack", slack, at_least=1, at_most=1e9)
    check_choice("memory", memory, _MEMORY_KINDS)
    check_choice("batch", batch, _BATCH_KINDS)
    check_number("backlog", backlog, at_least=0, at_most=1e9)
    generator = np.random.default_rng(rng)
    images = generator.integers(1, LARGEST_BATCH + 1, size=k).astype(np.float64)
    if batch == "equal":  # after the draw, to leave the nodes those of the unequal tasks
        images[:] = LARGEST_BATCH / 2
    speed = np.exp(generator.uniform(np.log(_SLOWEST), np.log(_FASTEST), size=x))
    share = generator.choice(_CAPACITY_SHARES, size=x)
    et, name = UniformTimes(images * FLOP_PER_IMAGE, speed), f"paper:{k}x{x}"
    ready = None
    if backlog > 0:
        ready = generator.uniform(0.0, 2.0, size=x) * (backlog * et.work.sum() / speed.sum())
    if memory == "none":
        return Problem(et, name=name, ready=ready)
    if memory == "correlated":
        share = _in_the_order_of(speed, share)
    if memory == "proportional":
        share = speed
    task_memory = images * BYTES_PER_IMAGE
    capacity = share * (slack * task_memory.sum() / share.sum())
    # Otherwise a small board might hold no task, or not the largest one.
    capacity = np.maximum(capacity, LARGEST_BATCH * BYTES_PER_IMAGE)
    return Problem(et, task_memory, capacity, name=name, ready=ready)


def _in_the_order_of(keys: FloatArray, values: FloatArray) -> FloatArray:
    """Return `values` in the order of `keys`: the largest where `keys` is largest, and so on."""
    arranged = np.empty_like(values)
    arranged[np.argsort(keys, kind="stable")] = np.sort(values)
    return arranged

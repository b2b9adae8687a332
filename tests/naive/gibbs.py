"""The Gibbs distribution that replicas should have, and the one that they have."""

import itertools

import numpy as np
from scipy.stats import chi2

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.tempering.model import propose
from edgeopt.optim.scheduling.tempering.moves import share_anew, shift_and_swap
from edgeopt.optim.scheduling.tempering.tempering import temper


def energy_parts(model, assignment, target):
    """Sum of reduced costs, and half the weighted sum of squared overloads."""
    loads = np.array(model.ready)
    for task, node in enumerate(assignment):
        loads[node] += model.times[task, node]
    cost = sum(model.costs[task, node] for task, node in enumerate(assignment))
    excess = np.maximum(loads - target, 0.0)
    return cost, sum(model.weights * excess**2) / 2


def fits(model, assignment):
    used = np.bincount(assignment, weights=model.memory, minlength=len(model.capacity))
    return bool((used <= model.capacity).all())


def gibbs(model, temperature, stiffness, target):
    """Probability of each assignment; task i's node is digit i of the index in base x."""
    k, x = model.times.shape
    weights = np.zeros(x**k)
    for digits in itertools.product(range(x), repeat=k):
        assignment = digits[::-1]
        runs = all(np.isfinite(model.times[task, node]) for task, node in enumerate(assignment))
        if runs and fits(model, assignment):
            cost, overload = energy_parts(model, assignment, target)
            index = sum(node * x**task for task, node in enumerate(assignment))
            weights[index] = np.exp(-cost / temperature - stiffness * overload)
    return weights / weights.sum()


def p_value(counts, chances):
    """Chi-square test; what is expected less than ten times counts as one."""
    assert counts[chances == 0.0].sum() == 0
    expected = chances * counts.sum()
    often = expected >= 10.0
    found = np.append(counts[often], counts[~often].sum())
    wanted = np.append(expected[often], expected[~often].sum())
    if wanted[-1] < 10.0:
        found, wanted = found[:-1], wanted[:-1]
    return chi2.sf(((found - wanted) ** 2 / wanted).sum(), len(found) - 1)


@jit
def count_moves(walk, level, singles, blocks, samples):
    """How often one replica is in each assignment, looked at after so many proposals."""
    k, x = walk.model.times.shape
    counts = np.zeros(x**k, dtype=np.int64)
    for _ in range(samples):
        if singles > 0:
            shift_and_swap(
                walk.model, walk.ladder, walk.replicas, level, walk.target, singles,
                walk.incumbent, walk.stream,
            )  # fmt: skip
        if blocks > 0:
            share_anew(
                walk.model, walk.ladder, walk.replicas, level, walk.target, blocks,
                walk.incumbent, walk.stream, walk.block,
            )  # fmt: skip
        counts[_index(walk.replicas.assignment[walk.replicas.at[level]], x)] += 1
    return counts


@jit
def count_tempering(walk, rounds, samples):
    """How often each level has each assignment, looked at after so many rounds."""
    k, x = walk.model.times.shape
    levels = len(walk.replicas.at)
    counts = np.zeros((levels, x**k), dtype=np.int64)
    for _ in range(samples):
        temper(walk, 0, rounds * len(walk.replicas.at))
        for level in range(levels):
            counts[level, _index(walk.replicas.assignment[walk.replicas.at[level]], x)] += 1
    return counts


@jit
def count_proposals(ladder, level, x, samples, stream):
    """How often each task is proposed for each node, shape (k, x)."""
    counts = np.zeros((ladder.nodes.shape[0], x), dtype=np.int64)
    for _ in range(samples):
        task, node = propose(ladder, level, stream)
        counts[task, node] += 1
    return counts


@jit
def _index(assignment, x):
    index, digit = 0, 1
    for node in assignment:
        index += node * digit
        digit *= x
    return index

"""Proposals of the frontier's kernels, its ladder and a step, on consistent Braun instances.

`extra_info` has the time of one proposal. Replicas come from a few annealing steps, so that
proposals are taken and rejected as they are in a run.
"""

import numpy as np
import pytest

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.tempering.model import build_ladder
from edgeopt.optim.scheduling.tempering.moves import share_anew, shift_and_swap
from edgeopt.optim.scheduling.tempering.solver import WIDEST, Frontier
from edgeopt.problems.scheduling.generators import braun

SINGLES, BLOCKS, ANNEALING = 100_000, 2_000, 16


@pytest.fixture(
    scope="module", params=[(512, 16), (2048, 64)], ids=lambda size: "{}x{}".format(*size)
)
def run(request):
    """Return problem and state after the first annealing."""
    problem, solver = braun("u_c_hihi", *request.param, rng=0), Frontier()
    state = solver.init(problem, np.random.default_rng(0))
    for _ in range(ANNEALING):
        state = solver.step(problem, state)
    return problem, state


@jit
def singles(walk, level, proposals):
    shift_and_swap(
        walk.model, walk.ladder, walk.replicas, level, walk.target, proposals,
        walk.incumbent, walk.stream,
    )  # fmt: skip


@jit
def blocks(walk, level, proposals):
    share_anew(
        walk.model, walk.ladder, walk.replicas, level, walk.target, proposals,
        walk.incumbent, walk.stream, walk.block,
    )  # fmt: skip


@pytest.mark.parametrize("level", [0, 16, 31])
@pytest.mark.parametrize(("kernel", "proposals"), [(singles, SINGLES), (blocks, BLOCKS)])
def test_proposals(benchmark, run, kernel, proposals, level):
    problem, state = run
    benchmark.group = f"{kernel.__name__}, {problem.tasks} x {problem.nodes}"
    arguments = (state.walk, level, proposals)
    benchmark.pedantic(kernel, arguments, rounds=10, warmup_rounds=1)
    seconds = benchmark.stats.stats.median / proposals
    benchmark.extra_info["ns_per_proposal"] = round(1e9 * seconds, 1)
    benchmark.extra_info["proposals_per_second"] = round(1.0 / seconds)


def test_build_ladder(benchmark, run):
    problem, state = run
    benchmark.group = f"build_ladder, {problem.tasks} x {problem.nodes}"
    ladder = benchmark(build_ladder, state.walk.model, state.walk.ladder.nodes, 32, WIDEST)
    assert len(ladder.temperatures) == 32


def test_step(benchmark, run):
    problem, state = run
    benchmark.group = f"step, {problem.tasks} x {problem.nodes}"
    benchmark.pedantic(Frontier().step, (problem, state), rounds=20)
    assert problem.fits(state.assignment)

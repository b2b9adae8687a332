"""Speed of the local search: kicks (each an ejection chain), moves looked at, whole descents.

`extra_info` has nanoseconds a kick, and the moves a second that a look over the neighbourhood of
the critical node takes.
"""

import numpy as np
import pytest

from edgeopt.optim.jit import jit
from edgeopt.optim.scheduling.heuristics.batch_rules import min_min
from edgeopt.optim.scheduling.local_search.moves import (
    KickSettings,
    best_move,
    kick_often,
    restart_from,
)
from edgeopt.optim.scheduling.local_search.schedule_arrays import read_assignment
from edgeopt.optim.scheduling.local_search.search import open_search
from edgeopt.optim.stream import open_stream
from edgeopt.problems.scheduling.generators import braun
from edgeopt.problems.scheduling.paper_pool import paper_pool

KICKS, LOOKS = 20_000, 200
PROBLEMS = {
    "512x16": lambda: braun("u_s_hihi", 512, 16, rng=1),
    "1024x32": lambda: braun("u_s_hihi", 1024, 32, rng=1),
    "200x30, memory": lambda: paper_pool(200, 30, slack=1.2, rng=1),
}


@jit
def look(search, times):
    found = 0
    for _ in range(times):
        found += best_move(search).task
    return found


@pytest.fixture(params=PROBLEMS, scope="module")
def started(request):
    """Return a name, a search and the schedule of Min-Min."""
    problem = PROBLEMS[request.param]()
    return request.param, open_search(problem), np.asarray(min_min(problem, None))


def test_descent(benchmark, started):
    name, search, first = started
    benchmark.group = f"local search, {name}"
    benchmark.pedantic(restart_from, args=(search, first), rounds=20, warmup_rounds=1)


def test_kicks(benchmark, started):
    name, search, first = started
    benchmark.group = f"local search, {name}"
    restart_from(search, first)
    stream, urge = open_stream(np.random.default_rng(1)), KickSettings(0.2, 1.0, 0.2)
    benchmark.pedantic(kick_often, args=(search, urge, KICKS, stream), rounds=10, warmup_rounds=1)
    benchmark.extra_info["ns_per_kick"] = round(1e9 * benchmark.stats.stats.median / KICKS, 1)


def test_looks_over_the_neighbourhood(benchmark, started):
    name, search, first = started
    benchmark.group = f"local search, {name}"
    read_assignment(search.instance, search.schedule, first)
    critical = search.schedule.ranks[1]
    counts = np.bincount(search.schedule.assignment, minlength=len(search.schedule.loads))
    nodes = search.candidates.node[search.schedule.assignment == critical]
    moves = int((1 + counts[nodes])[nodes != critical].sum())
    benchmark.pedantic(look, args=(search, LOOKS), rounds=10, warmup_rounds=1)
    rate = moves * LOOKS / benchmark.stats.stats.median
    benchmark.extra_info["million_moves_per_second"] = round(rate / 1e6)

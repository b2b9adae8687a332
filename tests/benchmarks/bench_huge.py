"""100,000 tasks on 1,000 nodes as work and speed, never multiplied out: time and peak memory.

Each heuristic runs in a process of its own, whose peak memory stands in `extra_info` (limit: 200 MB
in all, Python and compiler included; the matrix alone would take 800 MB).
"""

import json
import subprocess
import sys

import pytest

LIMIT_MB = 200
CODE = """
import json, resource, time
from edgeopt.optim import solve, warm_up
from edgeopt.optim.scheduling import SOLVERS
from edgeopt.problems.scheduling import load_problem
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
problem = load_problem("paper:100000x1000:seed=0")
solver = SOLVERS["{name}"]
warm_up(problem, solver)
result = solve(problem, solver, rng=0)
print(json.dumps({{"seconds": result.seconds, "gap": result.gap,
                   "peak_mb": peak(), "status": result.status}}))
"""


@pytest.mark.benchmark(group="100,000 tasks x 1,000 nodes (with start of Python and compiling)")
@pytest.mark.parametrize(
    "name", ["fcfs", "round-robin", "mct", "met", "min-min", "max-min", "sufferage", "lpt"]
)
def test_constructive_heuristics(benchmark, name):
    def run():
        command = [sys.executable, "-c", CODE.format(name=name)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    found = benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(found)
    assert found["status"] == "finished"
    assert found["peak_mb"] < LIMIT_MB

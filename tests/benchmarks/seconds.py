"""How well solvers keep a budget of seconds: ``cd tests && python -m benchmarks.seconds``.

A row for each solver and size: the seconds asked for and used by `solve`, bound and check
included, and the processor's seconds beside them, which are what counts where other programs run
too. A run is late if it took more than 10 % and 0.2 s longer, by both clocks. Exit code 1 if any is
late or has no schedule.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.solve import solve, warm_up
from edgeopt.optim.scheduling.stop import Seconds
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem, UniformTimes

SIZES = ("10x3", "1000x10", "20000x10", "100000x10", "40000x50", "100000x50", "200000x10")
SHARE, SPARE = 0.1, 0.2


class Row(NamedTuple):
    """One run."""

    problem: str
    solver: str
    wall: float
    processor: float
    status: str
    gap: float

    def is_late(self, asked: float) -> bool:
        return min(self.wall, self.processor) > asked * (1 + SHARE) + SPARE


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seconds", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="TASKSxNODES")
    parser.add_argument("--solvers", nargs="+", default=list(SOLVERS))
    parser.add_argument("--uniform", action="store_true", help="times as work and speed")
    options = parser.parse_args()
    bad = 0
    print(
        f"{'problem':>12} {'solver':<14} {'asked':>6} {'wall':>7} {'cpu':>7} {'ratio':>6}  status"
    )
    for row in rows(options):
        wrong = row.is_late(options.seconds) or row.status == "infeasible"
        bad += wrong
        print(
            f"{row.problem:>12} {row.solver:<14} {options.seconds:6.2f} {row.wall:7.2f} "
            f"{row.processor:7.2f} {row.wall / options.seconds:6.2f}  {row.status:<10} "
            f"{100 * row.gap:8.2f} %{'  LATE' if wrong else ''}",
            flush=True,
        )
    return int(bad > 0)


def rows(options: argparse.Namespace) -> Iterator[Row]:
    """Run every solver on every size."""
    for size in options.sizes:
        tasks, nodes = map(int, size.split("x"))
        rng = np.random.default_rng(tasks)
        et = rng.uniform(1, 100, (tasks, nodes))
        if options.uniform:
            et = UniformTimes(rng.uniform(1, 100, tasks), rng.uniform(1, 4, nodes))
        for name in options.solvers:
            problem = Problem(et)  # a new one: nothing is known of it
            warm_up(problem, SOLVERS[name])
            wall, processor = time.perf_counter(), time.process_time()
            try:
                result = solve(problem, SOLVERS[name], stop=Seconds(options.seconds), rng=1)
                status, gap = result.status.value, result.gap
            except InputError:
                status, gap = "refused", np.nan
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            yield Row(size, name, wall, processor, status, gap)


if __name__ == "__main__":
    sys.exit(main())

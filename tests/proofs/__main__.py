"""Compare what is proved with enumeration: ``cd tests && python -m proofs --problems 10000``.

All bounds and all solvers run on random problems of 3 to 8 tasks. ``--only N`` runs one problem
again. Exit code 1 if anything is wrong.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pprint import pprint

from proofs.claims import Task, look
from proofs.draws import draw_problem


def looks(tasks: list[Task], jobs: int) -> Iterator[tuple[int, list[str]]]:
    """Yield what is wrong with each problem, in order."""
    if jobs == 1:
        yield from map(look, tasks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(look, tasks, chunksize=20)


def main() -> None:
    """Run the problems and print what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m proofs", description=__doc__)
    parser.add_argument("--problems", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="run this problem alone, and print it")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--peers", action="store_true", help="run HiGHS and CP-SAT, slowly, instead"
    )
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.problems)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
        pprint(draw_problem(options.seed, options.only))
    wrong, begin = 0, time.perf_counter()
    tasks = [(options.seed, number, options.peers) for number in numbers]
    for number, found in looks(tasks, options.jobs):
        wrong += len(found)
        for what in found:
            print(f"problem {number}: {what}", flush=True)
        if number % 500 == 499:
            print(f"{number + 1} at {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    print(f"{len(numbers)} problems of seed {options.seed}, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

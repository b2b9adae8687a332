"""Whether kernels have become slower: ``bash .ci/performance``.

The processor time of each kernel is divided by that of `roulette.c`, run in turn with it, so that
the machine's speed and other work on it cancel; of each, the least of several rounds counts. A
ratio more than 20 % above the one in ``ratios.json``, measured anew up to three times, fails.
Ratios depend on the kind of processor: the file has a table for each. Exit codes: 0, 1 if a kernel
is slower, 3 if the file knows no ratios of this processor.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.bench_colony import NODES, c_colony, compiled, own_colony, pool, spent

from edgeopt.experiments.runs.provenance import provenance
from edgeopt.optim.scheduling.catalog import SOLVERS
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.generators import braun

RATIOS = Path(__file__).with_name("ratios.json")
MOST, ROUNDS, TRIES = 1.2, 15, 3
UNKNOWN = 3

# Evaluations on 512 x 16, beside the ants, whose yardstick is the C code on the same pool.
SEARCHES = {"annealing": 10**6, "frontier": 3 * 10**6, "genetic": 10**5, "iterated-greedy": 10**8}
SEARCHES |= {"local-search": 3 * 10**7, "pso": 3 * 10**4, "tabu": 4 * 10**7}

Pair = tuple[Callable[[], object], Callable[[], object]]


def main() -> int:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--file", type=Path, default=RATIOS, help="of the ratios to compare with")
    parser.add_argument("--write", action="store_true", help="put the ratios into the file")
    parser.add_argument("--only", nargs="+", metavar="KERNEL", help="kernels to measure")
    options = parser.parse_args()
    known = json.loads(options.file.read_text()) if options.file.exists() else {}
    machine = provenance()["machine"]
    before = {} if options.write else known.get(machine, {})
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    print(f"{'kernel':<16} {'ratio':>8} {'before':>8}")
    found, slower = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, pair in pairs(Path(folder), options.only).items():
            found[name], old = measured(*pair, before.get(name)), before.get(name, np.nan)
            slower += is_slower(found[name], old)
            change = f"{100 * (found[name] / old - 1):+8.0f} %" if name in before else ""
            mark = "  SLOWER" if is_slower(found[name], old) else ""
            print(f"{name:<16} {found[name]:8.3f} {old:8.3f}{change}{mark}", flush=True)
    if options.write:
        known[machine] = known.get(machine, {}) | {k: round(v, 4) for k, v in found.items()}
        options.file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    elif not before:
        print(
            f"no ratios of this processor in {options.file.name}: compare with a revision instead"
        )
        return UNKNOWN
    return int(slower > 0)


def pairs(folder: Path, only: list[str] | None) -> dict[str, Pair]:
    """Return each kernel with its yardstick, compiled into a folder."""
    library = compiled(folder)
    pools = {f"ants-{nodes}": pool(nodes) for nodes in NODES}
    found = {name: (own_colony(one), c_colony(library, one)[0]) for name, one in pools.items()}
    yardstick, problem = found["ants-30"][1], braun("u_c_hihi", 512, 16, rng=1)
    found |= {name: (search(problem, name), yardstick) for name in SEARCHES}
    return {name: pair for name, pair in found.items() if not only or name in only}


def search(problem, name):
    """Return a call that runs a solver on a budget."""
    return lambda: solve(problem, SOLVERS[name], stop=Evaluations(SEARCHES[name]), rng=1)


def measured(kernel, yardstick, before: float | None) -> float:
    """Return the ratio of the least processor times; one that looks slower is measured anew."""
    kernel(), yardstick()  # compiled, and in the caches
    least, ratio = np.full(2, np.inf), np.inf
    for _ in range(TRIES):
        for _ in range(ROUNDS):
            least = np.minimum(least, (spent(kernel), spent(yardstick)))
        ratio = float(least[0] / least[1])
        if before is None or not is_slower(ratio, before):
            break
    return ratio


def is_slower(ratio: float, before: float) -> bool:
    """Whether a ratio is more than 20 % above the one before; never if that is unknown (NaN)."""
    return ratio > MOST * before


if __name__ == "__main__":
    sys.exit(main())

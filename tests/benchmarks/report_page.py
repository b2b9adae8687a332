"""Size and opening time of a report of many runs: ``cd tests && python -m benchmarks.report_page``.

The runs are made up: each improves a random number of times between random gaps. The time is that
from the start of loading in Chromium until all charts are drawn, the least of three, beside the
load of the machine.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from browser import Browser
from sweep_rows import analysis_of, run, sweep

from edgeopt.experiments.report.content import make_report_page
from edgeopt.experiments.report.page import render_page
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.problems.scheduling.spec import load_problem

OPENED = "(t => t.loadEventEnd - t.startTime)(performance.getEntriesByType('navigation')[0])"


def made_up(problems: int, solvers: int, repetitions: int) -> pd.DataFrame:
    """Return runs of 5,000 evaluations and 1 s with 5 to 60 improvements each."""
    rng = np.random.default_rng(1)
    rows = []
    for problem in (f"paper:200x20:seed={seed}" for seed in range(problems)):
        places = [(s, r) for s in range(solvers) for r in range(repetitions)]
        sizes = rng.integers(5, 60, len(places))
        gaps = [
            np.sort(rng.lognormal(-2 + s / 10, 1.5, size))[::-1]
            for (s, _), size in zip(places, sizes, strict=True)
        ]
        assignment = rng.integers(20, size=200)
        best = Schedule.of(load_problem(problem), assignment).makespan
        bound = best / (1 + min(own[-1] for own in gaps))
        for (solver, repetition), own in zip(places, gaps, strict=True):
            costs = np.sort(rng.choice(5000, own.size, replace=False)) + 1
            trace = [*zip(costs.tolist(), costs / 5000, bound * (1 + own), strict=True)]
            row = run(f"solver {solver}", trace, problem=problem, repetition=repetition)
            row |= {"lower_bound": bound, "gap": own[-1], "assignment": assignment}
            rows.append(row)
    return sweep(rows)


def main() -> None:
    """Make a report and print its size and its time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(50, 20, 10), metavar="N")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    program = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        # first, as matplotlib keeps the descriptors open that a browser needs
        browser = Browser(program, Path(folder) / "profile") if program else None
        cells = made_up(*chosen.shape)
        start = time.process_time()
        page = render_page(make_report_page(analysis_of(cells))).encode()
        took = time.process_time() - start
        print("problems, solvers, repetitions:", *chosen.shape, "runs:", len(cells))
        print(f"size: {len(page) / 1e6:.2f} MB, made in {took:.0f} s of the processor")
        path = chosen.out or Path(folder) / "report.html"
        path.write_bytes(page)
        if browser is None:
            print("no time: chromium is missing")
        else:
            times = [_opened(browser, path) for _ in range(3)]
            load = f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
            print(f"opened in {min(times):.2f} s ({load})")
            browser.close()


def _opened(browser: Browser, path: Path) -> float:
    """Return the seconds until a page is shown."""
    browser.open(path, 1280, 900)
    return float(browser.run(OPENED)) / 1000


if __name__ == "__main__":
    main()

"""Rows of a sweep made by hand."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from edgeopt.experiments.report.analysis import Analysis
from edgeopt.experiments.statistics.anytime import AXES
from edgeopt.experiments.statistics.comparison import compare_solvers

BOUND = 100.0
Step = tuple[int, float, float]


def run(
    solver: str,
    trace: Sequence[Step],
    *,
    problem: str = "p",
    repetition: int = 0,
    status: str = "evaluations",
) -> dict[str, Any]:
    """Return a run with a trace of (evaluations, seconds, makespan); its bound is `BOUND`."""
    evaluations, seconds, makespans = (list(values) for values in zip(*trace, strict=True))
    return {
        "problem": problem,
        "solver": solver,
        "repetition": repetition,
        "status": status,
        "error": None,
        "lower_bound": BOUND,
        "makespan": makespans[-1],
        "gap": makespans[-1] / BOUND - 1,
        "iterations": len(evaluations),
        "evaluations": evaluations[-1],
        "seconds": seconds[-1],
        "trace_iterations": list(range(1, len(evaluations) + 1)),
        "trace_evaluations": evaluations,
        "trace_seconds": seconds,
        "trace_makespan": makespans,
    }


def failed(solver: str, *, problem: str = "p", repetition: int = 0) -> dict[str, Any]:
    """Return a run that failed: all that it would have found is missing."""
    names = ("problem", "solver", "repetition")
    row = dict.fromkeys(run(solver, [(1, 0.1, 1.0)]))
    values = dict(zip(names, (problem, solver, repetition), strict=True))
    return {**row, **values, "status": "failed", "error": "Traceback\nValueError: no"}


def sweep(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as the table of a sweep, as Parquet would give it back."""
    table = pd.DataFrame(list(rows))
    numbers = ("lower_bound", "makespan", "gap", "iterations", "evaluations", "seconds")
    return table.astype(dict.fromkeys(numbers, float))


def final(gaps: dict[str, dict[str, Sequence[float]]]) -> pd.DataFrame:
    """Return a sweep of runs that end at these gaps, ``{problem: {solver: gaps}}``."""
    return sweep(
        run(solver, [(10, 0.5, BOUND * (1 + gap))], problem=problem, repetition=repetition)
        for problem, solvers in gaps.items()
        for solver, values in solvers.items()
        for repetition, gap in enumerate(values)
    )


def analysis_of(cells: pd.DataFrame, *, axes: Sequence[str] = AXES) -> Analysis:
    """Return the analysis of rows made by hand, compared at equal evaluations and seconds."""
    problems, solvers = list(cells["problem"].unique()), list(cells["solver"].unique())
    cells.attrs["problems"] = {name: name for name in problems}
    config = {
        "budget": {"evaluations": 12000, "seconds": 3},
        "solvers": {name: {"solver": name} for name in solvers},
    }
    return Analysis(
        name="by hand",
        description={"config": config, "provenance": {"edgeopt": "0.0.0"}},
        cells=cells,
        problems={name: f"short {name}" for name in problems},
        solvers=tuple(solvers),
        units=("problems",),
        comparisons=tuple(compare_solvers(cells, axis=axis) for axis in axes),
    )

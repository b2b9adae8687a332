"""Rows of a sweep made by hand."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

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

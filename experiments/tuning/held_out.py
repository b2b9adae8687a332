"""Default against tuned on problems that the tuning has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.runs.run import Count, run_sweep
from edgeopt.experiments.statistics.bootstrap import COVERAGE, mean_interval
from edgeopt.experiments.statistics.rank_tests import signed_ranks
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.text import p_digits
from edgeopt.experiments.tuning.cells import CellError, CellRunner, trial_cells
from edgeopt.experiments.tuning.config import TuneConfig
from edgeopt.experiments.tuning.objective import OBJECTIVES
from edgeopt.problems.html import escaped

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class HeldOutComparison:
    """The gain of a tuning in its objective; gaps are fractions of the lower bound.

    Attributes
    ----------
    table : DataFrame
        A row for each problem: ``problem``, ``default`` and ``tuned`` (mean objective over the
        repetitions; infinite if one of them found no schedule or failed), ``difference``
        (tuned - default).
    problems : int
        Number of problems with two finite means; the numbers below are over these.
    difference : float
        Mean difference.
    low, high : float
        Its bootstrap confidence interval (BCa), NaN for fewer than two problems.
    p_value : float
        Of Wilcoxon's two-sided signed-rank test, NaN without problems.
    objective : str
        What is compared.
    """

    table: pd.DataFrame
    problems: int
    difference: float
    low: float
    high: float
    p_value: float
    objective: str = "gap"

    def __str__(self) -> str:
        """Return the comparison in one line."""
        return sentence(self)

    def _repr_html_(self) -> str:
        """Return the table and the line, for notebooks."""
        return f"{self.table.to_html(index=False)}<p>{escaped(str(self))}</p>"


def run_held_out(
    config: TuneConfig,
    tuned: dict[str, Any],
    folder: Path,
    runner: CellRunner | None = None,
    report: Count | None = None,
) -> pd.DataFrame:
    """Run default and tuned on the held-out problems, with the same seeds.

    This is a sweep like any other: an interrupted one is resumed, and ``edgeopt plot`` takes its
    folder. Only with an objective of the user's, which no row of a sweep has, the runs are cells
    of the tuning.

    Parameters
    ----------
    config : TuneConfig
        What was tuned, with held-out problems.
    tuned : dict
        Table of the tuned solver.
    folder : Path
        Of the sweep.
    runner : CellRunner, optional
        Runs the cells if the objective is the user's; says how many processes a sweep may use.
    report : callable, optional
        Called with the numbers of finished and of all runs.

    Returns
    -------
    DataFrame
        One row for each run, with ``problem``, ``solver`` (default or tuned) and the objective.
    """
    assert config.held_out is not None
    tables = {"default": config.solver, "tuned": tuned}
    if config.objective not in OBJECTIVES:
        assert runner is not None
        return _run_cells(config, tables, runner)
    labels, specs = config.held_out.labels, config.held_out.specs
    sweep = SweepConfig(
        problems={labels[spec]: spec for spec in specs} if labels else specs,
        repetitions=config.held_out.repetitions,
        seed=config.seed,
        budget=config.budget,
        solvers=tables,
    )
    jobs, accept = (runner.jobs, runner.accepts_code) if runner else (1, False)
    return run_sweep(sweep, folder, jobs=jobs, accept_code=accept, report=report)


def _run_cells(
    config: TuneConfig, tables: dict[str, dict[str, Any]], runner: CellRunner
) -> pd.DataFrame:
    """Run the cells of the held-out problems; a failed run has no value."""
    import pandas as pd

    assert config.held_out is not None
    specs = config.held_out.specs
    cells = sorted(
        trial_cells(config.held_out, config.seed), key=lambda cell: specs.index(cell.spec)
    )
    rows = []
    for label, table in tables.items():
        values = {name: table.get(name, config.declared[name].value) for name in config.space}
        for cell in cells:
            try:
                (value,) = runner.run([cell], values)
            except CellError:
                value = np.nan
            rows.append((config.held_out.labels.get(cell.spec, cell.spec), label, value))
    return pd.DataFrame(rows, columns=["problem", "solver", config.objective_name])


def compare_held_out(runs: pd.DataFrame, objective: str = "gap") -> HeldOutComparison:
    """Compare default and tuned, problem by problem.

    The unit is the problem: its repetitions are averaged first, since they say nothing about
    other problems.
    """
    values = runs.assign(value=runs[objective].fillna(np.inf))  # a failed run has none
    table = values.groupby(["problem", "solver"], sort=False)["value"].mean().unstack()
    table = table.reindex(runs["problem"].drop_duplicates())[["default", "tuned"]]
    # an infinite mean has no difference; such a problem stays in the table but is not counted
    finite = np.isfinite(table.to_numpy()).all(axis=1)
    table["difference"] = np.nan
    table.loc[finite, "difference"] = table["tuned"][finite] - table["default"][finite]
    differences = table["difference"][finite].to_numpy()
    low, high = mean_interval(differences)
    mean = float(differences.mean()) if len(differences) else np.nan
    p = signed_ranks(differences, np.zeros(len(differences))).p if len(differences) else np.nan
    table = table.rename_axis(columns=None).reset_index()
    return HeldOutComparison(table, len(differences), mean, low, high, p, objective)


def sentence(found: HeldOutComparison) -> str:
    """Return the comparison in one line."""
    if found.problems == 0:
        return "No held-out problem on which both found a schedule in every run."
    is_gap = found.objective == "gap"
    scale, unit = (100.0, "points of gap") if is_gap else (1.0, f"in {found.objective}")
    change = f"{scale * found.difference:+.3g} {unit}"
    if found.problems > 1:
        change += (
            f" ({100 * COVERAGE:.0f} % bootstrap interval {scale * found.low:+.3g} to "
            f"{scale * found.high:+.3g}; Wilcoxon signed-rank {p_digits(found.p_value)})"
        )
    problems = f"{found.problems} held-out problem{'s' * (found.problems > 1)}"
    return f"Tuned - default: {change}, mean over {problems}."

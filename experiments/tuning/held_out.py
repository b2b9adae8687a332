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
from edgeopt.experiments.tuning.config import TuneConfig

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class HeldOutComparison:
    """The gain of a tuning; gaps are fractions of the lower bound.

    Attributes
    ----------
    table : DataFrame
        A row for each problem: ``problem``, ``default`` and ``tuned`` (mean gap over the
        repetitions; infinite if one of them found no schedule or failed), ``difference``
        (tuned - default).
    problems : int
        Number of problems with two finite gaps; the numbers below are over these.
    difference : float
        Mean difference.
    low, high : float
        Its bootstrap confidence interval (BCa), NaN for fewer than two problems.
    p_value : float
        Of Wilcoxon's two-sided signed-rank test, NaN without problems.
    """

    table: pd.DataFrame
    problems: int
    difference: float
    low: float
    high: float
    p_value: float


def run_held_out(
    config: TuneConfig, tuned: dict[str, Any], folder: Path, report: Count | None = None
) -> pd.DataFrame:
    """Run default and tuned on the held-out problems, with the same seeds.

    This is a sweep like any other: an interrupted one is resumed, and ``edgeopt plot`` takes its
    folder.

    Returns
    -------
    DataFrame
        One row for each run, with ``problem``, ``solver`` (default or tuned) and ``gap``.
    """
    sweep = SweepConfig(
        problems=config.held_out.specs,
        repetitions=config.held_out.repetitions,
        seed=config.seed,
        budget=config.budget,
        solvers={"default": config.solver, "tuned": tuned},
    )
    return run_sweep(sweep, folder, report=report)


def compare_held_out(runs: pd.DataFrame) -> HeldOutComparison:
    """Compare default and tuned, problem by problem.

    The unit is the problem: its repetitions are averaged first, since they say nothing about
    other problems.
    """
    gaps = runs.assign(gap=runs["gap"].fillna(np.inf))  # a failed run has no gap
    table = gaps.groupby(["problem", "solver"], sort=False)["gap"].mean().unstack()
    table = table.reindex(runs["problem"].drop_duplicates())[["default", "tuned"]]
    # an infinite gap has no difference; such a problem stays in the table but is not counted
    finite = np.isfinite(table.to_numpy()).all(axis=1)
    table["difference"] = np.nan
    table.loc[finite, "difference"] = table["tuned"][finite] - table["default"][finite]
    differences = table["difference"][finite].to_numpy()
    low, high = mean_interval(differences)
    mean = float(differences.mean()) if len(differences) else np.nan
    p = signed_ranks(differences, np.zeros(len(differences))).p if len(differences) else np.nan
    return HeldOutComparison(table.reset_index(), len(differences), mean, low, high, p)


def sentence(found: HeldOutComparison) -> str:
    """Return the comparison in one line."""
    if found.problems == 0:
        return "No held-out problem on which both found a schedule in every run."
    change = f"{100 * found.difference:+.3g} points of gap"
    if found.problems > 1:
        change += (
            f" ({100 * COVERAGE:.0f} % bootstrap interval {100 * found.low:+.3g} to "
            f"{100 * found.high:+.3g}; Wilcoxon signed-rank {p_digits(found.p_value)})"
        )
    problems = f"{found.problems} held-out problem{'s' * (found.problems > 1)}"
    return f"Tuned - default: {change}, mean over {problems}."

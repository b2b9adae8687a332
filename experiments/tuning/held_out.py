"""Default against tuned on problems that the tuning has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.sweep.config import SweepConfig
from experiments.sweep.run import Report, run_sweep
from experiments.tuning.config import TuneConfig
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
RESAMPLES = 9999


@dataclass(frozen=True)
class Comparison:
    """What tuning gains; gaps are fractions of the lower bound.

    Attributes
    ----------
    table : DataFrame
        A row for each problem: ``problem``, ``default`` and ``tuned`` (mean gap over the
        repetitions; infinite if one of them found no schedule or failed), ``difference``
        (tuned - default).
    problems : int
        Problems with two finite gaps, over which the numbers below are.
    difference : float
        Mean difference over problems.
    low, high : float
        Its bootstrap confidence interval (BCa), NaN for fewer than two problems.
    p_value : float
        Of the two-sided signed-rank test of Wilcoxon, NaN without problems.

    References
    ----------
    Efron, "Better bootstrap confidence intervals", J. American Statistical Association 82, 1987.
    """

    table: pd.DataFrame
    problems: int
    difference: float
    low: float
    high: float
    p_value: float


def run_held_out(
    config: TuneConfig, tuned: dict[str, Any], folder: Path, report: Report | None = None
) -> pd.DataFrame:
    """Run the solver's default and tuned table on the held-out problems, a sweep like any other.

    Both get the same seeds. An interrupted run goes on where it was; ``edgeopt plot`` takes the
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


def compare(runs: pd.DataFrame) -> Comparison:
    """Compare default and tuned, problem by problem.

    The unit is the problem: its repetitions are averaged first, since they are no independent
    evidence for other problems.
    """
    gaps = runs.assign(gap=runs["gap"].fillna(np.inf))  # a failed run has no gap
    table = gaps.groupby(["problem", "solver"], sort=False)["gap"].mean().unstack()
    table = table.reindex(runs["problem"].drop_duplicates())[["default", "tuned"]]
    finite = np.isfinite(table.to_numpy()).all(axis=1)
    table["difference"] = np.nan
    table.loc[finite, "difference"] = table["tuned"][finite] - table["default"][finite]
    differences = table["difference"][finite].to_numpy()
    low, high = interval(differences)
    mean = float(differences.mean()) if len(differences) else np.nan
    count = int(finite.sum())
    return Comparison(table.reset_index(), count, mean, low, high, signed_rank(differences))


def interval(differences: FloatArray) -> tuple[float, float]:
    """Return the bootstrap confidence interval of the mean, at `LEVEL`."""
    if len(differences) < 2:
        return np.nan, np.nan
    if np.ptp(differences) == 0:  # every resample is the same
        return float(differences[0]), float(differences[0])
    from scipy.stats import bootstrap  # takes long to import

    found = bootstrap(
        (differences,), np.mean, confidence_level=LEVEL, n_resamples=RESAMPLES, rng=0
    ).confidence_interval
    return float(found.low), float(found.high)


def signed_rank(differences: FloatArray) -> float:
    """Return the p-value of the two-sided signed-rank test, NaN without differences."""
    if len(differences) == 0:
        return np.nan
    if not differences.any():
        return 1.0
    from scipy.stats import wilcoxon  # takes long to import

    return float(wilcoxon(differences, zero_method="zsplit").pvalue)

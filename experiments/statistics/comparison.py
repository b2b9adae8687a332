"""All solvers of a sweep against each other, at one common budget."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.anytime import common_budgets, gap_table
from edgeopt.experiments.statistics.bootstrap import interval, resampled
from edgeopt.experiments.statistics.tests import (
    Friedman,
    friedman,
    holm,
    holm_ranks,
    nemenyi,
    paired_differences,
    rank_table,
    signed_ranks,
)
from edgeopt.optim.scheduling.solver import IntArray
from edgeopt.problems.errors import FloatArray, check_choice

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Comparison:
    """Ranking and tests.

    Attributes
    ----------
    axis : str
        What is equal: ``evaluations`` or ``seconds``.
    unit : str
        What a block is: ``problems`` or ``runs``, see `blocks`.
    budgets : Series
        What each problem's runs had used when they were compared, in evaluations or s.
    blocks : DataFrame, shape (N, k)
        Gaps, columns in the order of the ranking.
    ranking : DataFrame
        See `ranking.rank_solvers`.
    pairs : DataFrame
        See `pairs.compare_pairs`.
    friedman : Friedman or None
        None with fewer than 3 solvers or 2 blocks.
    cautions : tuple of str
        What a reader must know before trusting the tests.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """

    axis: str
    unit: str
    budgets: pd.Series[float]
    blocks: pd.DataFrame
    ranking: pd.DataFrame
    pairs: pd.DataFrame
    friedman: Friedman | None
    cautions: tuple[str, ...]


def compare(
    cells: pd.DataFrame, *, axis: str = "evaluations", unit: str = "problems"
) -> Comparison:
    """Compare the solvers of a sweep.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included: their gap is infinite.
    axis : str
        ``evaluations`` or ``seconds``: each run counts with what it had found when the largest
        budget that all runs on its problem have had was used up.
    unit : str
        ``problems`` or ``runs``.

    Raises
    ------
    InputError
        If `axis` or `unit` is unknown, no block has all solvers, or scikit-posthocs is missing.

    Examples
    --------
    See ``examples/sweep_and_compare.py``.
    """
    table = gap_table(cells, axis)
    ranking = rank_solvers(table, unit)
    table = table[ranking.index]
    blocks = blocks_of(table, unit)
    testable = len(blocks) > 1 and len(blocks.columns) > 2
    return Comparison(
        axis=axis,
        unit=unit,
        budgets=common_budgets(cells, axis),
        blocks=blocks,
        ranking=ranking,
        pairs=compare_pairs(table, unit),
        friedman=friedman(blocks) if testable else None,
        cautions=cautions(table, unit),
    )


# The unit of replication: what counts as one independent observation.
#
# ``problems``: a block is a problem, its score the median over repetitions. What is found holds
# for problems like these (Demsar 2006). ``runs``: a block is a repetition on a problem. What is
# found holds for these very problems and tells the luck of the seed only; a solver that does not
# depend on the seed has one observation a problem, however often it is repeated.

UNITS = ("problems", "runs")

FEW_BLOCKS = 10

FEW_PAIRS = 6


def blocks_of(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the gaps of each block.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, see `anytime.gap_table`.
    unit : str
        ``problems`` or ``runs``.
    """
    check_choice("unit", unit, UNITS)
    return table if unit == "runs" else table.groupby(level="problem", sort=False).median()


def strata_of(blocks: pd.DataFrame, unit: str) -> list[IntArray]:
    """Return the row numbers within which blocks may stand for one another."""
    if unit == "problems":
        return [np.arange(len(blocks))]
    rows = blocks.groupby(level="problem", sort=False).indices.values()
    return [np.asarray(numbers, dtype=np.int64) for numbers in rows]


def copies(table: pd.DataFrame, unit: str) -> list[str]:
    """Return the solvers whose repetitions agree on every problem, where repetitions are blocks."""
    runs = table.groupby(level="problem")
    if unit == "problems" or runs.size().max() == 1:
        return []
    same = (runs.nunique() == 1).all()
    return [str(name) for name in table.columns[same.to_numpy()]]


def cautions(table: pd.DataFrame, unit: str) -> tuple[str, ...]:
    """Return what a reader must know before trusting tests on these blocks.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition.
    unit : str
        ``problems`` or ``runs``.
    """
    count = len(blocks_of(table, unit))
    found = [_few(count), _copied(copies(table, unit)), _infinite(table)]
    return tuple(text for text in found if text)


def _few(count: int) -> str:
    """Say whether there are too few blocks."""
    if count >= FEW_BLOCKS:
        return ""
    text = f"Only {count} block{'s' * (count > 1)}: below {FEW_BLOCKS}, p-values of Friedman's "
    text += "test and its post hoc tests are rough, and intervals too narrow."
    if count < FEW_PAIRS:
        least = 2.0 ** (1 - count)
        text += f" Wilcoxon's test cannot give p < {least:g} here, whatever the differences."
    return text


def _copied(names: list[str]) -> str:
    """Name the solvers whose repetitions are copies."""
    if len(names) < 2:
        return ""
    return (
        f"{', '.join(names)} gave the same gap in every repetition: Friedman's test and its post "
        "hoc tests count these copies as if they were new, so their p-values are too small. "
        "Differences among these solvers are facts, not samples, and get no Wilcoxon test."
    )


def _infinite(table: pd.DataFrame) -> str:
    """Count the runs without a schedule."""
    count = int(np.isinf(table.to_numpy()).sum())
    if not count:
        return ""
    return f"Runs that failed or had no schedule in time: {count} (infinite gap, ranked last)."


# All pairs of solvers: how large the difference is, how sure, and what each test says.

COLUMNS = (
    *("first", "second", "difference", "low", "high"),
    *("effect", "wilcoxon", "wilcoxon_holm", "nemenyi", "holm"),
)


def compare_pairs(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return a row a pair of columns, ``first`` the one further left.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, columns in the order of the ranking.
    unit : str
        ``problems`` or ``runs``.

    Returns
    -------
    DataFrame
        ``difference``: mean gap of the second less that of the first, with the limits ``low`` and
        ``high`` of a bootstrap interval; ``effect``: rank-biserial correlation, 1 where the first
        is better in every block; p-values ``wilcoxon`` alone, and ``wilcoxon_holm``, ``nemenyi``
        and ``holm`` corrected for all pairs. NaN stands for a test that means nothing, because
        both solvers' repetitions are copies.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.
    """
    import pandas as pd

    if len(table.columns) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    pairs = pd.DataFrame(combinations(table.columns, 2), columns=["first", "second"])
    pairs[["difference", "low", "high"]] = _differences(table, unit)
    blocks, copied = blocks_of(table, unit), copies(table, unit)
    tests = [_test(blocks, copied, *pair) for pair in combinations(table.columns, 2)]
    pairs[["effect", "wilcoxon"]] = np.array(tests)
    pairs["wilcoxon_holm"] = holm(pairs["wilcoxon"].to_numpy(dtype=np.float64))
    upper = np.triu_indices(len(table.columns), 1)
    for name, test in (("nemenyi", nemenyi), ("holm", holm_ranks)):
        pairs[name] = test(blocks).to_numpy()[upper]
    return pairs


def _test(blocks: pd.DataFrame, copied: list[str], first: str, second: str) -> tuple[float, float]:
    """Return effect and p-value of a pair, NaN for p where both have copies for repetitions."""
    test = signed_ranks(blocks[first].to_numpy(), blocks[second].to_numpy())
    return test.effect, np.nan if first in copied and second in copied else test.p


def _differences(table: pd.DataFrame, unit: str) -> FloatArray:
    """Return the difference of each pair with its limits, shape (pairs, 3)."""
    gaps = _of_pairs(mean_gaps(table).to_frame().T)
    drawn = _of_pairs(resampled_gaps(table, unit))
    return np.vstack([gaps, interval(drawn)]).T


def _of_pairs(gaps: pd.DataFrame) -> FloatArray:
    """Return second less first of each pair of columns, shape (rows, pairs)."""
    values = gaps.to_numpy()
    first, second = np.triu_indices(values.shape[1], 1)
    return paired_differences(values[:, second], values[:, first])


# The ranking of the solvers, with intervals.

SEED = 2006


def rank_solvers(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return a row a solver, best average rank first.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, a column a solver, see `anytime.gap_table`.
    unit : str
        ``problems`` or ``runs``.

    Returns
    -------
    DataFrame
        ``rank`` (average over blocks) and ``gap`` (mean over problems of the median over
        repetitions), both with ``_low`` and ``_high``, the limits of a bootstrap interval;
        ``best``, the share of blocks in which no solver is better; ``feasible``, the share of runs
        with a schedule.
    """
    import pandas as pd

    blocks = blocks_of(table, unit)
    ranks = rank_table(blocks)
    rank_low, rank_high = interval(
        resampled(ranks.to_numpy(), strata_of(blocks, unit), np.mean, np.random.default_rng(SEED))
    )
    gap_low, gap_high = interval(resampled_gaps(table, unit).to_numpy())
    columns = {
        "rank": ranks.mean(),
        "rank_low": rank_low,
        "rank_high": rank_high,
        "gap": mean_gaps(table),
        "gap_low": gap_low,
        "gap_high": gap_high,
        "best": (blocks.eq(blocks.min(axis=1), axis=0) & np.isfinite(blocks)).mean(),
        "feasible": np.isfinite(table).mean(),
    }
    ranking = pd.DataFrame(columns, index=table.columns)
    return ranking.sort_values(["rank", "gap"], kind="stable")


def mean_gaps(table: pd.DataFrame) -> pd.Series[float]:
    """Return for each solver the mean over problems of the median gap over repetitions."""
    return blocks_of(table, "problems").mean()


def resampled_gaps(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return `mean_gaps` of resampled problems, or of resampled runs within each problem.

    The same blocks are drawn for all solvers, so that differences of columns stay paired.
    """
    import pandas as pd

    blocks, rng = blocks_of(table, unit), np.random.default_rng(SEED)
    statistic = np.mean if unit == "problems" else np.median
    gaps = resampled(blocks.to_numpy(), strata_of(blocks, unit), statistic, rng)
    return pd.DataFrame(gaps, columns=table.columns)

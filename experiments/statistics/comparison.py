"""All solvers of a sweep against each other at one common budget: ranking, pairs and tests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.statistics.anytime import common_budgets, paired_gaps
from edgeopt.experiments.statistics.blocks import blocks_of, cautions, copies, strata_of
from edgeopt.experiments.statistics.bootstrap import interval, resampled
from edgeopt.experiments.statistics.completeness import left_out
from edgeopt.experiments.statistics.rank_tests import (
    Friedman,
    friedman,
    holm,
    holm_ranks,
    nemenyi,
    paired_differences,
    rank_table,
    signed_ranks,
)
from edgeopt.experiments.statistics.spending import coarse_solvers, cut_text, overruns, own_axis
from edgeopt.problems.errors import FloatArray
from edgeopt.problems.html import escaped, html_table

if TYPE_CHECKING:
    import pandas as pd


_PAIR_COLUMNS = (
    *("first", "second", "difference", "low", "high"),
    *("effect", "wilcoxon", "wilcoxon_holm", "nemenyi", "holm"),
)

_SEED = 2006  # fixed, so that a report is the same whenever it is made


@dataclass(frozen=True, eq=False)
class Comparison:
    """A sweep's ranking and tests.

    Attributes
    ----------
    axis : str
        What is equal: ``evaluations``, ``seconds`` or ``iterations``.
    unit : str
        What a block is: ``problems`` or ``runs``, see the module `blocks`.
    budgets : Series
        What each problem's runs had used when they were compared, in evaluations or s.
    blocks : DataFrame, shape (N, k)
        Gaps, columns in the order of the ranking.
    ranking : DataFrame
        See `rank_solvers`.
    pairs : DataFrame
        See `compare_pairs`.
    friedman : Friedman or None
        None with fewer than 3 solvers or 2 blocks.
    cautions : tuple of str
        What a reader must know before trusting the numbers: what was left out, which solvers used
        more than the budget or are too coarse for it, and what limits the tests.

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

    @property
    def cut(self) -> str:
        """The cost at which the runs are compared, as a sentence."""
        return cut_text(self.budgets, self.axis)

    def __repr__(self) -> str:
        """Return the ranking and what is to be said of it, as text."""
        numbers = self.ranking.to_string(float_format="{:.4g}".format)
        return "\n".join([numbers, self.cut, *self.cautions])

    def _repr_html_(self) -> str:
        """Return the ranking, the cut and the cautions, for notebooks."""
        rows = [
            (str(name), *(f"{value:.4g}" for value in values))
            for name, *values in self.ranking.itertuples()
        ]
        table = html_table(("solver", *self.ranking.columns), rows)
        return table + "".join(f"<p>{escaped(text)}</p>" for text in (self.cut, *self.cautions))


def compare_solvers(
    cells: pd.DataFrame, *, axis: str | None = None, unit: str = "problems"
) -> Comparison:
    """Compare the solvers of a sweep.

    Parameters
    ----------
    cells : DataFrame
        Rows of a sweep, failed ones included: their gap is infinite. ``attrs["budget"]``, if there
        is one, is the budget of the sweep.
    axis : str, optional
        ``evaluations``, ``seconds`` or ``iterations``: each run counts with what it had found
        within the largest budget that all runs on its problem have had. By default the kind of
        the sweep's budget, ``evaluations`` where that is not known.
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
    budget = cells.attrs.get("budget", {})
    axis = axis or own_axis(budget)
    table, cuts = paired_gaps(cells, axis), common_budgets(cells, axis)
    ranking = rank_solvers(table, unit)
    table = table[ranking.index]
    blocks = blocks_of(table, unit)
    # Friedman's test of two solvers would be the sign test; the pairs have a stronger one
    testable = len(blocks) > 1 and len(blocks.columns) > 2
    return Comparison(
        axis=axis,
        unit=unit,
        budgets=cuts,
        blocks=blocks,
        ranking=ranking,
        pairs=compare_pairs(table, unit),
        friedman=friedman(blocks) if testable else None,
        cautions=(
            *cautions(table, unit),
            *left_out(cells),
            *overruns(cells, budget),
            *coarse_solvers(cells, axis, cuts),
        ),
    )


# The ranking, with intervals.


def rank_solvers(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return a row a solver, best average rank first.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, a column a solver, see `anytime.paired_gaps`.
    unit : str
        ``problems`` or ``runs``.

    Returns
    -------
    DataFrame
        ``rank`` (average over blocks) and ``gap`` (mean over problems of the median over
        repetitions), each with the limits of its bootstrap interval, ``_low`` and ``_high``;
        ``best``, the share of blocks in which no solver is better; ``feasible``, the share of runs
        with a schedule.
    """
    import pandas as pd

    blocks = blocks_of(table, unit)
    ranks = rank_table(blocks)
    rank_low, rank_high = interval(
        resampled(ranks.to_numpy(), strata_of(blocks, unit), np.mean, np.random.default_rng(_SEED))
    )
    gap_low, gap_high = interval(resampled_gaps(table, unit).to_numpy())
    columns = {
        "rank": ranks.mean(),
        "rank_low": rank_low,
        "rank_high": rank_high,
        "gap": mean_gaps(table),
        "gap_low": gap_low,
        "gap_high": gap_high,
        "best": (ranks.eq(ranks.min(axis=1), axis=0) & np.isfinite(blocks)).mean(),
        "feasible": np.isfinite(table).mean(),
    }
    # equal ranks are ordered by gaps, and after these as in the table: always the same
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

    blocks, rng = blocks_of(table, unit), np.random.default_rng(_SEED)
    # a block of problems is a median already; runs of one problem have yet to become one
    statistic = np.mean if unit == "problems" else np.median
    gaps = resampled(blocks.to_numpy(), strata_of(blocks, unit), statistic, rng)
    return pd.DataFrame(gaps, columns=table.columns)


# All pairs of solvers.


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
        and ``holm`` corrected for all pairs. Wilcoxon's test means nothing where the repetitions
        of both solvers are copies: NaN.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.
    """
    import pandas as pd

    if len(table.columns) < 2:
        return pd.DataFrame(columns=list(_PAIR_COLUMNS))
    pairs = pd.DataFrame(combinations(table.columns, 2), columns=["first", "second"])
    pairs[["difference", "low", "high"]] = _differences(table, unit)
    blocks, copied = blocks_of(table, unit), copies(table, unit)
    tests = [_test(blocks, copied, *pair) for pair in combinations(table.columns, 2)]
    pairs[["effect", "wilcoxon"]] = np.array(tests)
    pairs["wilcoxon_holm"] = holm(pairs["wilcoxon"].to_numpy(dtype=np.float64))
    # the upper triangle, row by row, is in the order of the combinations
    upper = np.triu_indices(len(table.columns), 1)
    for name, test in (("nemenyi", nemenyi), ("holm", holm_ranks)):
        pairs[name] = test(blocks).to_numpy()[upper]
    return pairs


def _test(blocks: pd.DataFrame, copied: list[str], first: str, second: str) -> tuple[float, float]:
    """Return effect and p-value of a pair; p is NaN where the repetitions of both are copies."""
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

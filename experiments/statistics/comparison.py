"""All solvers of a sweep against each other, at one common budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.statistics.anytime import common_budgets, gap_table
from experiments.statistics.blocks import blocks_of, cautions
from experiments.statistics.friedman import Friedman, friedman
from experiments.statistics.pairs import compare_pairs
from experiments.statistics.ranking import rank_solvers

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

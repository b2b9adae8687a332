"""Blocks: what counts as one independent observation when solvers are compared.

With the unit ``problems`` a block is a problem, scored by the median over its repetitions; what is
found holds for problems like these (Demsar 2006). With ``runs`` a block is one repetition on one
problem; what is found holds for these very problems and says only how much depends on the seed. A
solver that does not depend on the seed has one observation per problem, however often it is
repeated.

References
----------
Demsar, J. (2006). Statistical comparisons of classifiers over multiple data sets. Journal of
Machine Learning Research 7, 1-30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeopt.problems.errors import IntArray, check_choice

if TYPE_CHECKING:
    import pandas as pd


BLOCK_UNITS = ("problems", "runs")

_FEW_BLOCKS = 10  # below it the chi-square approximation of Friedman's statistic is rough

_FEW_PAIRS = 6  # below it Wilcoxon's exact test cannot reach p < 0.05


def blocks_of(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the gaps of each block.

    Parameters
    ----------
    table : DataFrame
        Gaps by problem and repetition, see `anytime.paired_gaps`.
    unit : str
        ``problems`` or ``runs``.
    """
    check_choice("unit", unit, BLOCK_UNITS)
    return table if unit == "runs" else table.groupby(level="problem", sort=False).median()


def strata_of(blocks: pd.DataFrame, unit: str) -> list[IntArray]:
    """Return the row numbers of each stratum, within which blocks are exchangeable."""
    if unit == "problems":
        return [np.arange(len(blocks))]
    rows = blocks.groupby(level="problem", sort=False).indices.values()
    return [np.asarray(numbers, dtype=np.int64) for numbers in rows]


def copies(table: pd.DataFrame, unit: str) -> list[str]:
    """Return the solvers with equal repetitions on every problem, if repetitions are blocks."""
    runs = table.groupby(level="problem")
    if unit == "problems" or runs.size().max() == 1:
        return []
    # equal numbers of one problem only would be chance; on every problem they are copies
    same = (runs.nunique() == 1).all()
    return [str(name) for name in table.columns[same.to_numpy()]]


# What a reader must know before trusting the tests.


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
    found = [_few(count), _without_width(table, unit)]
    found += [_copied(copies(table, unit)), _infinite(table)]
    return tuple(text for text in found if text)


def _few(count: int) -> str:
    """Return a caution where there are few blocks."""
    if count >= _FEW_BLOCKS:
        return ""
    text = f"Only {count} block{'s' * (count > 1)}: below {_FEW_BLOCKS}, p-values of Friedman's "
    text += "test and its post hoc tests are rough, and intervals too narrow."
    if count < _FEW_PAIRS:
        least = 2.0 ** (1 - count)
        text += f" Wilcoxon's test cannot give p < {least:g} here, whatever the differences."
    return text


def _without_width(table: pd.DataFrame, unit: str) -> str:
    """Return a caution where intervals are of no width, or too narrow, for want of blocks."""
    if unit == "problems":
        return (
            "Intervals over a single problem have no width."
            if len(blocks_of(table, unit)) == 1
            else ""
        )
    sizes = table.groupby(level="problem").size()
    single = int((sizes == 1).sum())
    if not single:
        return ""
    if single == len(sizes):
        return "With one repetition, intervals over runs have no width: they say nothing."
    return f"{single} of {len(sizes)} problems have one repetition: intervals are too narrow."


def _copied(names: list[str]) -> str:
    """Return a caution where repetitions of several solvers are copies."""
    if len(names) < 2:
        return ""
    return (
        f"{', '.join(names)} gave the same gap in every repetition: Friedman's test and its post "
        "hoc tests count these copies as if they were new, so their p-values are too small. "
        "Differences among these solvers are facts, not samples, and get no Wilcoxon test."
    )


def _infinite(table: pd.DataFrame) -> str:
    """Return a caution that counts the runs without a schedule."""
    count = int(np.isinf(table.to_numpy()).sum())
    if not count:
        return ""
    return f"Runs that failed or had no schedule in time: {count} (infinite gap, ranked last)."

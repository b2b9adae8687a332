"""All pairs of solvers: how large the difference is, how sure, and what each test says."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from experiments.statistics.blocks import blocks_of, copies
from experiments.statistics.bootstrap import interval
from experiments.statistics.posthoc import holm, holm_ranks, nemenyi
from experiments.statistics.ranking import mean_gaps, resampled_gaps
from experiments.statistics.wilcoxon import paired_differences, signed_ranks
from problems.errors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

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

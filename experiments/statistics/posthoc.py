"""Which solvers differ: p-values of all pairs after Friedman's test.

Both tests compare average ranks and so depend on which other solvers took part (Benavoli, Corani
and Mangili 2016); the paired Wilcoxon test of `wilcoxon` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from problems.errors import FloatArray
from problems.extras import import_extra

if TYPE_CHECKING:
    import pandas as pd

EXTRA = "stats"


def nemenyi(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return Nemenyi's p-values, corrected for all pairs by the studentised range.

    Parameters
    ----------
    blocks : DataFrame, shape (N, k)
        Gaps; infinite ones rank last.

    Returns
    -------
    DataFrame, shape (k, k)
        Symmetric, 1 on the diagonal.

    Raises
    ------
    InputError
        If scikit-posthocs is not installed.
    """
    table: pd.DataFrame = import_extra("scikit_posthocs", EXTRA).posthoc_nemenyi_friedman(blocks)
    return table


def holm_ranks(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return p-values of rank differences as z-scores, corrected for all pairs by Holm.

    Stronger than `nemenyi`; parameters, result and errors are the same.
    """
    posthocs = import_extra("scikit_posthocs", EXTRA)
    table: pd.DataFrame = posthocs.posthoc_siegel_friedman(blocks, p_adjust="holm")
    return table


def holm(p: FloatArray) -> FloatArray:
    """Return p-values corrected for their number by Holm's step-down procedure (Holm 1979).

    Parameters
    ----------
    p : ndarray, shape (n,)
        NaN where a pair was not tested; it stays NaN and does not count.
    """
    tested = p == p
    corrected = p.copy()
    if tested.any():
        multitest = import_extra("statsmodels.stats.multitest", EXTRA)
        corrected[tested] = multitest.multipletests(p[tested], method="holm")[1]
    return corrected

"""Consistency of an execution-time matrix: a node that is faster for one task is so for all."""

from __future__ import annotations

from problems.errors import FloatArray, check_choice

CONSISTENCIES = ("c", "i", "s")


def impose_consistency(matrix: FloatArray, consistency: str) -> FloatArray:
    """Return `matrix` with its rows sorted as `consistency` asks.

    Parameters
    ----------
    matrix : ndarray, shape (k, x)
        Execution times in s.
    consistency : {"c", "i", "s"}
        Consistent (every row ascending), inconsistent (as it is), or semi-consistent (the
        columns of even index ascending, the others as they are), Braun et al. 2001.
    """
    check_choice("consistency", consistency, CONSISTENCIES)
    sorted_columns = {"c": slice(None), "i": slice(0), "s": slice(0, None, 2)}[consistency]
    result = matrix.copy()
    result[:, sorted_columns].sort(axis=1)
    return result

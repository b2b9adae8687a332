"""Alias tables, from which a node is drawn in constant time."""

from __future__ import annotations

from edgeopt.optim.jit import jit_lean
from edgeopt.problems.errors import FloatArray, IntArray


@jit_lean
def build_alias(
    weights: FloatArray,
    total: float,
    keep: FloatArray,
    alias: IntArray,
    row: int,
    light: IntArray,
    heavy: IntArray,
) -> None:
    """Fill one row of alias tables.

    Parameters
    ----------
    weights : ndarray, shape (k, x)
        Weights >= 0; those of the row need not sum to 1.
    total : float
        The sum of the row's weights, > 0.
    keep : ndarray, shape (k, x)
        Receives, for each column, the probability of staying in it.
    alias : ndarray of int, shape (k, x)
        Receives, for each column, the index to take otherwise.
    row : int
        Which row to fill.
    light, heavy : ndarray of int, shape (x + 1,)
        Scratch: the columns below and above average.

    Notes
    -----
    Walker 1977, in the sweeping form of Huebschle-Schneider and Sanders 2022 ("Parallel weighted
    random sampling", ACM TOMS 48): light columns are filled up from the heavy columns, one after
    the other; a heavy column that becomes light is itself filled up from the next.
    """
    x = weights.shape[1]
    scale = x / total
    lights = heavies = 0
    for j in range(x):
        share = weights[row, j] * scale
        keep[row, j] = share
        alias[row, j] = j
        # Written to both lists and counted in one: no branch that the processor could mispredict.
        light[lights] = heavy[heavies] = j
        lights += share <= 1.0
        heavies += share > 1.0
    a = b = 0
    rest = keep[row, heavy[0]] if heavies else 1.0  # of the current heavy column
    while b < heavies:
        if rest > 1.0 and a < lights:
            column = light[a]
            alias[row, column] = heavy[b]
            rest -= 1.0 - keep[row, column]
            a += 1
        elif rest <= 1.0 and b < heavies - 1:
            following = heavy[b + 1]
            keep[row, heavy[b]], alias[row, heavy[b]] = rest, following
            rest += keep[row, following] - 1.0
            b += 1
        else:
            break
    # What remains in either list is 1 but for rounding.
    for last in range(a, lights):
        keep[row, light[last]] = 1.0
    for last in range(b, heavies):
        keep[row, heavy[last]] = 1.0


@jit_lean
def draw_alias(keep: FloatArray, alias: IntArray, row: int, uniform: float) -> tuple[int, float]:
    """Return an index drawn from the table, and a second uniform number made of the rest.

    Parameters
    ----------
    keep, alias : ndarray, shape (k, x)
        Tables made by `build_alias`, one a row.
    row : int
        The table to draw from.
    uniform : float
        Uniform in [0, 1).

    Returns
    -------
    index : int
        Drawn in proportion to the weights.
    rest : float
        Uniform in [0, 1] and independent of `index` (to about 53 - log2(x) bits): one random
        number serves this draw and a test after it.
    """
    scaled = uniform * keep.shape[1]
    column = int(scaled)
    rest = scaled - column
    threshold = keep[row, column]
    if rest < threshold:
        return column, rest / threshold
    return alias[row, column], (rest - threshold) / (1.0 - threshold)

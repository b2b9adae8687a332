"""Random draws in kernels: xoshiro256++ on a state of four words, and alias tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit_lean
from edgeopt.problems.errors import FloatArray, IntArray

RandomStream = NDArray[np.uint64]


def open_stream(rng: np.random.Generator) -> RandomStream:
    """Return the state, shape (4,), of a xoshiro256++ generator seeded from `rng`.

    A kernel that calls a numpy Generator pays about 6 ns a number, most of it for the call; this
    generator takes about 1 ns. It is xoshiro256++ of Blackman and Vigna ("Scrambled linear
    pseudorandom number generators", ACM TOMS 47, 2021), of period 2**256 - 1.
    """
    state = np.zeros(4, dtype=np.uint64)
    while not state.any():  # from the state of zeros the generator would never leave zero
        state = rng.integers(0, 2**64, size=4, dtype=np.uint64)
    return state


@jit_lean
def next_uniform(stream: RandomStream) -> float:
    """Return the next number of the stream, uniform in [0, 1) with 53 bits."""
    a, b, c, d = stream[0], stream[1], stream[2], stream[3]
    uniform: float = ((_rotate(a + d, 23) + a) >> np.uint64(11)) * 2.0**-53
    stream[0], stream[1], stream[2], stream[3] = _advance(a, b, c, d)
    return uniform


@jit_lean
def fill_uniform(stream: RandomStream, numbers: FloatArray) -> None:
    """Fill an array as by `next_uniform`; faster, as the state stays in registers."""
    a, b, c, d = stream[0], stream[1], stream[2], stream[3]
    for i in range(len(numbers)):
        numbers[i] = ((_rotate(a + d, 23) + a) >> np.uint64(11)) * 2.0**-53
        a, b, c, d = _advance(a, b, c, d)
    stream[0], stream[1], stream[2], stream[3] = a, b, c, d


@jit_lean
def _advance(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the state after one more number."""
    shifted = b << np.uint64(17)
    c ^= a
    d ^= b
    return a ^ d, b ^ c, c ^ shifted, _rotate(d, 45)


@jit_lean
def _rotate(word: np.uint64, bits: int) -> np.uint64:
    """Rotate 64 bits to the left."""
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


# Alias tables, from which an index is drawn in constant time.


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
    # Selections, not branches: which of the two it is, no processor can predict.
    other = alias[row, column]
    stays = rest < threshold
    part = rest if stays else rest - threshold
    whole = threshold if stays else 1.0 - threshold
    return column if stays else other, part / whole

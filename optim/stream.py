"""Random numbers for kernels: xoshiro256++ on a state of four words, without calls of numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeopt.optim.jit import jit_lean
from edgeopt.problems.errors import FloatArray

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

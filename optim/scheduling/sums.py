"""Sums in a fixed order."""

from __future__ import annotations

from optim.jit import jit_lean
from problems.errors import FloatArray


@jit_lean
def sum_four(values: FloatArray) -> float:
    """Return the sum, in four interleaved parts that the processor adds at once."""
    a = b = c = d = 0.0
    whole = len(values) - len(values) % 4
    for j in range(0, whole, 4):
        a += values[j]
        b += values[j + 1]
        c += values[j + 2]
        d += values[j + 3]
    for j in range(whole, len(values)):
        a += values[j]
    return (a + b) + (c + d)

"""Powers as the ants need them: mostly small whole exponents."""

from __future__ import annotations

from optim.jit import jit_lean


@jit_lean
def is_small_whole(exponent: float) -> bool:
    """Whether `whole_power` knows the exponent."""
    return 0.0 <= exponent <= 31.0 and exponent == int(exponent)


@jit_lean
def whole_power(base: float, exponent: int) -> float:
    """Return base ** exponent for 0 <= exponent <= 31, without a branch or a call."""
    two = base * base
    four = two * two
    result = base if exponent & 1 else 1.0
    result *= two if exponent & 2 else 1.0
    result *= four if exponent & 4 else 1.0
    if exponent >= 8:
        eight = four * four
        result *= eight if exponent & 8 else 1.0
        result *= eight * eight if exponent & 16 else 1.0
    return result


@jit_lean
def power(base: float, exponent: float) -> float:
    """Return base ** exponent, fast where the exponent is a small whole number."""
    return whole_power(base, int(exponent)) if is_small_whole(exponent) else base**exponent

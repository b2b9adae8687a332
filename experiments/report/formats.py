"""Numbers as text, the same in HTML and LaTeX."""

from __future__ import annotations

import math

NOTHING, INFINITE = "–", "∞"
_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def decimal(value: float, places: int = 2) -> str:
    """Return a number with fixed places, ``∞``, or ``–`` where there is none."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.{places}f}" if math.isfinite(value) else INFINITE


def percent(fraction: float, places: int = 2) -> str:
    """Return a fraction in per cent, without the sign."""
    return decimal(100 * fraction, places)


def limits(low: float, high: float, places: int = 2) -> str:
    """Return an interval."""
    return f"[{decimal(low, places)}, {decimal(high, places)}]"


def p_value(p: float) -> str:
    """Return a p-value with three places."""
    return "<0.001" if p < 0.001 else decimal(p, 3)


def p_relation(p: float) -> str:
    """Return ``p = 0.031`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3)}"


def seconds(value: float) -> str:
    """Return a time with three digits and a prefix."""
    if not math.isfinite(value):
        return decimal(value)
    scale, unit = next((pair for pair in _PREFIXES if value >= pair[0]), _PREFIXES[-1])
    return f"{value / scale:.3g} {unit}"


def count(value: float) -> str:
    """Return a number of evaluations with groups of thousands."""
    return f"{value:,.0f}" if math.isfinite(value) else decimal(value)


def significant(value: float, digits: int = 5) -> str:
    """Return a number with significant digits."""
    return f"{value:.{digits}g}" if math.isfinite(value) else decimal(value)

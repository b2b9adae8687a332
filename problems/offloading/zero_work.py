"""The warning about operators that an importer does not know."""

from __future__ import annotations

import warnings
from collections import Counter


def warn_zero_work(source: str, operators: Counter[str]) -> None:
    """List all `operators` (name: number of nodes) of `source` in one warning, if there are any."""
    if operators:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(operators.items()))
        warnings.warn(f"{source}: unknown operators, counted as zero work: {names}", stacklevel=3)

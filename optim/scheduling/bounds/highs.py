"""The solver HiGHS, silent and on one thread."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from functools import cache
from typing import Any

_STANDARD_OUTPUT = 1


def silent_highs(**options: float | str | bool) -> Any:
    """Return a `highspy.Highs` that prints nothing, with `options` of HiGHS's own set."""
    import highspy  # takes long to import

    _print_banner_nowhere()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


@cache
def _print_banner_nowhere() -> None:
    """Create the first object of the process, which prints its version whatever the options."""
    import highspy

    # The banner is written by C++ code, below Python's `sys.stdout`: only exchanging the file
    # descriptor keeps it out of a user's output.
    sys.stdout.flush()
    kept = os.dup(_STANDARD_OUTPUT)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), _STANDARD_OUTPUT)
        try:
            highspy.Highs()
            with contextlib.suppress(TypeError, OSError):  # the C library has a buffer of its own
                ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(kept, _STANDARD_OUTPUT)
            os.close(kept)

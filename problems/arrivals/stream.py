"""A stream of tasks: when each arrives, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray, InputError
from problems.quantity import check_quantities


@dataclass(frozen=True, eq=False)
class Stream:
    """K tasks in the order of their arrival.

    Parameters
    ----------
    time : array_like, shape (K,)
        Arrival of each task in s, >= 0 and never falling; equal times keep their order.
    size : array_like, shape (K,)
        Work of each task relative to one sample of the network's profile, > 0.
    name : str
        Name in tables and plots.

    Raises
    ------
    InputError
        If there is no task, a value is not finite or out of range, times fall or lengths differ.
    """

    time: FloatArray
    size: FloatArray
    name: str = "stream"

    def __post_init__(self) -> None:
        time = check_quantities("time", self.time, zero=True)
        size = check_quantities("size", self.size)
        if len(size) != len(time):
            raise InputError("size.shape", size.shape, f"({len(time)},) to match time")
        falling = np.flatnonzero(np.diff(time) < 0)
        if falling.size:
            index = int(falling[0]) + 1
            raise InputError(f"time[{index}]", time[index], f"at least {time[index - 1]}, sorted")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "size", size)

    @property
    def tasks(self) -> int:
        """Number of tasks K."""
        return len(self.time)

    @property
    def span_s(self) -> float:
        """Time from the first arrival to the last in s."""
        return float(self.time[-1] - self.time[0])

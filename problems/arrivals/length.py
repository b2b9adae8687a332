"""How long a generated stream is: a number of tasks, or a time."""

from __future__ import annotations

from problems.errors import InputError, check_integer, check_number

MOST_TASKS = 10**8  # 1.6 GB of times and sizes


def check_length(tasks: int | None, seconds: float | None, peak_hz: float) -> None:
    """Raise `InputError` unless exactly one of `tasks` and `seconds` is given and in range.

    Parameters
    ----------
    tasks : int or None
        Number of tasks, 1 to 10**8.
    seconds : float or None
        Time from 0 in s, > 0, in which at most 10**8 tasks are to be expected.
    peak_hz : float
        The largest arrival rate, 1/s.
    """
    if (tasks is None) == (seconds is None):
        raise InputError("tasks, seconds", (tasks, seconds), "given one of the two")
    if tasks is not None:
        check_integer("tasks", tasks, at_least=1, at_most=MOST_TASKS)
    if seconds is not None:
        check_number("seconds", seconds, above=0, at_most=MOST_TASKS / peak_hz)

"""Streams of tasks as the tables of a file describe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeopt.problems.arrivals.streams import (
    Sizes,
    Stream,
    batches,
    constant,
    diurnal,
    exponential,
    lognormal,
    markov_modulated,
    poisson,
    uniform,
)
from edgeopt.problems.arrivals.trace import read_trace
from edgeopt.problems.parameters import from_table, kind_in_table

_STREAMS: dict[str, Callable[..., Stream]] = {
    "poisson": poisson,
    "bursty": markov_modulated,
    "diurnal": diurnal,
    "trace": read_trace,
}

_SIZES: dict[str, Callable[..., Sizes]] = {
    "constant": constant,
    "exponential": exponential,
    "uniform": uniform,
    "lognormal": lognormal,
    "batches": batches,
}


def draw_stream(
    label: str, table: Any, tasks: int, default_hz: float, rng: np.random.Generator
) -> tuple[Stream, float]:
    """Return a stream and its nominal mean rate, in samples a second.

    A key that is unknown or missing, or an illegal value, is an `InputError` that names it.

    Parameters
    ----------
    label : str
        Name in the file, and the kind of a table without ``kind``.
    table : dict
        ``kind`` is ``poisson``, ``bursty``, ``diurnal`` or ``trace``; the other keys are arguments
        of `poisson`, `markov_modulated`, `diurnal` or `read_trace`. Except for a trace, ``sizes``
        is a table whose ``kind`` names a distribution of `edgeopt.problems.arrivals.streams`.
    tasks : int
        Number of tasks to draw, or to read at most.
    default_hz : float
        Rate of a Poisson stream, and mean rate of a diurnal one, that names none.
    rng : Generator
        Source of randomness.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.arrivals import draw_stream
    >>> table = {"kind": "poisson", "rate_hz": 5.0}
    >>> stream, rate_hz = draw_stream("mine", table, 100, 1.0, np.random.default_rng(1))
    >>> stream.tasks, rate_hz
    (100, 5.0)
    """
    place = f"streams.{label}"
    kind = kind_in_table(_STREAMS, table, place, key="kind", default=label)
    # A trace records the sizes of its tasks, the other streams draw them.
    sizes = None if kind == "trace" else _sizes(table.get("sizes", {}), f"{place}.sizes")
    # `given` and `defaults` apply to those of the four that have such an argument.
    stream = from_table(
        _STREAMS[kind],
        table,
        place,
        aside=("kind",) if kind == "trace" else ("kind", "sizes"),
        given={"tasks": tasks, "seconds": None, "sizes": sizes, "rng": rng},
        defaults={"rate_hz": default_hz, "mean_hz": default_hz},
    )
    return stream, _rate_hz(kind, table, stream, default_hz) * float(stream.size.mean())


def _rate_hz(kind: str, table: Mapping[str, Any], stream: Stream, default_hz: float) -> float:
    """Return the mean rate of a kind of stream, in tasks a second."""
    if kind == "bursty":
        return float(np.average(table["rates_hz"], weights=table["dwell_s"]))
    if kind == "trace":
        return stream.tasks / stream.span_s if stream.span_s > 0 else default_hz
    return float(table.get("rate_hz" if kind == "poisson" else "mean_hz", default_hz))


def _sizes(table: Any, place: str) -> Sizes:
    """Return the sizes that a table describes; constant ones if it names no kind."""
    kind = kind_in_table(_SIZES, table, place, key="kind", default="constant")
    return from_table(_SIZES[kind], table, place, aside=("kind",))

"""Streams of tasks as a simulation file describes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeopt.problems.arrivals.streams import (
    DAY_S,
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
from edgeopt.problems.errors import InputError, check_choice

KINDS = {
    "poisson": ("rate_hz",),
    "bursty": ("rates_hz", "dwell_s"),
    "diurnal": ("mean_hz", "amplitude", "period_s"),
    "trace": ("path", "time_column", "size_column", "sample_size", "speed_up"),
}
"""Fields of each kind of stream besides ``kind`` and ``sizes``."""

SIZES: dict[str, Callable[..., Sizes]] = {
    "constant": constant,
    "exponential": exponential,
    "uniform": uniform,
    "lognormal": lognormal,
    "batches": batches,
}


def draw_stream(
    label: str, table: dict[str, Any], tasks: int, default_hz: float, rng: np.random.Generator
) -> tuple[Stream, float]:
    """Return a stream and the mean rate at which it is meant to arrive, in samples a second.

    Parameters
    ----------
    label : str
        Name in the file, and the kind where the table has none.
    table : dict
        ``{"kind": ..., "sizes": {"kind": ...}, ...}`` with the fields of `KINDS`.
    tasks : int
        Tasks to draw, or to read at most.
    default_hz : float
        Rate of a Poisson stream, and mean rate of a diurnal one, that names none.
    rng : Generator
        Source of randomness.

    Raises
    ------
    InputError
        If a field is unknown, missing or illegal.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeopt.problems.arrivals import draw_stream
    >>> table = {"kind": "poisson", "rate_hz": 5.0}
    >>> stream, rate_hz = draw_stream("mine", table, 100, 1.0, np.random.default_rng(1))
    >>> stream.tasks, rate_hz
    (100, 5.0)
    """
    if not isinstance(table, dict):
        raise InputError(f"streams.{label}", table, "a table")
    kind = check_choice(f"streams.{label}.kind", table.get("kind", label), KINDS)
    known = ("kind", *KINDS[kind], *(() if kind == "trace" else ("sizes",)))
    for key in table:
        check_choice(f"streams.{label} field", key, known)
    values = {key: value for key, value in table.items() if key not in ("kind", "sizes")}
    common = {"tasks": tasks, "sizes": _sizes(table.get("sizes", {})), "rng": rng}
    try:
        stream, rate_hz = _STREAMS[kind](values, common, default_hz)
    except InputError as error:
        raise InputError(f"streams.{label}: {error.field}", error.value, error.rule) from None
    except (TypeError, KeyError) as error:
        raise InputError(f"streams.{label}", table, f"complete ({error})") from None
    return stream, rate_hz * float(stream.size.mean())


def _poisson(
    values: dict[str, Any], common: dict[str, Any], default_hz: float
) -> tuple[Stream, float]:
    rate = values.get("rate_hz", default_hz)
    return poisson(rate, **common), rate


def _bursty(
    values: dict[str, Any], common: dict[str, Any], default_hz: float
) -> tuple[Stream, float]:
    stream = markov_modulated(**values, **common)
    return stream, float(np.average(values["rates_hz"], weights=values["dwell_s"]))


def _diurnal(
    values: dict[str, Any], common: dict[str, Any], default_hz: float
) -> tuple[Stream, float]:
    mean = values.get("mean_hz", default_hz)
    amplitude, period = values.get("amplitude", 0.8), values.get("period_s", DAY_S)
    return diurnal(mean, amplitude, period, **common), mean


def _trace(
    values: dict[str, Any], common: dict[str, Any], default_hz: float
) -> tuple[Stream, float]:
    stream = read_trace(**values, tasks=common["tasks"])
    return stream, stream.tasks / stream.span_s if stream.span_s > 0 else default_hz


_STREAMS = {"poisson": _poisson, "bursty": _bursty, "diurnal": _diurnal, "trace": _trace}


def _sizes(table: Any) -> Sizes:
    """Return the sizes of a table ``{"kind": ..., parameter: value}``; constant without one."""
    if not isinstance(table, dict):
        raise InputError("sizes", table, "a table")
    kind = check_choice("sizes.kind", table.get("kind", "constant"), SIZES)
    try:
        return SIZES[kind](**{key: value for key, value in table.items() if key != "kind"})
    except TypeError as error:
        raise InputError("sizes", table, f"parameters of {kind} sizes ({error})") from None

"""The links while the tasks run, the same for every scheme: constant, a sample, or a trace."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.framework.split_system import SplitSystem
from edgeopt.optim.online.resources import Uplink
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import (
    LARGEST_QUANTITY,
    FloatArray,
    InputError,
    check_array,
    check_choice,
    check_quantities,
    check_quantity,
)
from edgeopt.problems.files import check_file, read_lines
from edgeopt.problems.offloading.equations import node_rate_bit_s
from edgeopt.problems.systems.system import CloudLink


@dataclass(frozen=True, eq=False)
class LinkTrace:
    """Measured states of the link to the cloud, each of which lasts `step_s` seconds.

    Parameters
    ----------
    round_trip_s : array_like, shape (n,)
        Round trips, s, >= 0.
    bandwidth_bit_s : array_like, shape (n,)
        Rates, bit/s, > 0.
    step_s : float
        Duration of a state, s, > 0. A trace of half-hourly measurements is usually sped up.

    Raises
    ------
    InputError
        If a value is out of range, or the lengths differ.

    Examples
    --------
    >>> from edgeopt.optim.framework import LinkTrace
    >>> LinkTrace(round_trip_s=[0.02, 0.04], bandwidth_bit_s=[8e6, 4e6], step_s=1.0).round_trip_s
    array([0.02, 0.04])
    """

    round_trip_s: FloatArray
    bandwidth_bit_s: FloatArray
    step_s: float

    def __post_init__(self) -> None:
        trips = check_quantities("link.round_trip_s", self.round_trip_s, zero=True)
        rates = check_quantities("link.bandwidth_bit_s", self.bandwidth_bit_s)
        check_quantity("link.step_s", self.step_s)
        if trips.shape != rates.shape:
            raise InputError("link.bandwidth_bit_s.shape", rates.shape, str(trips.shape))
        object.__setattr__(self, "round_trip_s", trips)
        object.__setattr__(self, "bandwidth_bit_s", rates)


class LinkConditions(NamedTuple):
    """The links as each of the K tasks meets them.

    Attributes
    ----------
    terminal_s : ndarray, shape (K,)
        Upload from the terminal to the edge T_te (16), s; it precedes the task's arrival.
    round_trip_s : ndarray, shape (K,)
        Propagation to the cloud and back at the task's arrival, s.
    rate_bit_s : ndarray, shape (K,)
        Rate to the cloud of the slowest node, without queues, at the task's arrival, bit/s.
    uplink : Uplink
        The rates of all nodes over time, for the engine.

    Examples
    --------
    See `simulate`.
    """

    terminal_s: FloatArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray
    uplink: Uplink


def draw_conditions(
    split: SplitSystem, stream: Stream, trace: LinkTrace | None, rng: np.random.Generator
) -> LinkConditions:
    """Draw the links as the tasks meet them.

    Parameters
    ----------
    split : SplitSystem
        Source of what is constant. Each terminal has one of the measured rates (16); T_te is 0 if
        the reading does not count it.
    stream : Stream
        The tasks.
    trace : LinkTrace or None
        The link to the cloud over time, from a random state onwards and cyclically; None: the
        system's round trip and bandwidth. (15) as printed has no round trip, and none is added
        without a trace.
    rng : Generator
        Source of randomness.

    Examples
    --------
    See `simulate`.
    """
    size_bits = 8.0 * float(split.terms.columns.size_bytes) * stream.size
    # Drawn even if not counted: the link's draws are then the same under every reading.
    terminal = size_bits / rng.choice(split.system.uplink.rates_bit_s, stream.tasks)  # (16)
    if not split.reading.uplink_counts:
        terminal = np.zeros(stream.tasks)
    if trace is None:
        trace = _constant(split)
    states = _states(trace, float(stream.time[-1]), rng)
    now = (stream.time // trace.step_s).astype(np.int64)
    rates = _rates(split, trace.bandwidth_bit_s[states])
    return LinkConditions(
        terminal_s=terminal,
        round_trip_s=trace.round_trip_s[states][now],
        rate_bit_s=rates.min(axis=1)[now],
        uplink=Uplink(rate=rates, start=trace.step_s * np.arange(float(len(states)))),
    )


def _constant(split: SplitSystem) -> LinkTrace:
    """Return the system's link as a trace of one state."""
    trips = np.array([float(split.terms.columns.round_trip_s)])
    bandwidth = np.array([split.system.link.bandwidth_bit_s])
    # One state that outlasts every stream.
    return LinkTrace(trips, bandwidth, step_s=LARGEST_QUANTITY)


def _states(trace: LinkTrace, end_s: float, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of the trace in the order of their occurrence until `end_s`."""
    # A random start makes repetitions differ though the trace is the same.
    steps = int(end_s // trace.step_s) + 1
    return (rng.integers(len(trace.round_trip_s)) + np.arange(steps)) % len(trace.round_trip_s)


def _rates(split: SplitSystem, bandwidth: FloatArray) -> FloatArray:
    """Return the rates of the nodes in each state (15), (states, x), or the shared (states, 1)."""
    if split.uplink == "shared":
        return bandwidth[:, np.newaxis]
    own = split.system.pool.per_node("throughput_bit_s")
    shared = split.reading.shares_link
    return np.asarray(node_rate_bit_s(bandwidth[:, np.newaxis], own, split.nodes, shared=shared))


# The link to the cloud as a simulation file describes it.

_FILE_FIELDS = ("path", "round_trip_column", "round_trip_unit_s", "rate_column", "rate_unit_bit_s")

_LIST_FIELDS = ("round_trips_s", "rates_bit_s")


def read_link(table: dict[str, Any], link: CloudLink) -> LinkTrace | None:
    """Return the states of the link, None if it is constant.

    Parameters
    ----------
    table : dict
        Empty, or ``step_s`` with either the ``path`` of a CSV file, its ``round_trip_column`` and,
        optionally, ``rate_column`` and the units of both; or the lists ``round_trips_s`` and,
        optionally, ``rates_bit_s``. Without rates, the bandwidth of `link` is used.
    link : CloudLink
        The link of the system.

    Raises
    ------
    InputError
        If a field is unknown or missing, or a value is out of range.
    """
    if not isinstance(table, dict):
        raise InputError("link", table, "a table")
    if not table:
        return None
    known = _FILE_FIELDS if "path" in table else _LIST_FIELDS
    for key in table:
        check_choice("link field", key, (*known, "step_s"))
    for key in (known[0], "step_s", *(("round_trip_column",) if "path" in table else ())):
        if key not in table:
            raise InputError(f"link.{key}", None, "given")
    trips, rates = _from_file(table) if "path" in table else _from_lists(table)
    if rates is None:
        rates = np.full(len(trips), link.bandwidth_bit_s)
    return LinkTrace(trips, rates, table["step_s"])


def _from_lists(table: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return round trips and rates from lists."""
    trips = check_array("link.round_trips_s", table["round_trips_s"], ndim=1, at_least=0)
    return trips, np.asarray(table["rates_bit_s"]) if "rates_bit_s" in table else None


def _from_file(table: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return round trips and rates from a CSV file."""
    header, *rows = _rows(check_file("link.path", table["path"]))
    trips = _column(table, header, rows, "round_trip_column", "round_trip_unit_s")
    if "rate_column" not in table:
        return trips, None
    return trips, _column(table, header, rows, "rate_column", "rate_unit_bit_s")


def _rows(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file, its header first."""
    try:
        rows = [row for row in csv.reader(read_lines(path)) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("link.path", str(path), f"a CSV file ({error})") from None
    if len(rows) < 2:
        raise InputError("link.path", str(path), "a CSV file with rows below its header")
    return rows


def _column(
    table: dict[str, Any], header: list[str], rows: list[list[str]], field: str, unit: str
) -> FloatArray:
    """Return a column in SI units."""
    name = check_choice(f"link.{field}", table[field], [key for key in header if key])
    place = header.index(name)
    try:
        values = np.array([float(row[place]) for row in rows])
    except (IndexError, ValueError) as error:
        raise InputError(f"{table['path']}: {name}", str(error), "numbers") from None
    factor = check_quantity(f"link.{unit}", table.get(unit, 1.0))
    with np.errstate(over="ignore"):  # `LinkTrace` refuses infinite values and names their place
        return np.asarray(values * factor)

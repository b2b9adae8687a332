"""What the links are like while the tasks run: the same for every scheme."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.optim.framework.setting import SplitSystem
from edgeopt.optim.online.resources import Uplink
from edgeopt.problems.arrivals.streams import Stream
from edgeopt.problems.errors import (
    LARGEST,
    FloatArray,
    InputError,
    check_array,
    check_choice,
    check_quantities,
    check_quantity,
)
from edgeopt.problems.files import check_file
from edgeopt.problems.offloading.equations import node_rate_bit_s
from edgeopt.problems.systems.system import CloudLink


@dataclass(frozen=True, eq=False)
class LinkTrace:
    """Measured states of the link to the cloud, one after another, each for `step_s` seconds.

    Parameters
    ----------
    round_trip_s : array_like, shape (n,)
        Round trips, s, >= 0.
    bandwidth_bit_s : array_like, shape (n,)
        Rates, bit/s, > 0.
    step_s : float
        How long a state lasts, s, > 0. A trace of half-hourly tests is usually played faster.

    Raises
    ------
    InputError
        If a value is out of range, or the lengths differ.
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
    """What each of the K tasks meets.

    Attributes
    ----------
    terminal_s : ndarray, shape (K,)
        Upload from the terminal to the edge T_te (16), s; it is over when the task arrives.
    round_trip_s : ndarray, shape (K,)
        Propagation to the cloud and back at the task's arrival, s.
    rate_bit_s : ndarray, shape (K,)
        Rate at which a task alone reaches the cloud at its arrival, bit/s: of the slowest node.
    uplink : Uplink
        The same rates for the engine, over time.
    """

    terminal_s: FloatArray
    round_trip_s: FloatArray
    rate_bit_s: FloatArray
    uplink: Uplink


def draw_conditions(
    setting: SplitSystem, stream: Stream, trace: LinkTrace | None, rng: np.random.Generator
) -> LinkConditions:
    """Draw what the tasks meet.

    Parameters
    ----------
    setting : Setting
        Its system says what is constant. Terminals have one of the measured rates (16) each;
        where the reading does not count T_te it is 0.
    stream : Stream
        The tasks.
    trace : LinkTrace or None
        The link to the cloud over time, from a random state on and round again; None: the system's
        round trip and bandwidth. As printed (15) has no round trip, and none is added without a
        trace.
    rng : Generator
        Source of randomness.
    """
    size_bits = 8.0 * float(setting.terms.columns.size_bytes) * stream.size
    terminal = size_bits / rng.choice(setting.system.uplink.rates_bit_s, stream.tasks)  # (16)
    if not setting.reading.uplink_counts:
        terminal = np.zeros(stream.tasks)
    if trace is None:
        trace = _constant(setting)
    states = _states(trace, float(stream.time[-1]), rng)
    now = (stream.time // trace.step_s).astype(np.int64)
    rates = _rates(setting, trace.bandwidth_bit_s[states])
    return LinkConditions(
        terminal_s=terminal,
        round_trip_s=trace.round_trip_s[states][now],
        rate_bit_s=rates.min(axis=1)[now],
        uplink=Uplink(rate=rates, start=trace.step_s * np.arange(float(len(states)))),
    )


def _constant(setting: SplitSystem) -> LinkTrace:
    """Return a link that stays as the system has it."""
    trips = np.array([float(setting.terms.columns.round_trip_s)])
    bandwidth = np.array([setting.system.link.bandwidth_bit_s])
    return LinkTrace(trips, bandwidth, step_s=LARGEST)


def _states(trace: LinkTrace, end_s: float, rng: np.random.Generator) -> np.ndarray:
    """Return the trace's rows in the order in which they are met until `end_s`."""
    steps = int(end_s // trace.step_s) + 1
    return (rng.integers(len(trace.round_trip_s)) + np.arange(steps)) % len(trace.round_trip_s)


def _rates(setting: SplitSystem, bandwidth: FloatArray) -> FloatArray:
    """Return the rates of the nodes in each state (15), (states, x), or the shared (states, 1)."""
    if setting.uplink == "shared":
        return bandwidth[:, np.newaxis]
    own = setting.system.pool.per_node("throughput_bit_s")
    shared = setting.reading.shares_link
    return np.asarray(node_rate_bit_s(bandwidth[:, np.newaxis], own, setting.nodes, shared=shared))


# The link to the cloud as a simulation file describes it: constant, a sample, or a trace.

FIELDS = ("path", "round_trip_column", "round_trip_unit_s", "rate_column", "rate_unit_bit_s")

SAMPLE = ("round_trips_s", "rates_bit_s")


def read_link(table: dict[str, Any], link: CloudLink) -> LinkTrace | None:
    """Return the states of the link, None where it is constant.

    Parameters
    ----------
    table : dict
        Empty, or ``step_s`` with either ``path`` of a CSV file, ``round_trip_column``, optionally
        ``rate_column`` and the units in which the file has them; or the lists ``round_trips_s``
        and, optionally, ``rates_bit_s``. Where no rates are given they are the link's own.
    link : Link
        Of the system.

    Raises
    ------
    InputError
        If a field is unknown or missing, or a value is out of range.
    """
    if not isinstance(table, dict):
        raise InputError("link", table, "a table")
    if not table:
        return None
    known = FIELDS if "path" in table else SAMPLE
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
    """Return round trips and rates of two lists."""
    trips = check_array("link.round_trips_s", table["round_trips_s"], ndim=1, at_least=0)
    return trips, np.asarray(table["rates_bit_s"]) if "rates_bit_s" in table else None


def _from_file(table: dict[str, Any]) -> tuple[FloatArray, FloatArray | None]:
    """Return round trips and rates of a CSV file."""
    rows = _rows(check_file("link.path", table["path"]))
    trips = _column(table, rows, "round_trip_column", "round_trip_unit_s")
    if "rate_column" not in table:
        return trips, None
    return trips, _column(table, rows, "rate_column", "rate_unit_bit_s")


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("link.path", str(path), f"a CSV file ({error})") from None
    if not rows:
        raise InputError("link.path", str(path), "a CSV file with rows below its header")
    return rows


def _column(table: dict[str, Any], rows: list[dict[str, str]], field: str, unit: str) -> FloatArray:
    """Return a column in SI units."""
    name = check_choice(f"link.{field}", table[field], [key for key in rows[0] if key])
    try:
        values = np.array([float(row[name]) for row in rows])
    except (TypeError, ValueError) as error:
        raise InputError(f"{table['path']}: {name}", str(error), "numbers") from None
    factor = check_quantity(f"link.{unit}", table.get(unit, 1.0))
    with np.errstate(over="ignore"):  # what is infinite is refused with its place
        return np.asarray(values * factor)

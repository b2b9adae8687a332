"""Links of a given rate and delay, shaped by the sender; time is passed in."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edgeopt.optim.framework.conditions import LinkTrace
from edgeopt.problems.errors import InputError, check_integer, check_number


class LinkState(NamedTuple):
    """A link from some time onwards.

    Attributes
    ----------
    start_s : float
        When it begins, s; the first state begins at 0.
    rate_bit_s : float
        Rate, bit/s: infinite for no limit, 0 for an outage.
    delay_s : float
        Time from the end of sending to arrival, one way, s.

    Examples
    --------
    See `Link`.
    """

    start_s: float
    rate_bit_s: float
    delay_s: float


class Link:
    """A token bucket whose rate may change with time: tells when each message arrives.

    The bucket holds at most `burst_bytes` and fills at the rate of the link. A message takes its
    size out of the bucket, which may then owe bytes; it has left when the debt is paid, and arrives
    after the delay of that moment. With a bucket of size 0, a message takes size / rate, and
    messages queue, as in the simulation.

    Parameters
    ----------
    states : sequence of LinkState
        In order of their start. The last one lasts for ever, unless there is a period.
    burst_bytes : float
        What may leave at once after a pause.
    period_s : float, optional
        After this time the states repeat.

    Attributes
    ----------
    left_s : float
        When the last message has left, s; it arrives a delay later.

    Raises
    ------
    InputError
        If times do not increase from 0, a value is out of range, or the rate is 0 for ever.

    Examples
    --------
    >>> from edgeopt.experiments.live import Link, LinkState
    >>> link = Link([LinkState(0.0, 8e6, 0.01), LinkState(3.0, 4e6, 0.01)])
    >>> [link.send(1e6, now_s) for now_s in (0.0, 0.5, 2.0)]
    [1.01, 2.01, 3.01]
    >>> link.send(1e6, 3.0)
    5.01
    """

    def __init__(
        self,
        states: Sequence[LinkState],
        *,
        burst_bytes: float = 0.0,
        period_s: float | None = None,
    ) -> None:
        self._states = tuple(states)
        self._starts = [state.start_s for state in self._states]
        self._burst = 8.0 * check_number("burst_bytes", burst_bytes, at_least=0)
        self._period = period_s
        self._check()
        self._bits, self._time = self._burst, 0.0
        self.left_s = 0.0

    def _check(self) -> None:
        """Raise `InputError` if a state or the period breaks its rule."""
        starts = self._starts
        if not starts or starts[0] != 0 or sorted({*starts}) != starts:
            raise InputError("link: start_s", starts, "at least one, increasing from 0")
        for state in self._states:
            if not state.rate_bit_s >= 0:
                raise InputError("link: rate_bit_s", state.rate_bit_s, ">= 0")
            check_number("link: delay_s", state.delay_s, at_least=0)
        lasting = self._states[-1:]
        if self._period is not None:
            check_number("link: period_s", self._period, above=starts[-1])
            lasting = self._states
        if not any(state.rate_bit_s > 0 for state in lasting):
            raise InputError("link: rate_bit_s", 0, "> 0 in the last state")

    def send(self, size_bytes: float, now_s: float) -> float:
        """Return when a message arrives.

        Parameters
        ----------
        size_bytes : float
            Its size, byte.
        now_s : float
            When it is given to the link, s; if before that of the last call, then that time.

        Returns
        -------
        float
            The time, s.
        """
        now_s = max(now_s, self._time)
        for start, stop, state in self._pieces(self._time):
            self._bits = min(self._burst, self._bits + _bits(state, min(stop, now_s) - start))
            if stop >= now_s:
                break
        self._time = now_s
        self._bits -= 8.0 * check_number("size_bytes", size_bytes, at_least=0)
        missing = -self._bits
        for start, stop, state in self._pieces(now_s):
            carried = _bits(state, stop - start)
            if carried >= missing:
                seconds = missing / state.rate_bit_s if missing > 0 else 0.0
                self.left_s = start + seconds
                return self.left_s + state.delay_s
            missing -= carried
        raise AssertionError("the last state carries everything")

    def state(self, now_s: float) -> LinkState:
        """Return the state at a time, with the start of its first occurrence.

        Parameters
        ----------
        now_s : float
            The time, s, >= 0.
        """
        if self._period is not None:
            now_s = math.fmod(now_s, self._period)
        return self._states[bisect_right(self._starts, now_s) - 1]

    def _pieces(self, now_s: float) -> Iterator[tuple[float, float, LinkState]]:
        """Yield start, stop and state of the pieces of time from `now_s` onwards."""
        period = math.inf if self._period is None else self._period
        cycle = 0.0 if self._period is None else now_s // period * period
        place = bisect_right(self._starts, now_s - cycle) - 1
        while True:
            stop = self._starts[place + 1] if place + 1 < len(self._starts) else period
            stop = max(now_s, cycle + stop)
            yield now_s, stop, self._states[place]
            now_s, place = stop, place + 1
            if place == len(self._starts):
                cycle, place = cycle + period, 0


def _bits(state: LinkState, seconds: float) -> float:
    """Return what a state carries in some time."""
    return state.rate_bit_s * seconds if state.rate_bit_s > 0 and seconds > 0 else 0.0


def link_of_trace(trace: LinkTrace, *, first: int = 0, burst_bytes: float = 0.0) -> Link:
    """Return a link that replays a measured trace, again and again.

    Parameters
    ----------
    trace : LinkTrace
        Rates and round trips; the delay is half a round trip.
    first : int
        Number of the state with which the link begins.
    burst_bytes : float
        As for `Link`.

    Raises
    ------
    InputError
        If there is no such state.

    Examples
    --------
    >>> from edgeopt.optim.framework import LinkTrace
    >>> from edgeopt.experiments.live import link_of_trace
    >>> trace = LinkTrace(round_trip_s=[0.02, 0.04], bandwidth_bit_s=[8e6, 4e6], step_s=1.0)
    >>> link = link_of_trace(trace, first=1)
    >>> link.send(1e6, 0.0), link.send(1e6, 3.0)  # 1 s at 4 Mbit/s, 0.5 s at 8; 1 s at 8
    (1.51, 4.01)
    """
    count = len(trace.round_trip_s)
    check_integer("first", first, at_least=0, at_most=count - 1)
    order = [(first + i) % count for i in range(count)]
    states = [
        LinkState(
            i * trace.step_s, float(trace.bandwidth_bit_s[j]), float(trace.round_trip_s[j]) / 2
        )
        for i, j in enumerate(order)
    ]
    return Link(states, burst_bytes=burst_bytes, period_s=count * trace.step_s)

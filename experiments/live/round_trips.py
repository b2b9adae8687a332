"""The link to the cloud as the master uses and measures it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeopt.experiments.live.hub import now_s
from edgeopt.experiments.live.links import Link
from edgeopt.experiments.live.members import Members
from edgeopt.experiments.live.messages import Message, field_of
from edgeopt.problems.errors import FloatArray

PROBE_S = 0.05
"""The round trip is measured so often, s."""

_LOST_S = 1.0  # a probe that is not back by then counts as lost


class LinkWatch:
    """Sends over the uplinks, and measures round trip and rate.

    Times are since the start of the stream. A probe is small and overtakes the maps, as a router
    does it for such packets: it measures propagation, not the queue.

    Parameters
    ----------
    members : Members
        Among them the cloud.
    links : sequence of Link
        One that all nodes share, or one for each.
    trip_s : callable
        Returns the round trip of the shaped link at a time, s.
    rate_bit_s : float
        The rate until one has been measured, bit/s.

    Attributes
    ----------
    round_trip_s : float
        The last that was measured, s; infinite while the cloud does not answer.
    rate_bit_s : float
        The rate of the last upload, bit/s.
    """

    def __init__(
        self,
        members: Members,
        links: Sequence[Link],
        trip_s: Callable[[float], float],
        rate_bit_s: float,
    ) -> None:
        self._members, self._links, self._trip_s = members, links, trip_s
        self._free_s = [0.0] * len(links)
        self._zero_s = now_s()
        self._number, self._sent = 0, dict[int, float]()
        self.round_trip_s, self.rate_bit_s = trip_s(0.0), rate_bit_s

    def begin(self, zero_s: float) -> None:
        """Set the start of the stream by the clock."""
        self._zero_s = zero_s

    def send(self, node: int, size_bytes: float, now: float) -> tuple[float, float, float]:
        """Give a map to the uplink of a node; return when it is sent, and when it arrives, s."""
        place = node if len(self._links) > 1 else 0
        link = self._links[place]
        start = max(now, self._free_s[place])
        arrival = link.send(size_bytes, now)
        # The delay is that of the end of sending, by when the link may have changed.
        end = arrival - link.state(max(0.0, now)).delay_s
        end = max(start, arrival - link.state(max(0.0, end)).delay_s)
        self._free_s[place] = end
        return start, end, arrival

    def measure(self, record: Any, seconds: float, now: float) -> None:
        """Measure the rate of an upload that the cloud has computed in some seconds."""
        trip = self.round_trip_s if np.isfinite(self.round_trip_s) else 0.0
        spent = now - seconds - record.times["upload_start_s"] - trip / 2.0
        if spent > 0:
            self.rate_bit_s = 8.0 * record.upload_bytes / spent

    def probe(self) -> None:
        """Send a probe, and the next one a while later."""
        now = now_s()
        if self._sent and now - min(self._sent.values()) > _LOST_S:
            self.round_trip_s = np.inf
        self._number += 1
        number, self._sent[self._number] = self._number, now
        way = self._trip_s(now - self._zero_s) / 2.0
        self._members.hub.at(now + way, lambda: self._reach(number))
        self._members.hub.at(now + PROBE_S, self.probe)

    def _reach(self, number: int) -> None:
        """Hand the probe to the cloud."""
        cloud = self._members.of("cloud").get(0)
        if cloud is not None:
            self._members.hub.send(cloud.peer, "probe", {"number": number})

    def heard(self, message: Message) -> None:
        """Have the echo of a probe take its way back."""
        number = field_of(message, "number", int)
        way = self._trip_s(now_s() - self._zero_s) / 2.0
        self._members.hub.at(now_s() + way, lambda: self._note(number))

    def _note(self, number: int) -> None:
        """Note the round trip; probes that were sent before are lost."""
        if number in self._sent:
            self.round_trip_s = now_s() - self._sent[number]
            self._sent = {each: sent for each, sent in self._sent.items() if each > number}


def seen_trips_s(trip_s: Callable[[float], float], time: FloatArray) -> FloatArray:
    """Return the round trip that `LinkWatch` has measured by each time, s.

    A probe is under way for the round trip that it measures, half of it as the link was when it
    left and half as it was at the echo.

    Parameters
    ----------
    trip_s : callable
        Returns the round trip at a time, s.
    time : (K,) array
        Non-decreasing, s.
    """
    sent = np.arange(0.0, float(time[-1]) + PROBE_S, PROBE_S)
    out = np.array([trip_s(now) for now in sent.tolist()]) / 2.0
    back = np.array([trip_s(now) for now in (sent + out).tolist()]) / 2.0
    # What returns after a younger probe says nothing new.
    returned = np.minimum.accumulate((sent + out + back)[::-1])[::-1]
    last = np.searchsorted(returned, time, side="right") - 1
    return np.where(last >= 0, (out + back)[np.maximum(last, 0)], trip_s(0.0))

"""The link to the cloud as the master uses and measures it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgeopt.experiments.live.hub import now_s
from edgeopt.experiments.live.links import Link
from edgeopt.experiments.live.members import Members
from edgeopt.experiments.live.messages import Message, field_of
from edgeopt.optim.online.resources import Uplink
from edgeopt.problems.errors import FloatArray

PROBE_S = 0.05
"""The round trip is measured so often, s."""

RATE_PROBE_S, RATE_PROBE_BYTES = 0.25, 4096
"""How often the rate is measured, s, where a scheme needs it, and with how much, byte."""

_LOST_S = 1.0  # a probe that is not back by then counts as lost


class LinkWatch:
    """Sends over the uplinks, and measures round trip and rate.

    Times are since the start of the stream. A probe of the round trip is small and overtakes the
    maps, as a router does it for such packets: it measures propagation, not the queue. The rate is
    that at which the sender got rid of a map, or of a probe that queues like a map.

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
        The rate of what was sent last, bit/s.
    """

    def __init__(
        self,
        members: Members,
        links: Sequence[Link],
        trip_s: Callable[[float], float],
        rate_bit_s: float,
    ) -> None:
        self._members, self._links, self._trip_s = members, links, trip_s
        self._zero_s = now_s()
        self._number, self._sent = 0, dict[int, float]()
        self.round_trip_s, self.rate_bit_s = trip_s(0.0), rate_bit_s

    def begin(self, zero_s: float, *, with_rate: bool) -> None:
        """Set the start of the stream by the clock, and begin to measure the rate if needed."""
        self._zero_s = zero_s
        if with_rate:
            self._probe_rate()

    def send(self, node: int, size_bytes: float, now: float) -> tuple[float, float, float]:
        """Give a map to the uplink of a node; return when it is sent, and when it arrives, s."""
        link = self._links[node if len(self._links) > 1 else 0]
        start = max(now, link.left_s)
        arrival = link.send(size_bytes, now)
        end = link.left_s
        if end > start:
            rate = 8.0 * size_bytes / (end - start)
            self._members.hub.at(self._zero_s + end, lambda: self._note_rate(rate))
        return start, end, arrival

    def _note_rate(self, rate_bit_s: float) -> None:
        """Note the rate of what has just been sent."""
        self.rate_bit_s = rate_bit_s

    def _probe_rate(self) -> None:
        """Send a probe behind the maps, and the next one a while later."""
        _, _, arrival = self.send(0, RATE_PROBE_BYTES, now_s() - self._zero_s)
        self._members.hub.at(self._zero_s + arrival, self._reach_with_bytes)
        self._members.hub.at(now_s() + RATE_PROBE_S, self._probe_rate)

    def _reach_with_bytes(self) -> None:
        """Hand a probe of the rate to the cloud."""
        cloud = self._members.of("cloud").get(0)
        if cloud is not None:
            content = np.zeros(RATE_PROBE_BYTES, np.uint8)
            self._members.hub.send(cloud.peer, "probe", {"number": 0}, [content])

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


def seen_rates_bit_s(uplink: Uplink, time: FloatArray) -> FloatArray:
    """Return the rate of the slowest link that the last probe before each time has met, bit/s."""
    probed = np.floor(time / RATE_PROBE_S) * RATE_PROBE_S
    state = np.searchsorted(uplink.start, probed, side="right") - 1
    return np.asarray(uplink.rate.min(axis=1)[state])

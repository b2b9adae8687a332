"""Links of a given rate and delay, shaped by the sender; time is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgeopt.optim.framework.conditions import LinkTrace


class LinkState(NamedTuple):
    """A link from some time onwards.

    Attributes
    ----------
    start_s : float
        When it begins, s; of the first state 0.
    rate_bit_s : float
        Rate, bit/s; infinite for no limit, 0 for an outage.
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
    """A token bucket over states: tells when each message arrives.

    Parameters
    ----------
    states : sequence of LinkState
        In order of their start.
    burst_bytes : float
        What may be sent at once after a pause.
    """

    def __init__(self, states: Sequence[LinkState], *, burst_bytes: float = 0.0) -> None:
        raise NotImplementedError

    def send(self, size_bytes: float, now_s: float) -> float:
        """Return when a message given to the link at `now_s` arrives, in order of the calls."""
        raise NotImplementedError

    def state(self, now_s: float) -> LinkState:
        """Return the state at a time."""
        raise NotImplementedError


def link_of_trace(trace: LinkTrace, *, first: int = 0, burst_bytes: float = 0.0) -> Link:
    """Return a link that replays a trace cyclically from its state `first` onwards.

    The delay is half the round trip.
    """
    raise NotImplementedError

"""What the master knows of the round trip."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.experiments.live.round_trips import PROBE_S, seen_rates_bit_s, seen_trips_s
from edgeopt.optim.online.resources import Uplink


def test_a_constant_round_trip_is_known_at_once():
    times = np.array([0.0, 0.01, 3.0])
    assert seen_trips_s(lambda now: 0.02, times).tolist() == [0.02] * 3


def test_a_change_is_known_when_a_probe_that_met_it_is_back():
    """Probes leave every 50 ms: that of 1.95 s is back before, that of 2 s after 0.2 s."""

    def trip_s(now):
        return 0.2 if now >= 2.0 - 1e-9 else 0.02

    times = np.array([1.99, 2.0, 2.19, 2.201, 2.3])
    assert PROBE_S == 0.05
    assert seen_trips_s(trip_s, times) == pytest.approx([0.02, 0.02, 0.02, 0.2, 0.2])


def test_a_probe_under_way_measures_half_of_a_change():
    """The probe of 1.9 s leaves on a slow link and comes back on a fast one, as those after it."""

    def trip_s(now):
        return 0.2 if now < 2.0 - 1e-9 else 0.02

    # Those of 1.9 and 1.95 s have echoes at 2.0 and 2.05 and are back 10 ms later.
    seen = seen_trips_s(trip_s, np.array([2.0, 2.011, 2.021]))
    assert seen == pytest.approx([0.2, 0.11, 0.02])


def test_a_rate_is_that_of_the_last_probe():
    """Probes of the rate leave every 0.25 s; the rate of the slowest node counts."""
    uplink = Uplink(np.array([[4e6, 8e6], [2e6, 1e6]]), np.array([0.0, 1.1]))
    seen = seen_rates_bit_s(uplink, np.array([0.0, 1.09, 1.2, 1.25, 3.0]))
    assert seen.tolist() == [4e6, 4e6, 4e6, 1e6, 1e6]

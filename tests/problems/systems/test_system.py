"""Devices, pools and streams refuse what cannot be."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import CORRECTED
from edgeopt.problems.systems.system import Cloud, CloudLink, Device, Pool, TaskStream, TerminalLink

NODE = Device("node", flops=1e9, memory_bytes=1e6)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flops", 0.0),
        ("flops", math.inf),
        ("memory_bytes", -1),
        ("throughput_bit_s", 0.0),
        ("energy_budget_j", math.nan),
        ("static_power_w", -0.1),
        ("omega", "much"),
        ("kappa", -1e-30),
        ("clock_hz", None),
    ],
)
def test_a_device_names_the_bad_field(field: str, value: object):
    with pytest.raises(InputError, match=rf"^{field}: got .*{value}"):
        replace(NODE, **{field: value})


def test_what_is_not_given_costs_nothing_and_limits_nothing():
    free = (math.inf, math.inf, math.inf, 0.0, 0.0, 0.0, 0.0)
    assert Device("node", 1e9, 1e6, *free) == NODE
    assert CloudLink(8e6) == CloudLink(8e6, round_trip_s=0.0, energy_j_bit=0.0)
    assert TaskStream(1.0, 2.0) == TaskStream(1.0, 2.0, period_s=3600.0, size_bytes=None)
    assert Pool((NODE,)).memory_share == 1.0


def test_a_device_has_a_name():
    with pytest.raises(InputError, match=r"^name: got ''"):
        replace(NODE, name="")


def test_a_pool_groups_equal_nodes():
    fast = replace(NODE, name="fast", flops=2e9, memory_bytes=5e5)
    pool = Pool((NODE, fast, NODE), memory_share=0.5)
    assert pool.nodes == 3
    assert dict(pool.groups) == {NODE: 2, fast: 1}
    assert pool.per_node("flops").tolist() == [1e9, 2e9, 1e9]
    assert pool.smallest_memory_bytes == 5e5


@pytest.mark.parametrize("devices", [(), ("node",)])
def test_a_pool_needs_devices(devices: tuple):
    with pytest.raises(InputError, match=r"^devices: got"):
        Pool(devices)


@pytest.mark.parametrize("share", [0.0, 1.01, math.nan])
def test_the_memory_share_is_a_share(share: float):
    with pytest.raises(InputError, match=r"^memory_share: got"):
        Pool((NODE,), memory_share=share)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Cloud(0.0), "flops"),
        (lambda: CloudLink(0.0), "bandwidth_bit_s"),
        (lambda: CloudLink(1.0, round_trip_s=-1), "round_trip_s"),
        (lambda: CloudLink(1.0, energy_j_bit=-1), "energy_j_bit"),
        (lambda: TerminalLink([1.0, 0.0]), "rates_bit_s[1]"),
        (lambda: TerminalLink([]), "rates_bit_s.shape"),
        (lambda: TaskStream(0.0, 1.0), "arrival_hz"),
        (lambda: TaskStream(1.0, math.inf), "deadline_s"),
        (lambda: TaskStream(1.0, 1.0, period_s=0), "period_s"),
        (lambda: TaskStream(1.0, 1.0, size_bytes=-5), "size_bytes"),
        (lambda: replace(CORRECTED, memory="all"), "reading.memory"),
        (lambda: replace(CORRECTED, waiting="gg1"), "reading.waiting"),
        (lambda: replace(CORRECTED, flop_per_mac=3), "reading.flop_per_mac"),
    ],
)
def test_bad_parts_name_their_field(build, field: str):
    with pytest.raises(InputError) as error:
        build()
    assert error.value.field == field


def test_rates_are_a_read_only_array():
    rates = TerminalLink([1.0, 2.0]).rates_bit_s
    assert rates.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        rates[0] = 5.0


def test_parts_survive_pickling():
    assert pickle.loads(pickle.dumps(Pool((NODE, NODE)))) == Pool((NODE, NODE))

"""A network and a system (or many) as arrays that broadcast against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edgeopt.problems.errors import (
    FloatArray,
    InputError,
    Number,
    check_choice,
    check_integer,
    check_quantity,
)
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.equations import (
    edge_memory_bytes,
    elements_of,
    memory_limit_bytes,
    moved_bytes,
    node_rate_bit_s,
)
from edgeopt.problems.offloading.reading import CORRECTED, Reading
from edgeopt.problems.offloading.upload import INVERSE_RATE
from edgeopt.problems.systems.system import Seed, System


class MeasuredCuts(NamedTuple):
    """Measured time (s) and energy (J, or nan) of the layers before each cut, (N + 1,) each."""

    seconds: FloatArray
    joules: FloatArray


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """A profile in the units of a reading; float64 arrays of shape (N + 1,) over the cuts 0..N.

    Parameters
    ----------
    edge_flop, cloud_flop : array
        Work before and after the cut, FLOP (MAC as printed).
    segment_flop, segment_bytes : array
        Work and bytes moved between consecutive cuts.
    memory_bytes : array
        Memory of the edge side (10), byte.
    crossing_bits : array
        Tensors that cross the cut (15), bit, without the task itself.
    tasks_forwarded : array
        1 where the task itself crosses, as the terminal sent it: at cut 0, unless the reading is
        as printed. Else 0.
    input_bytes : float
        One byte for each element of the input.
    measured : mapping of str to MeasuredCuts
        What was measured, by device.

    Examples
    --------
    >>> from edgeopt import load_network
    >>> from edgeopt.problems.offloading import chosen_reading, network_arrays
    >>> reading = chosen_reading("corrected", {})
    >>> network_arrays(load_network("resnet34"), reading).memory_bytes.shape
    (35,)
    """

    edge_flop: FloatArray
    cloud_flop: FloatArray
    segment_flop: FloatArray
    segment_bytes: FloatArray
    memory_bytes: FloatArray
    crossing_bits: FloatArray
    tasks_forwarded: FloatArray
    input_bytes: float
    measured: Mapping[str, MeasuredCuts] = field(default_factory=dict)


def network_arrays(profile: Profile, reading: Reading) -> NetworkArrays:
    """Return the `NetworkArrays` of `profile` in the units of `reading`.

    Examples
    --------
    See `best_cuts`.
    """
    edge_flop = profile.edge_macs.astype(np.float64) * reading.flop_per_mac  # (8), (9)
    is_map = reading.crossing == "map"
    crossing = elements_of(profile, "output" if is_map else "crossing", reading)
    forwarded = np.zeros(profile.depth + 1)
    forwarded[0] = not is_map  # an image is smaller as sent, in bytes, than as an input in floats
    return NetworkArrays(
        edge_flop=edge_flop,
        cloud_flop=profile.cloud_macs.astype(np.float64) * reading.flop_per_mac,
        segment_flop=np.diff(edge_flop, prepend=0.0),
        segment_bytes=moved_bytes(profile, reading),
        memory_bytes=edge_memory_bytes(profile, reading),
        crossing_bits=np.where(forwarded, 0.0, crossing) * reading.bits_per_element,
        tasks_forwarded=forwarded,
        input_bytes=float(profile.output_elements[0]),
        measured=_measured_cuts(profile),
    )


def _measured_cuts(profile: Profile) -> dict[str, MeasuredCuts]:
    """Return the sums of the measured times and energies up to each cut."""
    ends, found = [0, *profile.cut_ends], {}
    for device, times in profile.measured.items():
        joules = np.full(times.seconds.size, np.nan) if times.joules is None else times.joules
        sums = (np.cumsum([0.0, *each])[ends] for each in (times.seconds, joules))
        found[device] = MeasuredCuts(*sums)
    return found


@dataclass(frozen=True, eq=False)
class SystemArrays:
    """A system as arrays: the last axis is that of the cuts, the one before that of node groups.

    Fields of nodes have the shape (..., g, 1) for g groups of identical nodes; fields of the
    system are numbers or have the shape (..., 1, 1). Leading axes are a batch of systems.

    Parameters
    ----------
    count, nodes : array, number
        Nodes of each group, and of the pool (x).
    flops, memory_bandwidth_byte_s, rate_bit_s : array
        Speed F_i, memory bandwidth and rate to the cloud of one node.
    static_power_w, omega, kappa, clock_hz, energy_budget_j : array
        As in `Device`.
    memory_limit_bytes, cloud_flops, round_trip_s, energy_j_bit : number
        lambda_0 P_0 (21), F_c, round trip and radio energy.
    inverse_rate_s_bit, size_bytes, arrival_hz, deadline_s, period_s : number
        E[1/v] of (16) and the task stream.
    one_link : bool
        Whether uploads queue for the whole link, in place of sending at once with a share each.
    measured_s, measured_j : array or None
        Measured time and energy of the layers before each cut, (..., g, N + 1); nan where there
        are none, which the model then gives.
    cloud_measured_s : array or None
        Measured time of the layers after each cut in the cloud, (..., N + 1).

    Examples
    --------
    See `best_cuts`.
    """

    count: FloatArray
    nodes: Number
    flops: FloatArray
    memory_bandwidth_byte_s: FloatArray
    rate_bit_s: FloatArray
    static_power_w: FloatArray
    omega: FloatArray
    kappa: FloatArray
    clock_hz: FloatArray
    energy_budget_j: FloatArray
    memory_limit_bytes: Number
    cloud_flops: Number
    round_trip_s: Number
    energy_j_bit: Number
    inverse_rate_s_bit: Number
    size_bytes: Number
    arrival_hz: Number
    deadline_s: Number
    period_s: Number
    one_link: bool = False
    measured_s: FloatArray | None = None
    measured_j: FloatArray | None = None
    cloud_measured_s: FloatArray | None = None


def system_arrays(system: System, network: NetworkArrays, reading: Reading) -> SystemArrays:
    """Return the `SystemArrays` of one system; identical nodes form one group.

    The network gives the size of a task for a system that does not, and the measured times that
    the system names.

    Raises
    ------
    InputError
        If the network has not the measured times that the system names, or the reading has the
        printed waiting time, which is that of a speed.

    Examples
    --------
    See `best_cuts`.
    """
    pool, link, tasks = system.pool, system.link, system.tasks
    groups = pool.groups

    def column(name: str) -> FloatArray:
        return np.array([[getattr(device, name)] for device in groups], dtype=np.float64)

    nodes, own_rate = float(pool.nodes), column("throughput_bit_s")
    # As in the simulation: a link that each node could fill alone serves one upload at a time.
    one_link = (
        reading.waiting == "queued"
        and reading.shares_link
        and float(own_rate.min()) >= link.bandwidth_bit_s
    )
    shared = reading.shares_link and not one_link
    rate = node_rate_bit_s(link.bandwidth_bit_s, own_rate, nodes, shared=shared)
    bandwidths = column("memory_bandwidth_byte_s")
    inverse_rate = INVERSE_RATE[reading.uplink](system.uplink.rates_bit_s)
    measured = _measured_nodes(network, [device.times for device in groups])
    name = system.cloud.times
    in_cloud = None if name is None else measured_cuts(network, name).seconds
    if reading.waiting == "printed" and not (measured is None and in_cloud is None):
        raise InputError("reading.waiting", "printed", "another one with measured times")
    return SystemArrays(
        count=np.array([[count] for count in groups.values()], dtype=np.float64),
        nodes=nodes,
        flops=column("flops"),
        # An infinite bandwidth never limits a node, which switches the roofline model off.
        memory_bandwidth_byte_s=np.where(reading.roofline, bandwidths, np.inf),
        rate_bit_s=np.asarray(rate),
        static_power_w=column("static_power_w"),
        omega=column("omega"),
        kappa=column("kappa"),
        clock_hz=column("clock_hz"),
        energy_budget_j=column("energy_budget_j"),
        memory_limit_bytes=memory_limit_bytes(pool.smallest_memory_bytes, pool.memory_share),
        cloud_flops=system.cloud.flops,
        round_trip_s=link.round_trip_s if reading.shares_link else 0.0,
        energy_j_bit=link.energy_j_bit if reading.radio else 0.0,
        # As printed, (16) sums over all x nodes, although a task goes to one of them.
        inverse_rate_s_bit=inverse_rate * (nodes if reading.uplink == "printed" else 1.0),  # (16)
        size_bytes=tasks.size_bytes or network.input_bytes,
        arrival_hz=tasks.arrival_hz,
        deadline_s=tasks.deadline_s,
        period_s=tasks.period_s,
        one_link=one_link,
        measured_s=None if measured is None else measured.seconds,
        measured_j=None if measured is None else measured.joules,
        cloud_measured_s=None if in_cloud is None else in_cloud[-1] - in_cloud,
    )


def measured_cuts(network: NetworkArrays, device: str) -> MeasuredCuts:
    """Return what was measured on `device`.

    Raises
    ------
    InputError
        If the network has no such column.
    """
    if not network.measured:
        raise InputError("times", device, "left out: this network has no measured times")
    return network.measured[check_choice("times", device, list(network.measured))]


def _measured_nodes(network: NetworkArrays, names: Sequence[str | None]) -> MeasuredCuts | None:
    """Return the measured times and energies of the kinds of nodes, (g, N + 1) each, if any."""
    if not any(names):
        return None
    none = np.full(network.edge_flop.size, np.nan)
    rows = [measured_cuts(network, name) if name else MeasuredCuts(none, none) for name in names]
    return MeasuredCuts(*(np.stack(each) for each in zip(*rows, strict=True)))


def random_batch(
    count: int, *, size_bytes: float = 224 * 224 * 3, reading: Reading = CORRECTED, rng: Seed = None
) -> SystemArrays:
    """Return `count` random systems of identical nodes, as arrays with a leading axis.

    Parameters
    ----------
    count : int
        Number of systems, >= 1.
    size_bytes : float
        Size of a task, byte, > 0; by default that of an 8-bit RGB image.
    reading : Reading
        Says whether the nodes share the link.
    rng : int, Generator or None
        Source of randomness.
    """
    check_integer("count", count, at_least=1)
    check_quantity("size_bytes", size_bytes)
    rng = np.random.default_rng(rng)

    def draw(low: float, high: float) -> FloatArray:
        return np.exp(rng.uniform(np.log(low), np.log(high), size=(count, 1, 1)))

    nodes = rng.integers(1, 31, size=(count, 1, 1)).astype(np.float64)
    flops, bandwidth = draw(1e10, 1e12), draw(1e7, 1e9)
    rate = np.minimum(bandwidth / nodes if reading.shares_link else bandwidth, draw(5e6, 1e9))
    return SystemArrays(
        count=nodes,
        nodes=nodes,
        flops=flops,
        memory_bandwidth_byte_s=np.full_like(nodes, np.inf),
        rate_bit_s=rate,
        static_power_w=draw(1.0, 10.0),
        omega=draw(1.0, 10.0) / flops**2,
        kappa=np.zeros_like(nodes),
        clock_hz=np.zeros_like(nodes),
        energy_budget_j=draw(1e2, 1e5),
        memory_limit_bytes=draw(4e6, 4e8),
        cloud_flops=draw(1e12, 2e13),
        round_trip_s=rng.uniform(0, 0.08, size=(count, 1, 1)),
        energy_j_bit=draw(1e-8, 5e-7),
        inverse_rate_s_bit=1.0 / draw(1e6, 1e8),
        size_bytes=np.full_like(nodes, size_bytes),
        arrival_hz=draw(0.5, 2000.0),
        deadline_s=draw(0.05, 3.0),
        period_s=np.full_like(nodes, 3600.0),
    )

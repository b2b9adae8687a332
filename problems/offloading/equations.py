"""Single equations: memory (10), execution (11, 14), the link (15) and energy (18)-(20).

Each function takes plain arrays and computes one equation, in the printed or a corrected form.
"""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import FloatArray, IntArray, Number
from edgeopt.problems.networks.layers import FLOAT32
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.offloading.reading import Reading


def edge_execution_s(
    segment_flop: FloatArray,
    segment_bytes: FloatArray,
    flops: Number,
    memory_bandwidth_byte_s: Number,
) -> FloatArray:
    """Return the time t_qp,e in which one node runs the layers before the cut (11).

    The paper integrates over the index of the task; one task takes Z^j / F_i. With a finite memory
    bandwidth BW each segment runs at the speed min(F, I BW) of the roofline model, where I is its
    FLOP per byte (Williams et al., CACM 52(4), 2009).

    Parameters
    ----------
    segment_flop, segment_bytes : (N + 1,) float64 arrays
        Work and bytes moved between consecutive cuts; 0 at cut 0.
    flops, memory_bandwidth_byte_s : float or (..., g, 1) arrays
        Speed F_i and bandwidth BW_i of each kind of node; an infinite bandwidth has no effect.

    Returns
    -------
    (..., g, N + 1) float64 array
        Seconds.
    """
    roofline = np.maximum(segment_flop / flops, segment_bytes / memory_bandwidth_byte_s)
    return np.asarray(np.add.accumulate(roofline, axis=-1))  # (11)


def cloud_execution_s(cloud_flop: FloatArray, cloud_flops: Number) -> FloatArray:
    """Return the time T_cp in which the cloud runs the layers after the cut (14), s.

    It is (Z^N - Z^j) / F_c, where the paper writes Z^n for Z^N. The cloud has no queue.
    """
    return np.asarray(cloud_flop / cloud_flops)  # (14)


# The energy of one edge node (18)-(20).


def static_energy_j(static_power_w: Number, busy_s: Number) -> FloatArray:
    """Return the static energy of a node, e times `busy_s` (18), J.

    As printed, only the time of computing counts; with the whole period as `busy_s` idle time
    counts too.
    """
    return np.asarray(static_power_w * busy_s)  # (18)


def printed_dynamic_energy_j(omega: Number, edge_flop: FloatArray, flops: Number) -> FloatArray:
    """Return the dynamic energy omega Z F (19), J: a power of omega F^2 while computing.

    Parameters
    ----------
    omega : float or (..., g, 1) array
        J s / FLOP**2.
    edge_flop : (N + 1,) array
        Work Z^j of one task, FLOP.
    flops : float or (..., g, 1) array
        Speed F_i, FLOP/s.
    """
    return np.asarray(omega * flops * edge_flop)  # (19)


def cmos_dynamic_energy_j(kappa: Number, edge_flop: FloatArray, clock_hz: Number) -> FloatArray:
    """Return kappa Z f^2, J, the usual model of CMOS logic, whose power grows with f^3.

    Source: Burd and Brodersen, J. VLSI Signal Processing 13, 1996. `kappa` in J / (FLOP Hz**2).
    """
    return np.asarray(kappa * clock_hz**2 * edge_flop)


def radio_energy_j(energy_j_bit: Number, bits: FloatArray) -> FloatArray:
    """Return the energy of sending `bits` to the cloud, J, a term that the paper lacks."""
    return np.asarray(energy_j_bit * bits)


# The link from the edge to the cloud (15).


def node_rate_bit_s(
    bandwidth_bit_s: Number, throughput_bit_s: Number, nodes: Number, *, shared: bool
) -> Number:
    """Return the rate at which one node sends, bit/s.

    Corrected reading (`shared`): all nodes send at once, min(W_H / x, L_i). As printed, each node
    has the whole bandwidth, min(W_H, L_i).
    """
    return np.minimum(bandwidth_bit_s / nodes if shared else bandwidth_bit_s, throughput_bit_s)


def link_s(
    bits: FloatArray, rate_bit_s: Number, round_trip_s: Number, *, whole_trip: bool = False
) -> FloatArray:
    """Return the time T_ec in which the tensors that cross the cut reach the cloud (15).

    Parameters
    ----------
    bits : (..., N + 1) float64 array
        Data that cross each cut. As printed, Map_j in elements is divided by a rate in bit/s.
    rate_bit_s : float or (..., g, 1) array
        Rate of one node, `node_rate_bit_s`.
    round_trip_s : float or (..., 1, 1) array
        Half of it is added if anything is sent. The paper lacks this term, and its reading gives 0.
    whole_trip : bool
        Whether the whole of it is added, so that the answer is back at the edge.

    Returns
    -------
    (..., g, N + 1) float64 array
        Seconds; 0 where nothing crosses.
    """
    share = 1.0 if whole_trip else 0.5
    return np.asarray(bits / rate_bit_s + share * round_trip_s * (bits > 0))  # (15)


# The memory of the edge side (10), and its limit.


def edge_memory_bytes(profile: Profile, reading: Reading) -> FloatArray:
    """Return the memory Dt^j that the first j layers need (10).

    Parameters
    ----------
    profile : Profile
        The network.
    reading : Reading
        ``memory`` selects the feature maps: their sum along the main path, as printed, which
        training keeps, or the largest set live at one time, which inference needs.
        ``parameters`` selects those of the chain, which the paper counts, or all of them.
        ``element_bytes`` converts elements to bytes; the paper compares elements with bytes.
        With ``own_types``, an element of another type than float32 counts in proportion.

    Returns
    -------
    (N + 1,) float64 array
        Byte, for cuts 0..N; 0 at cut 0.
    """
    maps = "map" if reading.memory == "sum" else "peak"
    elements = parameters_of(profile, reading) + elements_of(profile, maps, reading)
    return elements * reading.element_bytes  # (10)


def moved_bytes(profile: Profile, reading: Reading) -> FloatArray:
    """Return the bytes moved through memory between consecutive cuts, for the roofline model.

    Each parameter is read once and each feature map written once.

    Returns
    -------
    (N + 1,) float64 array
        Byte moved by the layers between cut j - 1 and cut j; 0 at cut 0.
    """
    moved = parameters_of(profile, reading) + elements_of(profile, "map", reading)
    return np.diff(moved * reading.element_bytes, prepend=0.0)


def memory_limit_bytes(smallest_memory_bytes: float, share: float) -> float:
    """Return the right-hand side lambda_0 P_0 of C1 (22), byte.

    P_0 is the memory of the smallest node, which more nodes can only make smaller. Thus the cut
    moves towards the input as the pool grows, as in Table 1 of the paper and against its text.
    """
    return share * smallest_memory_bytes  # (22), C1


def parameters_of(profile: Profile, reading: Reading) -> FloatArray:
    """Return the parameters on the edge that the reading counts, units as in `elements_of`."""
    chain = reading.parameters == "chain"
    if reading.own_types:
        stored = profile.chain_parameter_bytes if chain else profile.edge_parameter_bytes
        return stored / FLOAT32
    return (profile.chain_parameters if chain else profile.edge_parameters).astype(np.float64)


def elements_of(profile: Profile, what: str, reading: Reading) -> FloatArray:
    """Return an array of elements of `profile`, with ``own_types`` in units of a float32 element.

    Parameters
    ----------
    profile : Profile
        The network.
    what : {"map", "peak", "crossing", "output"}
        Which of its arrays.
    reading : Reading
        Has `own_types`.

    Returns
    -------
    (N + 1,) float64 array
        Elements, for cuts 0..N.
    """
    sizes: IntArray = getattr(profile, f"{what}_bytes" if reading.own_types else f"{what}_elements")
    return sizes / (FLOAT32 if reading.own_types else 1)

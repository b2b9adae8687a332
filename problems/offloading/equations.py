"""Execution times: the edge (11), with the roofline as an option, and the cloud (14)."""

from __future__ import annotations

import numpy as np

from edgeopt.problems.errors import FloatArray
from edgeopt.problems.networks.profile import Profile
from edgeopt.problems.networks.tensors import IntArray
from edgeopt.problems.offloading.reading import Reading

Number = float | FloatArray


def edge_execution_s(
    segment_flop: FloatArray,
    segment_bytes: FloatArray,
    flops: Number,
    memory_bandwidth_byte_s: Number,
) -> FloatArray:
    """Return the time t_qp,e in which one node runs the layers before the cut (11).

    The paper integrates over the task index; one task takes Z^j / F_i. With a finite memory
    bandwidth BW each segment runs at the roofline's speed min(F, I BW), I its FLOP per byte
    (Williams et al., CACM 52(4), 2009).

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
    """Return the time T_cp in which the cloud runs the layers behind the cut (14), s.

    Z^N - Z^j over F_c; the paper writes Z^n for Z^N. The cloud has no queue.
    """
    return np.asarray(cloud_flop / cloud_flops)  # (14)


# Energy that one edge node spends (18)-(20), with radio energy as an option.


def static_energy_j(static_power_w: Number, busy_s: Number) -> FloatArray:
    """Return the energy of the running node, e times its computing time (18), J.

    As printed only the time of computing counts; give the whole period as `busy_s` to count the
    time in which the node idles too.
    """
    return np.asarray(static_power_w * busy_s)  # (18)


def printed_dynamic_energy_j(omega: Number, edge_flop: FloatArray, flops: Number) -> FloatArray:
    """Return omega Z F (19), J: a power of omega F^2 while the node computes.

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
    """Return kappa Z f^2, J, the usual model of switching logic (power rises with f^3).

    Source: Burd and Brodersen, J. VLSI Signal Processing 13, 1996. `kappa` in J / (FLOP Hz**2).
    """
    return np.asarray(kappa * clock_hz**2 * edge_flop)


def radio_energy_j(energy_j_bit: Number, bits: FloatArray) -> FloatArray:
    """Return the energy of sending `bits` to the cloud, J; the paper has no such term."""
    return np.asarray(energy_j_bit * bits)


# Time on the link from the edge to the cloud (15).


def node_rate_bit_s(
    bandwidth_bit_s: Number, throughput_bit_s: Number, nodes: Number, *, shared: bool
) -> Number:
    """Return the rate at which one node sends, bit/s.

    Corrected reading (`shared`): all nodes send at once, min(W_H / x, L_i). As printed, each node
    has the whole bandwidth, min(W_H, L_i).
    """
    return np.minimum(bandwidth_bit_s / nodes if shared else bandwidth_bit_s, throughput_bit_s)


def link_s(bits: FloatArray, rate_bit_s: Number, round_trip_s: Number) -> FloatArray:
    """Return the time T_ec in which the tensors at the cut reach the cloud (15).

    Parameters
    ----------
    bits : (..., N + 1) float64 array
        What crosses each cut. As printed, Map_j in elements is divided by a rate in bit/s.
    rate_bit_s : float or (..., g, 1) array
        Rate of one node, `node_rate_bit_s`.
    round_trip_s : float or (..., 1, 1) array
        Half of it is added where anything is sent; the paper has no such term: give 0.

    Returns
    -------
    (..., g, N + 1) float64 array
        Seconds; 0 where nothing crosses.
    """
    return np.asarray(bits / rate_bit_s + 0.5 * round_trip_s * (bits > 0))  # (15)


# Memory of the edge side of each cut (10) and its limit lambda_0 P_0 (21).


def edge_memory_bytes(profile: Profile, reading: Reading) -> FloatArray:
    """Return the memory Dt^j that the first j layers need (10).

    Parameters
    ----------
    profile : Profile
        The network.
    reading : Reading
        ``memory`` picks the feature maps: their sum along the main path, as printed, which is what
        training keeps, or the largest set alive at one time, which is what an inference needs.
        ``parameters`` picks those of the chain that the paper counts, or all. ``element_bytes``
        turns elements into bytes; the paper compares elements with bytes.

    Returns
    -------
    (N + 1,) float64 array
        Byte, for cuts 0..N; 0 at cut 0.
    """
    maps = profile.map_elements if reading.memory == "sum" else profile.peak_elements
    elements = (_parameters(profile, reading) + maps).astype(np.float64)
    return elements * reading.element_bytes  # (10)


def moved_bytes(profile: Profile, reading: Reading) -> FloatArray:
    """Return the bytes that pass through memory between consecutive cuts, for the roofline.

    Each parameter is read once and each feature map written once.

    Returns
    -------
    (N + 1,) float64 array
        Byte moved by the layers between cut j - 1 and cut j; 0 at cut 0.
    """
    moved = (_parameters(profile, reading) + profile.map_elements).astype(np.float64)
    return np.diff(moved * reading.element_bytes, prepend=0.0)


def memory_limit_bytes(smallest_memory_bytes: float, share: float) -> float:
    """Return the right-hand side lambda_0 P_0 of C1 (21), byte.

    P_0 is the memory of the smallest node, so more nodes can only make it smaller: the cut moves
    towards the input as the pool grows, as in the paper's Table 1 and against its text.
    """
    return share * smallest_memory_bytes  # (21)


def _parameters(profile: Profile, reading: Reading) -> IntArray:
    """Return the parameters on the edge that the reading counts."""
    return profile.chain_parameters if reading.parameters == "chain" else profile.edge_parameters

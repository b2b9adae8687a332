"""Time on the link from the edge to the cloud (15)."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray

Number = float | FloatArray


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

"""Execution times: the edge (11), with the roofline as an option, and the cloud (14)."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray

Number = float | FloatArray


def edge_execution_s(
    segment_flop: FloatArray,
    segment_bytes: FloatArray,
    flops: Number,
    memory_bandwidth_byte_s: Number,
) -> FloatArray:
    """Return the time T_te in which one node runs the layers before the cut (11).

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
    """Return the time in which the cloud runs the layers behind the cut (14), s.

    Z^N - Z^j over F_c; the paper writes Z^n for Z^N. The cloud has no queue.
    """
    return np.asarray(cloud_flop / cloud_flops)  # (14)

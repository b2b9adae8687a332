"""Memory of the edge side of each cut (10) and its limit lambda_0 P_0 (21)."""

from __future__ import annotations

import numpy as np

from problems.errors import FloatArray
from problems.offloading.profile import Profile
from problems.offloading.reading import Reading
from problems.offloading.tensors import IntArray


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

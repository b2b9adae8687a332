"""What each cut means in work, bytes and bits, before any system is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from problems.errors import FloatArray
from problems.offloading.memory import edge_memory_bytes, moved_bytes
from problems.offloading.profile import Profile
from problems.offloading.reading import Reading


@dataclass(frozen=True, eq=False)
class Work:
    """A profile in the units of a reading; float64 arrays of shape (N + 1,) over the cuts 0..N.

    Parameters
    ----------
    edge_flop, cloud_flop : array
        Work before and behind the cut, FLOP (MAC as printed).
    segment_flop, segment_bytes : array
        Work and bytes moved between consecutive cuts.
    memory_bytes : array
        Memory of the edge side (10), byte.
    crossing_bits : array
        What crosses the cut (15), bit, besides the task itself.
    tasks_forwarded : array
        1 where the task crosses as the terminal sent it: at cut 0, unless the reading is as
        printed. Else 0.
    input_bytes : float
        One byte for each element of the input.
    """

    edge_flop: FloatArray
    cloud_flop: FloatArray
    segment_flop: FloatArray
    segment_bytes: FloatArray
    memory_bytes: FloatArray
    crossing_bits: FloatArray
    tasks_forwarded: FloatArray
    input_bytes: float


def work_of(profile: Profile, reading: Reading) -> Work:
    """Return the `Work` of `profile` in the units of `reading`."""
    edge_flop = profile.edge_macs.astype(np.float64) * reading.flop_per_mac  # (8), (9)
    is_map = reading.crossing == "map"
    crossing = profile.output_elements if is_map else profile.crossing_elements
    forwarded = np.zeros(profile.depth + 1)
    forwarded[0] = not is_map
    return Work(
        edge_flop=edge_flop,
        cloud_flop=profile.cloud_macs.astype(np.float64) * reading.flop_per_mac,
        segment_flop=np.diff(edge_flop, prepend=0.0),
        segment_bytes=moved_bytes(profile, reading),
        memory_bytes=edge_memory_bytes(profile, reading),
        crossing_bits=np.where(forwarded, 0.0, crossing) * reading.bits_per_element,
        tasks_forwarded=forwarded,
        input_bytes=float(profile.output_elements[0]),
    )

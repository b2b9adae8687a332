"""How the memory of a network grows layer by layer, and what makes it grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.errors import FloatArray
from problems.offloading.memory import edge_memory_bytes
from problems.offloading.profile import Profile
from problems.offloading.reading import CORRECTED

MIB = 2.0**20


class Growth(NamedTuple):
    """How the memory of a network grows.

    Attributes
    ----------
    late_share : float
        Part of the whole that the last layers add.
    late_over_mean : float
        What one of the last layers adds over what one of the others does.
    dense_share : float
        Part of what the last layers add that fully connected layers do.
    exponential_over_power : float
        Root mean square error of the best a exp(b j) over that of the best a j^b.
    """

    late_share: float
    late_over_mean: float
    dense_share: float
    exponential_over_power: float


def growth_of(profile: Profile, part: float) -> Growth:
    """Return how the memory of a network grows over the last `part` of its layers and before."""
    memory, last = memory_mib(profile), round(part * profile.depth)
    late, before = memory[-1] - memory[-1 - last], memory[-1 - last]
    added = np.diff(memory)[-last:]
    dense = added[dense_layers(profile)[-last:]].sum()
    return Growth(
        late_share=late / memory[-1],
        late_over_mean=(late / last) / (before / (profile.depth - last)),
        dense_share=dense / late,
        exponential_over_power=_exponential_over_power(memory[1:]),
    )


def memory_mib(profile: Profile) -> FloatArray:
    """Return (10) in MiB, (N + 1,)."""
    return edge_memory_bytes(profile, CORRECTED) / MIB


def dense_layers(profile: Profile) -> NDArray[np.bool_]:
    """Return which of the layers 1..N are fully connected: their maps have no area."""
    ends = (profile.layers[end - 1] for end in profile.cut_ends)
    return np.array([len(layer.output_shape) == 1 for layer in ends])


def _exponential_over_power(memory: FloatArray) -> float:
    """Return the error of the best exponential over that of the best power; < 1: it fits better."""
    layers = np.arange(1.0, memory.size + 1.0)
    steep = np.log(memory[-1] / memory[0])
    exponential = _fit_error(lambda j, a, b: a * np.exp(b * j), memory, steep / memory.size)
    return exponential / _fit_error(lambda j, a, b: a * j**b, memory, steep / np.log(layers[-1]))


def _fit_error(curve: Callable[..., FloatArray], memory: FloatArray, rate: float) -> float:
    """Return the root mean square error of the best curve over the layers 1..N, MiB."""
    from scipy.optimize import curve_fit

    layers = np.arange(1.0, memory.size + 1.0)
    found, _ = curve_fit(curve, layers, memory, p0=(memory[0], rate), maxfev=10_000)
    return float(np.sqrt(((curve(layers, *found) - memory) ** 2).mean()))

"""Times of a network on a device that ran other networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.networks.estimate_times import estimate
from edgeopt.problems.networks.layer_times import LayerTimes
from edgeopt.problems.networks.profile import Profile


def estimate_network(profile: Profile, device: str, measured: Sequence[Profile]) -> Profile:
    """Return `profile` with times on a device that was measured with other networks.

    Parameters
    ----------
    profile : Profile
        The network; what was measured of it itself is kept.
    device : str
        Column of times of the others.
    measured : sequence of Profile
        Networks that were measured on the device.

    Raises
    ------
    InputError
        If one of them was not, or too few layers were.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from edgeopt import load_network
    >>> from edgeopt.experiments.profiling import estimate_network
    >>> from edgeopt.problems.networks import LayerTimes
    >>> alexnet, vgg = load_network("alexnet"), load_network("vgg16")
    >>> seconds = [1e-4 + 1e-10 * layer.macs for layer in alexnet.layers]
    >>> alexnet = replace(alexnet, measured={"pi4": LayerTimes(seconds)})
    >>> bool(estimate_network(vgg, "pi4", [alexnet]).measured["pi4"].is_estimated.all())
    True
    """
    if not measured:
        raise InputError("measured", (), "at least one network")
    others = []
    for one in measured:
        check_choice(f"device: column of {one.name}", device, list(one.measured) or ["(none)"])
        times = one.measured[device]
        others.append((one.layers, np.where(times.is_estimated, np.nan, times.seconds)))
    own = profile.measured.get(device)
    known = np.full(len(profile.layers), np.nan)
    if own is not None:
        known = np.where(own.is_estimated, np.nan, own.seconds)
    missing = np.isnan(known)
    found = estimate(f"{profile.name}: {device}", profile.layers, known, missing, others)
    seconds = np.where(missing, found.values, known)
    times = LayerTimes(seconds, estimated=missing, error=found.error)
    return replace(profile, measured={**profile.measured, device: times})

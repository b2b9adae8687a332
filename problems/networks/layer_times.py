"""Measured times and energies of the layers of a network, a set of columns for each device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError, check_array
from edgeopt.problems.networks.estimate_times import estimate
from edgeopt.problems.networks.layers import Layer

COLUMNS = ("seconds", "spread", "joules")
"""What a file may have of a device, as in ``seconds:pi4``."""

_COLUMN = re.compile(r"(\w+):([^\s:,~]+)")


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """What the n layers of a network take on one device, for one sample.

    Parameters
    ----------
    seconds : array_like, shape (n,)
        Time of each layer, s, >= 0.
    joules : array_like, shape (n,), optional
        Energy that the device spends on each layer, static power included, J, >= 0.
    spread : array_like, shape (n,), optional
        Range of the middle half of the measured times, s, >= 0.
    estimated : array_like of bool, shape (n,), optional
        Layers that were not measured, and whose numbers are estimates; by default none.
    error : float, optional
        Mean absolute error of such estimates on held-out layers, as a share of their mean time.

    Raises
    ------
    InputError
        If an array has another length, or a number is negative or not finite.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from edgeopt import load_network
    >>> from edgeopt.problems.networks import LayerTimes
    >>> network = load_network("alexnet")
    >>> times = LayerTimes([0.002] * len(network.layers))
    >>> replace(network, measured={"pi4": times}).measured["pi4"].total_s.round(3)
    np.float64(0.024)
    """

    seconds: FloatArray
    joules: FloatArray | None = None
    spread: FloatArray | None = None
    estimated: NDArray[np.bool_] | None = None
    error: float | None = None

    def __post_init__(self) -> None:
        for name in COLUMNS:
            value = getattr(self, name)
            if value is not None:
                array = check_array(name, value, ndim=1, at_least=0.0)
                object.__setattr__(self, name, array)
                self._check_length(name, array.size)
        marks = np.zeros(self.seconds.size) if self.estimated is None else self.estimated
        object.__setattr__(self, "estimated", np.array(marks, dtype=bool))
        self._check_length("estimated", self.is_estimated.size)

    def _check_length(self, name: str, size: int) -> None:
        if size != self.seconds.size:
            raise InputError(name, size, f"{self.seconds.size} numbers, as there are times")

    @property
    def is_estimated(self) -> NDArray[np.bool_]:
        """Which layers are estimates, (n,)."""
        assert self.estimated is not None  # set with the rest
        return self.estimated

    @property
    def total_s(self) -> np.float64:
        """Time of the whole network, s."""
        return np.float64(self.seconds.sum())

    def estimates_in_words(self, name: str) -> str:
        """Return how many layers are estimates, with their share of the time; "" if none."""
        marks = self.is_estimated
        if not marks.any():
            return ""
        share = float(self.seconds[marks].sum() / (self.total_s or 1.0))
        error = "" if self.error is None else f"; mean error on held-out layers {self.error:.0%}"
        count = f"{int(marks.sum())} of {marks.size} layers were not measured on {name}"
        return f"{count} and are estimated, {share:.0%} of the time{error}"


# The columns of a file.


def parse_header(place: str, cells: Sequence[str]) -> list[tuple[str, str]]:
    """Return kind and device of each column of times.

    Raises
    ------
    InputError
        If a cell is not of the form ``seconds:DEVICE``, ``spread:DEVICE`` or ``joules:DEVICE``,
        comes twice, or a device has no ``seconds``.
    """
    found: list[tuple[str, str]] = []
    rule = "a column seconds:DEVICE, spread:DEVICE or joules:DEVICE, each once"
    for cell in cells:
        match = _COLUMN.fullmatch(cell)
        if match is None or match[1] not in COLUMNS or (match[1], match[2]) in found:
            raise InputError(place, cell, rule)
        found.append((match[1], match[2]))
    for _, device in found:
        if ("seconds", device) not in found:
            raise InputError(place, f"no seconds:{device}", f"given with the others of {device}")
    return found


def parse_cell(place: str, text: str) -> tuple[float, bool]:
    """Return the number of a cell, nan for an empty one, and whether ``~`` marks it as estimated.

    Raises
    ------
    InputError
        If it is neither empty nor a finite number >= 0.
    """
    if not text:
        return np.nan, False
    try:
        number = float(text.removeprefix("~"))
    except ValueError:
        number = np.nan
    if not (np.isfinite(number) and number >= 0):
        raise InputError(place, text, "a finite number >= 0, or empty if not measured")
    return number, text.startswith("~")


def times_from_columns(
    place: str,
    layers: Sequence[Layer],
    columns: dict[str, tuple[FloatArray, NDArray[np.bool_]]],
) -> LayerTimes:
    """Return the times of a device, with what is not measured estimated from what is.

    Parameters
    ----------
    place : str
        File and device, for messages.
    layers : sequence of Layer
        The n layers.
    columns : dict
        Numbers, nan where none, and marks of estimates, (n,) each, by name of `COLUMNS`.

    Raises
    ------
    InputError
        If too few layers are measured to estimate the others.
    """
    seconds, marks = columns["seconds"]
    missing = np.isnan(seconds)
    filled = estimate(f"{place}: seconds", layers, np.where(marks, np.nan, seconds), missing)
    times = LayerTimes(
        np.where(missing, filled.values, seconds),
        estimated=marks | missing,
        error=filled.error,
    )
    if "joules" in columns:
        joules, guessed = columns["joules"]
        missing = np.isnan(joules)
        more = estimate(f"{place}: joules", layers, np.where(guessed, np.nan, joules), missing)
        times = replace(
            times,
            joules=np.where(missing, more.values, joules),
            estimated=times.is_estimated | guessed | missing,
        )
    if "spread" in columns:
        times = replace(times, spread=np.nan_to_num(columns["spread"][0]))
    return times


def format_cells(times: LayerTimes, name: str) -> list[str]:
    """Return the cells of one of `COLUMNS`, ``~`` before what is estimated."""
    values = getattr(times, name)
    signs = ["~" if mark and name != "spread" else "" for mark in times.is_estimated]
    return [f"{sign}{float(value)!r}" for sign, value in zip(signs, values, strict=True)]

"""Readings of the equations: `PRINTED`, `CORRECTED`, `QUEUED`, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from edgeopt.problems.errors import InputError, check_choice, check_integer

ELEMENT_BYTES = {"float32": 4, "float16": 2, "int8": 1}

MEMORY = ("sum", "peak")

PARAMETERS = ("chain", "all")

WAITING = ("printed", "mm1", "mmx", "mdx", "queued")

CROSSING = ("map", "tensors")

UPLINK = ("printed", "kde", "log_kde")

DYNAMIC = ("printed", "cmos")

_FLAGS = (
    *("shares_link", "uplink_counts", "cloud_counts", "roofline", "radio"),
    *("idle_power", "whole_trip", "own_types"),
)


@dataclass(frozen=True)
class Reading:
    """How the equations are read. Use ``dataclasses.replace`` to change one choice.

    Parameters
    ----------
    name : str
        Name in reports.
    flop_per_mac : int
        FLOP for one counted operation of (8, 9): 2, or 1 as printed, where multiply-accumulates
        are divided by a speed in FLOP/s.
    element_bytes : int
        Bytes of one element of (10): 4 in float32, or 1 as printed, where elements are compared
        with bytes.
    bits_per_element : int
        Bits sent for one element of (15): 32 in float32, or 1 as printed.
    memory : {"sum", "peak"}
        (10): the sum of all maps, as printed (what training keeps), or the largest live set of
        an inference.
    parameters : {"chain", "all"}
        (10): those of the counted layers alone, as printed, or with batch norm and shortcuts.
    waiting : {"printed", "mm1", "mmx", "mdx", "queued"}
        (12): as printed, M/M/1 on each node, one M/M/x queue, one M/D/x queue, or ``queued``: tasks
        of equal work wait for node, link and cloud, each of which serves one task at a time.
    crossing : {"map", "tensors"}
        Map_j of (15): the map of layer j alone, or every tensor that crosses the cut, with the
        task's own bytes at cut 0.
    shares_link : bool
        Whether the x nodes share the bandwidth of (15), which must then carry all tasks, as the
        cloud must, and half a round trip is added.
    uplink : {"printed", "kde", "log_kde"}
        Density (17): as printed, normalised and truncated, or of log rates in closed form.
    uplink_counts : bool
        Whether the terminal's upload T_te (16) counts in C2, as it does in the paper; as printed
        (16) sums it over the x nodes.
    cloud_counts : bool
        Whether the cloud's time T_cp (14) counts in C2. As printed it does not, although the text
        of section 3.2 makes it a part of T_max.
    roofline : bool
        Whether a node's memory bandwidth may slow (11); not in the paper.
    radio : bool
        Whether sending to the cloud costs the node energy; not in the paper.
    dynamic : {"printed", "cmos"}
        (19): ``omega Z F``, or ``kappa Z f**2``.
    idle_power : bool
        Whether the static energy (18) also counts the time in which a node idles.
    whole_trip : bool
        Whether the answer's way back counts: a whole round trip in place of half of one.
    own_types : bool
        Whether a tensor or parameter that the network gives in another type than float32 has the
        size of that type: in float16, half of the bytes and bits of the two choices above.

    Raises
    ------
    InputError
        If a choice is none of those listed.

    Examples
    --------
    >>> from edgeopt.problems.offloading import chosen_reading
    >>> chosen_reading("corrected", {"waiting": "mm1"}).waiting
    'mm1'
    """

    name: str
    flop_per_mac: int
    element_bytes: int
    bits_per_element: int
    memory: str
    parameters: str
    waiting: str
    crossing: str
    shares_link: bool
    uplink: str
    uplink_counts: bool
    cloud_counts: bool
    roofline: bool
    radio: bool
    dynamic: str = "printed"
    idle_power: bool = False
    whole_trip: bool = False
    own_types: bool = False

    def __post_init__(self) -> None:
        check_integer("reading.flop_per_mac", self.flop_per_mac, at_least=1, at_most=2)
        check_integer("reading.element_bytes", self.element_bytes, at_least=1)
        check_integer("reading.bits_per_element", self.bits_per_element, at_least=1)
        check_choice("reading.memory", self.memory, MEMORY)
        check_choice("reading.parameters", self.parameters, PARAMETERS)
        check_choice("reading.waiting", self.waiting, WAITING)
        check_choice("reading.crossing", self.crossing, CROSSING)
        check_choice("reading.uplink", self.uplink, UPLINK)
        check_choice("reading.dynamic", self.dynamic, DYNAMIC)
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"reading.{name}", getattr(self, name), "true or false")


PRINTED = Reading(
    name="printed",
    memory="sum",
    parameters="chain",
    waiting="printed",
    crossing="map",
    uplink="printed",
    flop_per_mac=1,
    element_bytes=1,
    bits_per_element=1,
    shares_link=False,
    uplink_counts=True,
    cloud_counts=False,
    roofline=False,
    radio=False,
)
"""The equations as printed, units included."""

CORRECTED = replace(
    PRINTED,
    name="corrected",
    cloud_counts=True,
    roofline=True,
    radio=True,
    shares_link=True,
    crossing="tensors",
    uplink="log_kde",
    waiting="mmx",
    parameters="all",
    flop_per_mac=2,
    element_bytes=4,
    bits_per_element=32,
    own_types=True,
)
"""The most defensible reading of each equation; headline results use it."""

QUEUED = replace(CORRECTED, name="queued", waiting="queued", whole_trip=True)
"""`CORRECTED`, and what the paper leaves out: the queues of link and cloud, and the way back.

The delay is that of `edgeopt.simulate` for a Poisson stream of tasks of equal work.
"""

READINGS = {"printed": PRINTED, "corrected": CORRECTED, "queued": QUEUED}


def with_element_type(reading: Reading, element_type: str) -> Reading:
    """Return `reading` for tensors and parameters of another type.

    Parameters
    ----------
    reading : Reading
        Usually `CORRECTED`, in which float32 is the default.
    element_type : {"float32", "float16", "int8"}
        Type of every element, whatever the network says; sets the bytes of (10) and the bits of
        (15).

    Raises
    ------
    InputError
        If the type is none of these.
    """
    size = ELEMENT_BYTES[check_choice("element type", element_type, ELEMENT_BYTES)]
    return replace(reading, element_bytes=size, bits_per_element=8 * size, own_types=False)


CHOICES = ("element_type", *(field.name for field in fields(Reading) if field.name != "name"))
"""Keys that change the reading."""


def chosen_reading(name: str, choices: Mapping[str, Any]) -> Reading:
    """Return the reading `name` with some choices changed.

    Raises
    ------
    InputError
        If there is no such reading, or a choice has no such value.

    Examples
    --------
    >>> from edgeopt.problems.offloading import chosen_reading
    >>> chosen_reading("corrected", {"waiting": "mm1"}).waiting
    'mm1'
    """
    reading = READINGS[check_choice("reading", name, READINGS)]
    rest = dict(choices)
    if "element_type" in rest:
        reading = with_element_type(reading, rest.pop("element_type"))
    return replace(reading, **rest)

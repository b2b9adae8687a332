"""Tiers in a row, such as device, edge and cloud: their links, codecs and a network's exits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.problems.errors import InputError, check_integer, check_number
from edgeopt.problems.files import file_exists, read_toml
from edgeopt.problems.parameters import check_keys, check_parameters, check_table, from_table
from edgeopt.problems.parameters import quantity as quantity_of
from edgeopt.problems.systems.load import read_part, read_pool
from edgeopt.problems.systems.system import CloudLink, Pool, TaskStream


@dataclass(frozen=True)
class Tier:
    """A pool of nodes that run the same layers; a single node is a stage of a pipeline.

    Parameters
    ----------
    name : str
        Name in reports.
    pool : Pool
        Its nodes, which may differ.

    Examples
    --------
    See `load_tiers`.
    """

    name: str
    pool: Pool


@dataclass(frozen=True)
class Codec:
    """A way to send a tensor: size, time and loss of accuracy, as measured by the user.

    Parameters
    ----------
    name : str
        Name in reports.
    bits : float
        Bits sent for one element, > 0.
    s_element : float
        Time to encode and decode one element, s, >= 0.
    accuracy_drop : float
        Loss of accuracy of the tasks that are sent in this way, in [0, 1].

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    See `load_tiers`.
    """

    name: str
    bits: float = quantity_of()
    s_element: float = quantity_of(0.0, zero=True)
    accuracy_drop: float = quantity_of(0.0, zero=True, at_most=1.0)

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True)
class Exit:
    """A branch after a cut at which tasks may end.

    Parameters
    ----------
    after : str
        Name of the cut, see `Profile.cut_names`.
    share : float
        Share of all tasks that the branch is sure of, in [0, 1]; they include those of which an
        earlier branch is sure, and thus never fall.
    accuracy : float
        Accuracy of the answers that are given here, in [0, 1].
    macs, parameters : int
        Work and size of the branch, >= 0.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    See `load_tiers`.
    """

    after: str
    share: float
    accuracy: float
    macs: int = 0
    parameters: int = 0

    def __post_init__(self) -> None:
        check_number("share", self.share, at_least=0, at_most=1)
        check_number("accuracy", self.accuracy, at_least=0, at_most=1)
        check_integer("macs", self.macs, at_least=0)
        check_integer("parameters", self.parameters, at_least=0)


@dataclass(frozen=True)
class Tiers:
    """Tiers in the order in which a task passes them, the first of which has its data.

    Parameters
    ----------
    name : str
        Name in reports.
    tiers : tuple of Tier
        K >= 2 tiers.
    links : tuple of CloudLink
        The K - 1 links between them, each of which sends one task at a time.
    tasks : TaskStream
        The tasks that arrive at the first tier.
    codecs : tuple of Codec
        The ways to send a tensor; by default as 32 bits an element.
    exits : tuple of Exit
        Branches that may be used, in the order of the network.
    accuracy : float
        Accuracy of the whole network, in [0, 1].

    Raises
    ------
    InputError
        If the number of links does not fit, or a part is missing or out of range.

    Examples
    --------
    See `load_tiers`.
    """

    name: str
    tiers: tuple[Tier, ...]
    links: tuple[CloudLink, ...]
    tasks: TaskStream
    codecs: tuple[Codec, ...] = (Codec("float32", 32.0),)
    exits: tuple[Exit, ...] = ()
    accuracy: float = 1.0

    def __post_init__(self) -> None:
        if len(self.tiers) < 2:
            raise InputError("tiers", len(self.tiers), "at least 2")
        if len(self.links) != len(self.tiers) - 1:
            raise InputError("links", len(self.links), f"{len(self.tiers) - 1}, one between tiers")
        if not self.codecs:
            raise InputError("codecs", (), "at least one")
        check_number("accuracy", self.accuracy, at_least=0, at_most=1)
        shares = [one.share for one in self.exits]
        if shares != sorted(shares):
            raise InputError("exits.share", shares, "rising from exit to exit")
        if len(self.exits) > _MOST_EXITS:
            raise InputError("exits", len(self.exits), f"at most {_MOST_EXITS}")


_MOST_EXITS = 8  # every set of exits is compared

_PARTS = ("tiers", "links", "tasks")


def load_tiers(path: str | Path) -> Tiers:
    """Return the tiers of a TOML file.

    ``[[tiers]]`` with a name and nodes as in ``[[pool.nodes]]`` of a system, ``[[links]]`` as its
    ``[link]``, ``[tasks]``; optionally ``[[codecs]]``, ``[[exits]]``, and ``accuracy``.

    Raises
    ------
    InputError
        If the file does not exist or is no TOML, or a key is unknown, missing or illegal.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt.problems.systems import load_tiers
    >>> text = '''
    ... tasks = {arrival_hz = 2, deadline_s = 1.0}
    ... links = [{network = "wifi"}, {bandwidth_bit_s = 1e8, round_trip_s = 0.02}]
    ... [[tiers]]
    ... name = "camera"
    ... nodes = [{device = "raspberry_pi_4"}]
    ... [[tiers]]
    ... name = "edge"
    ... nodes = [{device = "jetson_nano", count = 2}]
    ... [[tiers]]
    ... name = "cloud"
    ... nodes = [{name = "gpu", flops = 1e13, memory_bytes = 1e10}]
    ... '''
    >>> _ = Path("tiers.toml").write_text(text)
    >>> [tier.pool.nodes for tier in load_tiers("tiers.toml").tiers]
    [1, 2, 1]
    """
    if not file_exists(Path(path)):
        raise InputError("tiers", str(path), "a TOML file")
    table = read_toml(Path(path))
    known = ("name", *_PARTS, "codecs", "exits", "accuracy")
    check_keys("tiers", table, known, required=_PARTS)
    values: dict[str, Any] = {"name": table.get("name", Path(path).stem)}
    values["tiers"] = tuple(_tier(one, i) for i, one in enumerate(_tables(table, "tiers")))
    values["links"] = tuple(
        read_part(CloudLink, one, f"links[{i}]") for i, one in enumerate(_tables(table, "links"))
    )
    values["tasks"] = from_table(TaskStream, table["tasks"], "tasks")
    for key, kind in (("codecs", Codec), ("exits", Exit)):
        if key in table:
            values[key] = tuple(
                from_table(kind, one, f"{key}[{i}]") for i, one in enumerate(_tables(table, key))
            )
    if "accuracy" in table:
        values["accuracy"] = table["accuracy"]
    return Tiers(**values)


def _tables(table: dict[str, Any], key: str) -> list[Any]:
    """Return a list of tables."""
    if not isinstance(table[key], list):
        raise InputError(key, table[key], f"a list of tables, [[{key}]]")
    return table[key]


def _tier(table: Any, index: int) -> Tier:
    """Return one tier."""
    check_table(f"tiers[{index}]", table)
    rest = {key: value for key, value in table.items() if key != "name"}
    return Tier(str(table.get("name", f"tier{index}")), read_pool(rest, None))

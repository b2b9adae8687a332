"""Certificates: proofs that no schedule is within a deadline, as trees of prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.problems.errors import FloatArray, InputError, IntArray
from edgeopt.problems.files import check_file, read_content, write_atomically

_FORMAT = "edgeopt certificate 1"


class Step(NamedTuple):
    """Prices, and what they refute.

    Attributes
    ----------
    prices : ndarray of int, shape (k,)
        Of the tasks that have a choice.
    memory_prices : ndarray of int, shape (x,)
        Of a unit of memory on each node.
    refuted : ndarray of int, shape (n, 2)
        Pairs of node and task that no schedule uses; none where the prices refute all schedules.
    """

    prices: IntArray
    memory_prices: IntArray
    refuted: IntArray

    @classmethod
    def of(cls, prices: FloatArray, memory_prices: FloatArray, refuted: Any) -> Step:
        """Return the step of whole prices in floats, and of pairs in a mask of shape (x, k)."""
        whole = prices.astype(np.int64), memory_prices.astype(np.int64)
        return cls(*whole, np.argwhere(refuted))


class Leaf(NamedTuple):
    """A node of the tree at whose end no schedule is left.

    Attributes
    ----------
    steps : tuple of Step
        In order. Where no prices refute all schedules, a task has no node left, or a node too many.
    """

    steps: tuple[Step, ...]


class Branch(NamedTuple):
    """A node of the tree at whose end a task is put on a node, or taken from it.

    Attributes
    ----------
    steps : tuple of Step
        In order.
    task, node : int
        The pair.
    on, off : int
        Numbers of the nodes of the tree with the task on the node, and without.
    """

    steps: tuple[Step, ...]
    task: int
    node: int
    on: int
    off: int


class Certificate(NamedTuple):
    """A proof that no schedule of a problem ends within a deadline.

    Attributes
    ----------
    digest : str
        Of the problem, see `Problem.digest`.
    deadline : float
        In s.
    unit, memory_unit : float
        To which times in s and memory in byte are rounded down, which only makes more schedules
        legal.
    tree : tuple of Leaf or Branch
        The root is the first.

    Examples
    --------
    See `check_certificate`.
    """

    digest: str
    deadline: float
    unit: float
    memory_unit: float
    tree: tuple[Leaf | Branch, ...]


def write_certificate(path: str | Path, certificate: Certificate) -> None:
    """Write a certificate as JSON, atomically.

    Raises
    ------
    InputError
        If the path is not writable.

    Examples
    --------
    See `check_certificate`.
    """
    content = {"format": _FORMAT, **certificate._asdict(), "tree": []}
    for node in certificate.tree:
        steps = [{name: part.tolist() for name, part in s._asdict().items()} for s in node.steps]
        content["tree"].append({**node._asdict(), "steps": steps})
    write_atomically(Path(path), json.dumps(content, separators=(",", ":")).encode())


def read_certificate(path: str | Path) -> Certificate:
    """Read a certificate; whether it proves anything, `check_certificate` says.

    Raises
    ------
    InputError
        If the file is missing or has another format.

    Examples
    --------
    See `check_certificate`.
    """
    rule = "a certificate that edgeopt wrote"
    try:
        content = json.loads(read_content(check_file("certificate", path)))
        if content.pop("format") != _FORMAT:
            raise InputError(str(path), "another format", rule)
        tree = tuple(_read_node(node) for node in content.pop("tree"))
        certificate = Certificate(**content, tree=tree)
        numbers = (certificate.deadline, certificate.unit, certificate.memory_unit)
        _check_types(str, certificate.digest)
        _check_types(float, *map(_as_float, numbers))
        return certificate
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(str(path), str(error), rule) from None


def _read_node(node: dict[str, Any]) -> Leaf | Branch:
    """Return a node of the tree."""
    steps = tuple(
        Step(
            np.array(step["prices"], dtype=np.int64).reshape(-1),
            np.array(step["memory_prices"], dtype=np.int64).reshape(-1),
            np.array(step["refuted"], dtype=np.int64).reshape(-1, 2),
        )
        for step in node.pop("steps")
    )
    _check_types(int, *node.values())
    return Branch(steps, **node) if node else Leaf(steps)


def _as_float(value: Any) -> Any:
    """Return a whole number as a float, other values as they are."""
    return float(value) if type(value) is int else value


def _check_types(kind: type, *values: Any) -> None:
    """Raise `TypeError` for a value of another type; True is no number."""
    for value in values:
        if type(value) is not kind:
            raise TypeError(f"{value!r} instead of {kind.__name__}")

"""Fixed sets of instances by name, such as ``edgeopt-60``: wherever a list of problems is given."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.problems.errors import InputError

_SETS = resources.files("edgeopt.experiments") / "sweeps" / "sets"

_END = ".toml"


class Instance(NamedTuple):
    """A problem of a set: its spec, the digest of its content, and where it comes from."""

    problem: str
    digest: str
    provenance: str


class InstanceSet(NamedTuple):
    """A name, one line on what the instances are, and the instances.

    Examples
    --------
    See `instance_set`.
    """

    name: str
    about: str
    instances: tuple[Instance, ...]


def set_names() -> list[str]:
    """Return the names of all sets."""
    names = (file.name for file in _SETS.iterdir())
    return sorted(name.removesuffix(_END) for name in names if name.endswith(_END))


@cache
def instance_set(name: str) -> InstanceSet | None:
    """Return the set of this name, None if there is none.

    Examples
    --------
    >>> from edgeopt.experiments.sweep import instance_set
    >>> found = instance_set("edgeopt-60")
    >>> len(found.instances), found.instances[0].problem
    (60, 'devices:all:100x8:seed=1')
    """
    if name not in set_names():
        return None
    table = tomllib.loads((_SETS / f"{name}{_END}").read_text(encoding="utf-8"))
    return InstanceSet(name, table["about"], tuple(Instance(**each) for each in table["instances"]))


def checked_specs(instances: InstanceSet) -> tuple[str, ...]:
    """Return the specs of a set, once each instance is made and found to be the same.

    Raises
    ------
    InputError
        If a digest differs: another version of a library draws other numbers.
    """
    for each in instances.instances:
        found = problem_of(each.problem).digest
        if found != each.digest:
            field = f"digest of {each.problem} in {instances.name}"
            raise InputError(field, found, f"{each.digest}: this is another instance")
    return tuple(each.problem for each in instances.instances)

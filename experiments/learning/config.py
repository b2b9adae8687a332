"""What a learning file says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import edgeopt.experiments.learning
import edgeopt.optim.framework
from edgeopt.experiments.runs.provenance import code_version
from edgeopt.optim.framework.conditions import read_link
from edgeopt.optim.learning.part import DEVICES
from edgeopt.optim.learning.scheme import TrainingScheme
from edgeopt.optim.learning.schemes import make_training_scheme
from edgeopt.optim.learning.training import Training
from edgeopt.optim.scheduling.catalog import locate_solver, solver_source
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, locate, read_toml
from edgeopt.problems.parameters import check_names
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

LARGEST_SEED = 2**63 - 1

_REQUIRED = ("data", "network", "system", "schemes")


@dataclass(frozen=True)
class LearningConfig:
    """Learning by every scheme, validated before anything runs.

    Attributes
    ----------
    data, network : str
        As for `load_dataset` and `build_network`.
    system : str
        As for `load_system`; a path is absolute.
    schemes : dict
        By label: see `make_training_scheme`.
    folder : str, optional
        Of the data.
    nodes : int, optional
        Number of nodes instead of the system's.
    settings : dict
        Changes of the system by key, e.g. ``"link.bandwidth_bit_s"``.
    link : dict
        See `read_link`.
    dispatch : dict
        See `make_dispatch`; for schemes that have none of their own.
    training : dict
        Fields of `Training`.
    repetitions, seed : int
        Runs of each scheme, and the root of all randomness.
    device : str
        ``auto`` (CUDA where there is), ``cpu`` or ``cuda``. Bits are the same on one kind only.
    target_error : float
        Error for which summaries say how long it took, in (0, 1).

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    data: str
    network: str
    system: str
    schemes: dict[str, dict[str, Any]]
    folder: str | None = None
    nodes: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    link: dict[str, Any] = field(default_factory=dict)
    dispatch: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    repetitions: int = 3
    seed: int = 0
    device: str = "auto"
    target_error: float = 0.1

    def __post_init__(self) -> None:
        check_integer("repetitions", self.repetitions, at_least=1)
        check_integer("seed", self.seed, at_least=0, at_most=LARGEST_SEED)
        check_choice("device", self.device, DEVICES)
        check_number("target_error", self.target_error, above=0, at_most=1)
        for name in ("data", "network", "system"):
            if not isinstance(getattr(self, name), str):
                raise InputError(name, getattr(self, name), "a text")
        if not isinstance(self.folder, str | None):
            raise InputError("folder", self.folder, "a text")
        for name in ("settings", "link", "dispatch", "training", "schemes"):
            if not isinstance(getattr(self, name), dict):
                raise InputError(name, getattr(self, name), "a table")
        if not self.schemes:
            raise InputError("schemes", {}, "at least one table [schemes.NAME]")
        self.make_training()
        for label in self.schemes:
            self.make_scheme(label)
        read_link(self.link, self.make_system().link)

    def make_training(self) -> Training:
        """Return the numbers of the training."""
        check_names(self.training, {each.name: each for each in fields(Training)})
        return Training(**self.training)

    def make_system(self) -> System:
        """Return the system."""
        return load_system(self.system, nodes=self.nodes, changes=self.settings)

    def make_scheme(self, label: str) -> TrainingScheme:
        """Return the scheme of a label."""
        return make_training_scheme(label, self.schemes[label], self.dispatch)

    def key(self, label: str, repetition: int, content: str) -> str:
        """Return a hash of everything that a run depends on.

        Parameters
        ----------
        label : str
            The scheme, whose table and dispatch count, not its name.
        repetition : int
            Which of the runs.
        content : str
            Hash of the data.
        """
        table = {"scheme": label, "dispatch": self.dispatch, **self.schemes[label]}
        common = {
            name: getattr(self, name)
            for name in ("network", "nodes", "settings", "link", "training", "seed", "device")
        }
        path = Path(self.link.get("path", ""))
        outside = [
            content,
            repr(self.make_system()),
            path.read_text(encoding="utf-8-sig") if path.is_file() else "",
            solver_source(table["dispatch"].get("solver", "")),
            code_version(edgeopt.optim.framework, edgeopt.experiments.learning),
        ]
        text = json.dumps([table, common, outside, repetition], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def read_learning(path: Path, folder: str | None = None) -> LearningConfig:
    """Read a learning file.

    Parameters
    ----------
    path : Path
        TOML with the fields of `LearningConfig`. Paths in it are relative to the file.
    folder : str, optional
        Folder of the data instead of the file's.

    Raises
    ------
    InputError
        If a field is missing, unknown or illegal.

    Examples
    --------
    See ``examples/learn_together.py``; the files in ``experiments/learnings`` show all fields.
    """
    tables = read_toml(path)
    check_fields(path, tables, tuple(each.name for each in fields(LearningConfig)), _REQUIRED)
    if isinstance(tables.get("folder"), str):
        tables["folder"] = str((path.parent / tables["folder"]).resolve())
    if folder is not None:
        tables["folder"] = folder
    if isinstance(tables["system"], str):
        tables["system"] = locate(tables["system"], path.parent)
    if isinstance(tables.get("link"), dict) and isinstance(tables["link"].get("path"), str):
        tables["link"]["path"] = locate(tables["link"]["path"], path.parent)
    schemes = tables["schemes"].values() if isinstance(tables["schemes"], dict) else ()
    for table in (tables, *schemes):
        dispatch = table.get("dispatch") if isinstance(table, dict) else None
        if isinstance(dispatch, dict) and isinstance(dispatch.get("solver"), str):
            dispatch["solver"] = locate_solver(dispatch["solver"], path.parent)
    return LearningConfig(**tables)

"""The configuration of learning runs, and the file from which it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from edgeopt.experiments.learning.cell import LEARNING, LearningCell
from edgeopt.experiments.learning.run import data_digest
from edgeopt.experiments.runs.cell import RunKind
from edgeopt.experiments.runs.config import check_json, check_runs
from edgeopt.optim.framework.conditions import read_link
from edgeopt.optim.learning.part import DEVICES, choose_device, fix_bits
from edgeopt.optim.learning.problem import TrainingScheme
from edgeopt.optim.learning.schemes import make_training_scheme
from edgeopt.optim.learning.training import Training
from edgeopt.optim.scheduling.catalog import locate_solver, solver_code
from edgeopt.problems.errors import InputError, check_choice, check_integer, check_number
from edgeopt.problems.files import check_fields, locate, printable, read_toml
from edgeopt.problems.parameters import check_names
from edgeopt.problems.systems.load import load_system
from edgeopt.problems.systems.system import System

_LARGEST_SEED = 2**63 - 1  # of a PyTorch generator

_REQUIRED = ("data", "network", "system", "schemes")


@dataclass(frozen=True)
class LearningConfig:
    """Training by every scheme.

    The constructor validates the fields, `check` starts the schemes.

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
        ``auto`` (CUDA if available), ``cpu`` or ``cuda``. Results are identical on one kind only.
    target_error : float
        Error for which summaries say how long it took, in (0, 1).
    time_limit : float, optional
        Wall time in s after which a run is ended from outside and counts as failed; a retry
        resumes from its checkpoint.

    Examples
    --------
    See ``examples/learn_together.py``.
    """

    kind: ClassVar[RunKind] = LEARNING

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
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_integer("seed", self.seed, at_least=0, at_most=_LARGEST_SEED)
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
        named = {printable(label): table for label, table in self.schemes.items()}
        object.__setattr__(self, "schemes", named)
        check_runs(self.repetitions, len(self.schemes), self.time_limit)
        for name in ("settings", "link", "dispatch", "training", "schemes"):
            check_json(name, getattr(self, name))
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

    def check(self) -> None:
        """Start every scheme once.

        Raises
        ------
        InputError
            If data are missing, or a scheme does not fit network and system.
        """
        choose_device(self.device)
        fix_bits()
        for cell in self.cells():
            if cell.repetition == 0:  # the others differ only in their random numbers
                cell.scheme.start(cell.make_problem())

    def cells(self) -> Iterator[LearningCell]:
        """Yield the cells, repetition by repetition, so that an early look sees all schemes."""
        system, training = self.make_system(), self.make_training()
        link = read_link(self.link, system.link)
        digests = {label: self._digest(label, system) for label in self.schemes}
        for repetition in range(self.repetitions):
            for label in self.schemes:
                yield LearningCell(
                    label=label,
                    scheme=self.make_scheme(label),
                    data=self.data,
                    folder=self.folder,
                    network=self.network,
                    device=self.device,
                    system=system,
                    training=training,
                    link=link,
                    digest=digests[label],
                    repetition=repetition,
                    seed=self.seed,
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)

    def _digest(self, label: str, system: System) -> str:
        """Return a hash of all that the runs of a scheme depend on, except code and seeds."""
        table = {"scheme": label, "dispatch": self.dispatch, **self.schemes[label]}
        names = ("network", "nodes", "settings", "link", "training", "device")
        common = {name: getattr(self, name) for name in names}
        path = Path(self.link.get("path", ""))
        outside = [
            data_digest(self.data, self.folder),
            repr(system),
            path.read_text(encoding="utf-8-sig") if path.is_file() else "",
            solver_code(table["dispatch"].get("solver", "")),
        ]
        text = json.dumps([table, common, outside], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_learning(path: str | Path, folder: str | None = None) -> LearningConfig:
    """Read a learning file.

    Parameters
    ----------
    path : str or Path
        TOML with the fields of `LearningConfig`. Paths in it are relative to the file.
    folder : str, optional
        Folder of the data instead of the file's.

    Raises
    ------
    InputError
        If a field of the training or a scheme is missing, unknown or illegal.

    Examples
    --------
    See ``examples/learn_together.py``; the files in ``experiments/learnings`` show all fields.
    """
    path = Path(path)
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

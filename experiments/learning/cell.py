"""One cell of learning: a scheme, trained once, with a checkpoint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.experiments.learning.run import PERIOD_MEASURES, PERIOD_SUMS, load_once, train
from edgeopt.experiments.runs.cell import FINISHED, RunKind, Shape, declare
from edgeopt.experiments.runs.provenance import code_of
from edgeopt.optim.framework.conditions import LinkTrace
from edgeopt.optim.learning.part import choose_device
from edgeopt.optim.learning.period import make_dispatch
from edgeopt.optim.learning.problem import LearningProblem, TrainingScheme
from edgeopt.optim.learning.training import Training
from edgeopt.optim.scheduling.catalog import build_solver, is_foreign
from edgeopt.optim.scheduling.solve import warm_up
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.systems.system import System

RUNS = "runs"

EARLY = ("early_threshold", "early_share", "early_error")

PERIOD_COLUMNS = {
    name: "answer_error" if name == "error" else name for name in (*PERIOD_SUMS, *PERIOD_MEASURES)
}
"""Column of each value of a period; the column ``error`` is the engine's."""

LEARNING = declare(
    RunKind(
        name="learning",
        names={"scheme": "text"},
        columns={
            **{PERIOD_COLUMNS[name]: of for name, of in {**PERIOD_SUMS, **PERIOD_MEASURES}.items()},
            **dict.fromkeys(EARLY, "floats"),
        },
        shape=Shape(
            full=tuple(column for column in PERIOD_COLUMNS.values() if column != "exit_error"),
            equal=(tuple(PERIOD_COLUMNS.values()), EARLY),
            together=(EARLY,),
            # a training may diverge: its loss need not be finite
            finite=tuple(
                column for column in (*PERIOD_COLUMNS.values(), *EARLY) if column != "loss"
            ),
        ),
    )
)


@dataclass(frozen=True, eq=False)
class LearningCell:
    """A scheme, trained once; each column of its row is a list with a value for each period.

    Attributes
    ----------
    label : str
        Name of the scheme in the file.
    scheme : Scheme
        The scheme.
    data, folder, network, device : str
        As in `LearningConfig`.
    system, training, link
        As in `LearningProblem`.
    digest : str
        Hash of all that the outcome depends on except code, repetition and seed.
    repetition, seed : int
        Which run, and the root seed.
    """

    label: str
    scheme: TrainingScheme
    data: str
    folder: str | None
    network: str
    device: str
    system: System
    training: Training
    link: LinkTrace | None
    digest: str
    repetition: int
    seed: int

    @property
    def is_foreign(self) -> bool:
        """Whether the solver that assigns tasks to nodes is of a file, or of another package."""
        return self._dispatch is not None and is_foreign(self._dispatch["solver"])

    @property
    def names(self) -> dict[str, str | int]:
        """Values of the columns that name the cell."""
        return {"scheme": self.label}

    @property
    def contents(self) -> dict[str, str]:
        """Nothing: a scheme is known by its name."""
        return {}

    @property
    def facts(self) -> dict[str, str]:
        """Nothing: all columns are results."""
        return {}

    @property
    def code(self) -> str:
        """Hash of the code that makes the row."""
        solvers = [] if self._dispatch is None else [build_solver(self._dispatch)]
        return code_of(train, self.scheme, *solvers)

    @cached_property
    def key(self) -> str:
        """Hash of everything that names the cell or that its outcome depends on, code too."""
        content = [self.label, self.digest, self.repetition, self.seed, self.code]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]

    def prepare(self) -> None:
        """Do nothing: the modules of the cell are all that is needed."""

    def warm_up(self) -> None:
        """Read the data and compile the dispatch, once in each process."""
        load_once(self.data, self.folder)
        if self._dispatch is not None:
            _compile_once(json.dumps(self._dispatch))

    @property
    def _dispatch(self) -> dict[str, Any] | None:
        """Table of the solver that assigns tasks to nodes, None without one."""
        table = getattr(self.scheme, "dispatch", None)
        return None if table is None else make_dispatch(table).solver

    def make_problem(self) -> LearningProblem:
        """Return the learning problem, the same for all schemes of a repetition."""
        return LearningProblem(
            dataset=load_once(self.data, self.folder),
            network=self.network,
            system=self.system,
            training=self.training,
            link=self.link,
            seed=(self.seed, self.repetition),
            device=choose_device(self.device),
        )

    def outcome(self, folder: Path | None = None) -> dict[str, Any]:
        """Train, or resume from the checkpoint in `folder`, and return the columns.

        The checkpoint is kept, as it has the trained network.
        """
        path = None
        if folder is not None:
            (folder / RUNS).mkdir(exist_ok=True)
            path = folder / RUNS / f"{self.key}.pt"
        periods = train(self.scheme, self.make_problem(), path)
        columns: dict[str, Any] = {
            column: [period[name] for period in periods] for name, column in PERIOD_COLUMNS.items()
        }
        if columns["exit_error"][0] is None:  # no exits: no list, instead of one of missing values
            columns["exit_error"] = None
        early = zip(*periods[-1]["early"], strict=True) if "early" in periods[-1] else [None] * 3
        curves = {
            name: None if values is None else list(values)
            for name, values in zip(EARLY, early, strict=True)
        }
        return {**columns, **curves, "status": FINISHED, "error": None}


@cache
def _compile_once(table: str) -> None:
    """Compile the solver of a table for windows of tasks."""
    warm_up(Problem(np.ones((2, 2))), build_solver(json.loads(table)))

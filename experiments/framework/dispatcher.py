"""Who gets which node: task by task, or window by window with a solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim.online.dispatch import Rule, simulate_dispatch
from optim.online.resources import Resources
from optim.online.timeline import Stages, Timeline
from optim.parameters import check_names, check_parameters, parameter
from problems.errors import FloatArray


@dataclass(frozen=True)
class Dispatcher:
    """Each task is given to a node when it arrives."""

    rule: Rule = parameter("fcfs", "which node")

    def __post_init__(self) -> None:
        check_parameters(self)

    def run(
        self, time: FloatArray, stages: Stages, resources: Resources, rng: np.random.Generator
    ) -> Timeline:
        """Return when each task was where."""
        return simulate_dispatch(time, stages, resources, rule=self.rule)


def make_dispatcher(table: dict[str, Any]) -> Dispatcher:
    """Return the dispatcher of a table of a simulation file.

    Raises
    ------
    InputError
        If a field is unknown or illegal.
    """
    check_names(table, {"rule": None})
    return Dispatcher(**table)

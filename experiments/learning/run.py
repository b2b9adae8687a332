"""One run: a scheme, trained and measured period by period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.framework.link_trace import read_link
from experiments.learning.answers import Answers, answer, is_wrong
from experiments.learning.checkpoint import resume_run, save_run
from experiments.learning.config import LearningConfig
from experiments.learning.data.dataset import Dataset
from experiments.learning.data.load import load_dataset
from experiments.learning.device import choose_device, fix_bits
from experiments.learning.early_exit import early_answers
from experiments.learning.problem import LearningProblem
from experiments.learning.rate_schedule import learning_rate
from experiments.learning.scheme import Learner, PeriodCost, Scheme

Row = dict[str, Any]
_SUMS = ("tasks", "examples", "seconds", "up_bytes", "down_bytes", "lan_bytes")
_THRESHOLDS, _LOWEST = 25, 1e-4  # number, nat


@dataclass(frozen=True)
class Run:
    """A scheme and which of its repetitions.

    Attributes
    ----------
    config : LearningConfig
        The file.
    label : str
        The scheme.
    repetition : int
        0..repetitions - 1.
    """

    config: LearningConfig
    label: str
    repetition: int

    @cached_property
    def scheme(self) -> Scheme:
        """The scheme."""
        return self.config.make_scheme(self.label)

    def make_problem(self) -> LearningProblem:
        """Return what is to be learnt; all schemes of a repetition get the same."""
        config, system = self.config, self.config.make_system()
        return LearningProblem(
            dataset=load_once(config.data, config.folder),
            network=config.network,
            system=system,
            training=config.make_training(),
            link=read_link(config.link, system.link),
            seed=(config.seed, self.repetition),
            device=choose_device(config.device),
        )


@lru_cache(maxsize=1)
def load_once(name: str, folder: str | None) -> Dataset:
    """Return the data, read once in each process."""
    return load_dataset(name, None if folder is None else Path(folder))


def train(run: Run, path: Path | None, tick: Callable[[], None]) -> list[Row]:
    """Train, or go on where a killed run was, and return a row for each period.

    Parameters
    ----------
    run : Run
        What to run.
    path : Path or None
        File that keeps the run after each period; None: nothing is kept.
    tick : callable
        Called after each period.

    Returns
    -------
    list of dict
        ``scheme``, ``repetition``, ``period``; since the start ``tasks``, ``examples``, simulated
        ``seconds``, ``up_bytes``, ``down_bytes``, ``lan_bytes``; of the period ``learning_rate``,
        ``loss``, ``asleep``; on the test set the ``error`` of the system's answers,
        ``final_error`` of the network's end and ``exit_error`` of its first exit, None without.
        The last row has ``early``: for entropy thresholds of the exits the share of the answers
        that leave there, and the error.
    """
    fix_bits()
    problem = run.make_problem()
    learner = run.scheme.start(problem)
    rows = resume_run(path, learner) if path else []
    for period in range(len(rows), problem.training.periods):
        cost = learner.train_period(period)
        rows.append(_row(run, problem, learner, cost, rows))
        if path:
            save_run(path, learner, rows)
        tick()
    return rows


def _row(
    run: Run, problem: LearningProblem, learner: Learner, cost: PeriodCost, before: list[Row]
) -> Row:
    """Return the row of the period after `before`."""
    period, window = len(before), problem.training.window
    answers = answer(
        *learner.trained(), problem.dataset.test_images, problem.dataset.test_labels, problem.device
    )
    exits = list(answers.exits.values())
    sizes = problem.drawn[0].of_period(period, window).size
    counts = {"tasks": window, "examples": int(sizes.sum()), **cost._asdict()}
    last = before[-1] if before else dict.fromkeys(_SUMS, 0)
    row = {
        "scheme": run.label,
        "repetition": run.repetition,
        "period": period,
        **{name: last[name] + counts[name] for name in _SUMS},
        "learning_rate": learning_rate(problem.training, period),
        "loss": cost.loss,
        "asleep": cost.asleep,
        "error": float(run.scheme.wrong(answers, problem).mean()),
        "final_error": float(is_wrong(answers.final, answers.labels).mean()),
        "exit_error": float(is_wrong(exits[0], answers.labels).mean()) if exits else None,
    }
    if period == problem.training.periods - 1 and exits:
        row["early"] = _early(answers)
    return row


def _early(answers: Answers) -> list[tuple[float, float, float]]:
    """Return (threshold, share that leaves early, error) from no early answer to all."""
    highest = np.log(answers.final.shape[1])
    grid = [0.0, *np.geomspace(_LOWEST, 1.01 * highest, _THRESHOLDS - 1)]
    found = [(threshold, early_answers(answers, threshold)) for threshold in grid]
    return [(float(at), early.share, float(early.wrong.mean())) for at, early in found]

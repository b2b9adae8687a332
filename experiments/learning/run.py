"""One run: a scheme, trained and measured period by period."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property, lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgeopt.experiments.learning.config import LearningConfig
from edgeopt.experiments.runs.run import progress_bar
from edgeopt.optim.framework.conditions import read_link
from edgeopt.optim.learning.answers import Answers, answer, early_answers, is_wrong
from edgeopt.optim.learning.part import choose_device, fix_bits
from edgeopt.optim.learning.problem import LearningProblem
from edgeopt.optim.learning.scheme import Learner, PeriodCost, TrainingScheme
from edgeopt.optim.learning.training import learning_rate
from edgeopt.problems.datasets.dataset import Dataset
from edgeopt.problems.datasets.load import load_dataset
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import write_atomically

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
    def scheme(self) -> TrainingScheme:
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


# A run on disk: the learner's state and what was measured, after each period.


def save_run(path: Path, learner: Learner, rows: list[Row]) -> None:
    """Write a run atomically.

    Random numbers depend on the seed and on what is counted in the state alone, so that no
    generator has to be kept.
    """
    buffer = io.BytesIO()
    torch.save({"learner": learner.state(), "rows": rows}, buffer)
    write_atomically(path, buffer.getvalue())


def load_rows(path: Path) -> list[Row]:
    """Return the rows of a run; none if it has not begun."""
    rows: list[Row] = _read(path)["rows"] if path.is_file() else []
    return rows


def resume_run(path: Path, learner: Learner) -> list[Row]:
    """Put a fresh learner where the run was, and return the rows so far.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if not path.is_file():
        return []
    saved = _read(path)
    learner.load(saved["learner"])
    rows: list[Row] = saved["rows"]
    return rows


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what pickle, zip and its own reader raise
        raise InputError(str(path), str(error), "a checkpoint; delete it") from None
    return dict(saved)


# All runs of a learning file, one after another or side by side.

Report = Callable[[int, int], None]

RUNS = "runs"

_LOOK_S = 0.5

_counter: Any = None  # in a worker process: periods done by all


def run_learning(
    config: LearningConfig, folder: Path | None, *, jobs: int = 1, report: Report | None = None
) -> list[Row]:
    """Run every scheme in every repetition, or what is left of that, and return all rows.

    Parameters
    ----------
    config : LearningConfig
        What to run.
    folder : Path or None
        Where the runs are kept, each in a file of ``runs/`` named by its content; None: nowhere.
    jobs : int
        Processes; the bits do not depend on it.
    report : callable, optional
        Called now and then with the numbers of finished and of all periods of this call.

    Returns
    -------
    list of dict
        See `train`; scheme by scheme.

    Raises
    ------
    InputError
        If data are missing, or a scheme does not go with network and system; before any work.

    Examples
    --------
    See ``examples/learn_together.py``.
    """
    runs = [Run(config, label, i) for label in config.schemes for i in range(config.repetitions)]
    _check(config)
    paths = _paths(runs, folder)
    total, tell = len(runs) * config.make_training().periods, report or (lambda done, total: None)
    if jobs == 1:
        done = iter(range(1, total + 1))
        parts = [
            train(run, path, lambda: tell(next(done), total))
            for run, path in zip(runs, paths, strict=True)
        ]
    else:
        parts = _in_processes(runs, paths, jobs, lambda done: tell(done, total))
    return [row for rows in parts for row in rows]


def _check(config: LearningConfig) -> None:
    """Start every scheme once: what is illegal is found out now."""
    choose_device(config.device)
    fix_bits()
    for label in config.schemes:
        run = Run(config, label, 0)
        run.scheme.start(run.make_problem())


def _paths(runs: list[Run], folder: Path | None) -> list[Path | None]:
    """Return the file of each run."""
    if folder is None:
        return [None] * len(runs)
    (folder / RUNS).mkdir(parents=True, exist_ok=True)
    content = _digest(load_once(runs[0].config.data, runs[0].config.folder))
    return [
        folder / RUNS / f"{run.config.key(run.label, run.repetition, content)}.pt" for run in runs
    ]


def _digest(dataset: Dataset) -> str:
    """Return a hash of the data."""
    content = hashlib.sha256()
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        content.update(getattr(dataset, name).tobytes())
    return content.hexdigest()


def _in_processes(
    runs: list[Run], paths: list[Path | None], jobs: int, tell: Callable[[int], None]
) -> list[list[Row]]:
    """Run in `jobs` processes."""
    context = get_context("spawn")
    counter = context.Value("q", 0)
    with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(counter,)) as pool:
        futures = [pool.submit(_train, *each) for each in zip(runs, paths, strict=True)]
        for _ in _until_done(futures):
            tell(counter.value)
        return [future.result() for future in futures]


def _until_done(futures: list[Future[list[Row]]]) -> Iterator[None]:
    """Yield now and then until all are done; an error ends the wait and what has not begun."""
    open_ones = set(futures)
    while open_ones:
        finished, open_ones = wait(open_ones, timeout=_LOOK_S)
        if any(future.exception() for future in finished):
            for future in open_ones:
                future.cancel()
            return
        yield


def _begin(counter: Any) -> None:
    """Start a worker process."""
    global _counter
    _counter = counter


def _train(run: Run, path: Path | None) -> list[Row]:
    """Train in a worker process."""
    return train(run, path, _count)


def _count() -> None:
    """Count a period."""
    with _counter.get_lock():
        _counter.value += 1


# Training that shows how far it is.


def run_with_bar(config: LearningConfig, out: Path | None, jobs: int) -> list[dict[str, Any]]:
    """Train, or what is left of that, with a bar of periods; see `run_learning`."""
    with progress_bar() as bar:
        task = bar.add_task("periods", total=None)
        return run_learning(
            config,
            out,
            jobs=jobs,
            report=lambda done, total: bar.update(task, completed=done, total=total),
        )

"""All runs of a learning file, one after another or side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments.learning.config import LearningConfig
from experiments.learning.data.dataset import Dataset
from experiments.learning.device import choose_device, fix_bits
from experiments.learning.run import Row, Run, load_once, train

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

"""Run the open cells of a sweep: in this process, in workers or on a cluster; and its status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

from edgeopt.experiments.runs.cell import FAILED, AnyCell, AnyConfig, Row, run_cell
from edgeopt.experiments.runs.cluster import run_on_cluster
from edgeopt.experiments.runs.files import append_row, new_journal
from edgeopt.experiments.runs.pool import run_in_workers
from edgeopt.experiments.runs.store import (
    CONFIG,
    compact,
    is_compact,
    open_folder,
    read_cells,
    read_description,
    scan_store,
)
from edgeopt.problems.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


Count = Callable[[int, int], None]  # called with the numbers of finished and of all cells
Rows = Generator[Row, None, None]


def run_sweep(
    config: AnyConfig,
    folder: str | Path,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    retry_failed: bool = False,
    report: Count | None = None,
) -> pd.DataFrame:
    """Run a sweep, or what is left of it, and return all its cells.

    Parameters
    ----------
    config : AnyConfig
        What to run.
    folder : str or Path
        Where rows are kept; finished cells found there are not run again.
    jobs : int
        Worker processes; results do not depend on it. With 1 and no time limit, cells run in
        this process, which a solver may hang or end.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, whose workers run the cells instead.
    retry_failed : bool
        Whether to run cells again that failed before.
    report : callable, optional
        Called with the numbers of finished and of all cells, at the start and after each cell.

    Raises
    ------
    InputError
        If the configuration is illegal, the folder holds another sweep, or the cluster cannot be
        used.

    Examples
    --------
    >>> from pathlib import Path
    >>> from edgeopt import SweepConfig, run_sweep
    >>> from edgeopt.experiments.sweep import read_solver_cells
    >>> solvers = {"LPT": {"solver": "lpt"}, "MCT": {"solver": "mct"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 2, 1, {"evaluations": 100}, solvers)
    >>> cells = run_sweep(config, "cells")
    >>> cells[["solver", "repetition", "status"]].values.tolist()
    [['LPT', 0, 'optimal'], ['LPT', 1, 'optimal'], ['MCT', 0, 'finished'], ['MCT', 1, 'finished']]
    >>> len(read_solver_cells(Path("cells")))
    4
    """
    folder = Path(folder)
    config.check()
    cells = {cell.key: cell for cell in config.cells()}
    open_folder(folder, config)
    todo = open_cells(cells, scan_store(folder), retry_failed)
    fresh: list[Row] = []
    if report is not None:
        report(len(cells) - len(todo), len(cells))
    # closed on an error or Ctrl-C too, which ends the workers
    with closing(_execute(todo, folder, config, jobs, cluster)) as rows:
        for row in rows:
            fresh.append(row)
            if report is not None:
                report(len(cells) - len(todo) + len(fresh), len(cells))
    keys = sorted(cells, key=lambda key: _place(cells[key]))
    # without open cells too: the last run may have been killed before it compacted its journals
    if todo or not is_compact(folder, keys):
        compact(folder, keys, fresh)
    return read_cells(folder)


def run_with_bar(
    config: AnyConfig,
    folder: Path,
    *,
    jobs: int,
    cluster: str | None = None,
    retry_failed: bool = False,
) -> pd.DataFrame:
    """Run a sweep as `run_sweep` does, with a progress bar."""
    with progress("cells") as report:
        return run_sweep(
            config,
            folder,
            jobs=jobs,
            cluster=cluster,
            retry_failed=retry_failed,
            report=report,
        )


def _place(cell: AnyCell) -> tuple[str | int, ...]:
    """Return the sort key of a cell in the table."""
    return *cell.names.values(), cell.repetition


def open_cells(
    cells: dict[str, AnyCell], rows: dict[str, Row], retry_failed: bool
) -> list[AnyCell]:
    """Return the cells without a row, and those that failed if they are to be retried."""
    again = {None, FAILED} if retry_failed else {None}
    return [cell for key, cell in cells.items() if rows.get(key, {}).get("status") in again]


def _execute(
    cells: list[AnyCell], folder: Path, config: AnyConfig, jobs: int, cluster: str | None
) -> Rows:
    """Yield the rows of the cells as they finish, each already on disk."""
    if cells and cluster is not None:
        return run_on_cluster(cells, folder, cluster, config.time_limit)
    if cells and (jobs > 1 or config.time_limit is not None):
        return run_in_workers(cells, folder, jobs, config.time_limit)
    return _run_here(cells, folder)


def _run_here(cells: Iterable[AnyCell], folder: Path) -> Rows:
    """Run the cells in this process."""
    journal = new_journal(folder)
    for cell in cells:
        row = run_cell(cell, folder)
        append_row(journal, row)
        yield row


# A progress bar.


class Report(Protocol):
    """A function that moves a bar: finished, total and optionally a new label."""

    def __call__(self, done: int, total: int, what: str | None = None) -> None:
        """Move the bar."""


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Show a bar with the time left on standard error, if that is a terminal.

    Parameters
    ----------
    what : str
        Label of the bar.

    Yields
    ------
    Report
        To be called at each step.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int, what: str | None = None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield report


# Status, with an estimate of the time left.


@dataclass(frozen=True)
class RunStatus:
    """Numbers of cells, and an estimate of the time left.

    Attributes
    ----------
    cells, finished, failed : int
        All cells of the sweep, those with a result, and those that failed.
    older : int
        Rows made by other code or from other content: kept, but no cells of this sweep.
    seconds : float or None
        Estimated time of the open cells in s, one after another; None before there is a row.

    Examples
    --------
    See `run_sweep`.
    """

    cells: int
    finished: int
    failed: int
    older: int
    seconds: float | None

    @property
    def open(self) -> int:
        """Cells without a row."""
        return self.cells - self.finished - self.failed


def read_status(folder: Path, restore: Callable[[dict[str, Any]], AnyConfig]) -> RunStatus:
    """Return the status of the sweep in a folder.

    Parameters
    ----------
    folder : Path
        Folder of the sweep.
    restore : callable
        Makes a configuration from the result of its `AnyConfig.as_dict`.

    Raises
    ------
    InputError
        If the folder holds no sweep, or one whose files are gone.

    Examples
    --------
    See `status_of`.
    """
    config = read_description(folder)["config"]
    try:
        sweep = restore(config)
    except (TypeError, KeyError):
        raise InputError(str(folder / CONFIG), config, "written by edgeopt") from None
    return status_of(sweep, folder)


def status_of(config: AnyConfig, folder: Path | None, retry_failed: bool = False) -> RunStatus:
    """Return the status of a sweep.

    Parameters
    ----------
    config : AnyConfig
        What is to be run.
    folder : Path, optional
        Where its rows are, if there are any.
    retry_failed : bool
        Count failed cells among the open ones.

    Examples
    --------
    >>> from edgeopt import SweepConfig
    >>> from edgeopt.experiments.runs import status_of
    >>> solvers = {"LPT": {"solver": "lpt"}}
    >>> config = SweepConfig(("paper:20x4:seed=1",), 3, 1, {"evaluations": 100}, solvers)
    >>> status_of(config, None).open
    3
    """
    cells = {cell.key: cell for cell in config.cells()}
    rows = scan_store(folder) if folder is not None and (folder / CONFIG).exists() else {}
    known = {key: row for key, row in rows.items() if key in cells}
    failed = sum(row["status"] == FAILED for row in known.values())
    begun = {key for key, row in known.items() if row["status"] != FAILED or not retry_failed}
    todo = [cell for key, cell in cells.items() if key not in begun]
    return RunStatus(
        cells=len(cells),
        finished=len(known) - failed,
        failed=0 if retry_failed else failed,
        older=len(rows) - len(known),
        seconds=_estimate(todo, rows, tuple(config.kind.names)),
    )


def _estimate(cells: Iterable[AnyCell], rows: dict[str, Row], names: Iterable[str]) -> float | None:
    """Sum mean times: of rows with the same names, else the same last name, else of all rows."""
    seconds: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows.values():
        for group in _groups(row.get(name) for name in names):
            seconds[group].append(row["cell_seconds"])
    means = {group: fmean(values) for group, values in seconds.items()}
    if not means:
        return None
    return sum(
        next(means[group] for group in _groups(cell.names.values()) if group in means)
        for cell in cells
    )


def _groups(names: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the groups of rows that predict the time of a cell, the most similar first."""
    every = tuple(names)
    return (every, every[-1:], ())

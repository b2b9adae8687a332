"""How far a sweep is, and how long the rest will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from experiments.sweep.cell import FAILED, Row
from experiments.sweep.kinds import AnyCell, AnyConfig, any_cells, restore_any
from experiments.sweep.store import CONFIG, read_description, scan
from problems.errors import InputError


@dataclass(frozen=True)
class Status:
    """Numbers of cells, and a guess.

    Attributes
    ----------
    cells, finished, failed : int
        All cells of the sweep, those with a result, and those that failed.
    older : int
        Rows of other code or content, which are kept but are no cells of this sweep.
    seconds : float or None
        Time that the open cells will take one after another in s; None where nothing is known.
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


def read_status(folder: Path) -> Status:
    """Return how far the sweep in a folder is.

    Raises
    ------
    InputError
        If the folder holds no sweep, or one whose files are gone.
    """
    config = read_description(folder)["config"]
    try:
        sweep = restore_any(config)
    except (TypeError, KeyError):
        raise InputError(str(folder / CONFIG), config, "written by edgeopt sweep") from None
    return status_of(sweep, folder)


def status_of(config: AnyConfig, folder: Path | None, retry_failed: bool = False) -> Status:
    """Return how far a sweep is.

    Parameters
    ----------
    config : SweepConfig or SimulationConfig
        The sweep.
    folder : Path, optional
        Where its rows are, if there are any.
    retry_failed : bool
        Count failed cells among the open ones.
    """
    cells = {cell.key: cell for cell in any_cells(config)}
    rows = scan(folder) if folder is not None and (folder / CONFIG).exists() else {}
    known = {key: row for key, row in rows.items() if key in cells}
    failed = sum(row["status"] == FAILED for row in known.values())
    begun = {key for key, row in known.items() if row["status"] != FAILED or not retry_failed}
    return Status(
        cells=len(cells),
        finished=len(known) - failed,
        failed=0 if retry_failed else failed,
        older=len(rows) - len(known),
        seconds=_estimate((cell for key, cell in cells.items() if key not in begun), rows),
    )


def _estimate(cells: Iterable[AnyCell], rows: dict[str, Row]) -> float | None:
    """Add up mean times: of the solver on the problem, else of the solver, else of all rows."""
    seconds: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in rows.values():
        for group in _groups(row["problem"], row["solver"]):
            seconds[group].append(row["cell_seconds"])
    means = {group: fmean(values) for group, values in seconds.items()}
    if not means:
        return None
    return sum(
        next(means[group] for group in _groups(cell.problem, cell.label) if group in means)
        for cell in cells
    )


def _groups(problem: str, solver: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups of rows that tell about a cell, the nearest first."""
    return ((problem, solver), (solver,), ())

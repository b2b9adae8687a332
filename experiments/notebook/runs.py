"""The runs of a sweep as a value: their table, statistics, figures, report and best schedules."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.notebook.plots import RunPlots
from edgeopt.experiments.runs.cell import FAILED, reason_of
from edgeopt.experiments.runs.store import missing_note, read_description
from edgeopt.experiments.sweep.cell import SWEEP, problem_of
from edgeopt.experiments.sweep.config import SweepConfig
from edgeopt.experiments.sweep.places import config_in
from edgeopt.experiments.sweep.replay import replay
from edgeopt.experiments.sweep.summary import read_runs, summarize_sweep
from edgeopt.experiments.text import percent
from edgeopt.optim.scheduling.schedule import Schedule
from edgeopt.optim.scheduling.solver import Result
from edgeopt.problems.errors import InputError, check_choice
from edgeopt.problems.html import escaped

if TYPE_CHECKING:
    import pandas as pd

    from edgeopt.experiments.notebook.adversary import WorstCases
    from edgeopt.experiments.statistics.comparison import Comparison


class Runs:
    """The runs of a sweep, in its folder.

    Everything is read from the folder when it is asked for: while the sweep is running elsewhere,
    or after more of it has been run, the same object shows what there is by then.

    Parameters
    ----------
    folder : str or Path
        Of a sweep, finished or not: the ``out`` of `sweep`, or of ``edgeopt sweep --out``.

    Attributes
    ----------
    folder : Path
        Of the sweep.

    Raises
    ------
    InputError
        If the folder holds no sweep.

    Examples
    --------
    See `sweep`.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        kind = read_description(self.folder)["kind"]
        if kind != SWEEP.name:
            raise InputError("folder", str(folder), f"a sweep of solvers; this one is a {kind}")

    @property
    def config(self) -> SweepConfig:
        """What is to be run; ``config.to_toml()`` gives it as a sweep file."""
        return config_in(self.folder)

    @property
    def data(self) -> pd.DataFrame:
        """A row for each run so far, see `read_runs`."""
        return read_runs(self.folder)

    @property
    def missing(self) -> int:
        """Number of runs that are still to be made: the same call of `sweep` makes them."""
        return int(self.data.attrs["missing"])

    @property
    def failures(self) -> pd.DataFrame:
        """A row for each run that failed: problem, solver, repetition, reason, error and key.

        The reason is what the traceback in ``error`` ends with.
        """
        data = self.data
        failed = data[data["status"] == FAILED]
        reasons = list(map(reason_of, failed["error"]))
        columns = ["problem", "solver", "repetition", "reason", "error", "key"]
        return failed.assign(reason=reasons)[columns].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """Return a row for each problem and solver, over its runs, see `summarize_sweep`."""
        return summarize_sweep(self.data)

    def compare(self, **options: Any) -> Comparison:
        """Rank the solvers, with intervals and tests.

        Parameters
        ----------
        **options : object
            Keywords of `compare_solvers`, such as ``axis="seconds"``.

        Returns
        -------
        Comparison
            Its ``ranking`` and ``pairs`` are tables.
        """
        from edgeopt.experiments.statistics.comparison import compare_solvers

        return compare_solvers(self.data, **options)

    @property
    def plot(self) -> RunPlots:
        """The figures: ``runs.plot.convergence(ax=ax)``, and others by the names it lists."""
        return RunPlots(self.folder, self)

    def report(
        self, out: str | Path | None = None, *, adversary: WorstCases | str | Path | None = None
    ) -> Path:
        """Write the HTML report of the sweep and return its path.

        Parameters
        ----------
        out : str or Path, optional
            The file; by default ``report.html`` in the folder of the sweep.
        adversary : WorstCases, str or Path, optional
            What `adversary` has returned, or its folder: a section of the page.
        """
        from edgeopt.experiments.report.page import write_report

        place: Any = getattr(adversary, "folder", adversary)
        return write_report(self.folder, out, adversary=place)[0]

    def best(self, problem: str | None = None, *, solver: str | None = None) -> Schedule:
        """Return the shortest schedule of a problem that a run has found.

        Parameters
        ----------
        problem : str, optional
            Its name; may be left out if there is only one.
        solver : str, optional
            Of this solver alone.

        Raises
        ------
        InputError
            If a name is unknown, or there is no schedule.
        """
        data = self.data
        names = data.attrs["problems"]
        if problem is None and len(names) > 1:
            raise InputError("problem", None, f"one of {', '.join(names)}")
        name = check_choice("problem", next(iter(names)) if problem is None else problem, names)
        found = data[(data["problem"] == name) & (data["makespan"] < np.inf)]
        if solver is not None:
            check_choice("solver", solver, self.config.solvers)
            found = found[found["solver"] == solver]
        if found.empty:
            raise InputError("problem", name, "one for which a run has found a schedule")
        best = found["assignment"].iloc[int(found["makespan"].to_numpy().argmin())]
        return Schedule.of(problem_of(names[name]), np.asarray(best, dtype=np.int64))

    def replay(self, key: str) -> Result:
        """Make a run again and return its result, to the bit that of its row, see `replay`.

        Parameters
        ----------
        key : str
            Of the row, or its first characters.
        """
        return replay(self.folder, key)

    def __repr__(self) -> str:
        """Return the size of the sweep, what is missing, what failed and the budget."""
        return f"<Runs in {self.folder}: {'; '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        """Return the same, and the table of median gaps, for notebooks."""
        facts = escaped("; ".join(self._facts()))
        table = self.table()
        if table.empty:
            return f"<p>{facts}</p>"
        gaps = table.pivot(index="solver", columns="problem", values="gap_median")
        order = gaps.mean(axis=1).sort_values().index
        shown = gaps.loc[order, list(dict.fromkeys(table["problem"]))].map(percent)
        title = "median gap to the lower bound in %, best first"
        return f"<p>{facts}</p><p>{title}</p>{shown.to_html(max_rows=40, max_cols=12)}"

    def _facts(self) -> list[str]:
        """Return the size of the sweep, what is missing or failed, and used and allowed budget."""
        config, data = self.config, self.data
        counts = {
            "solver": len(config.solvers),
            "problem": len(config.problems),
            "repetition": config.repetitions,
        }
        size = " x ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts.items())
        cells = data.attrs["cells"]
        if cells != math.prod(counts.values()):  # folders of different sweeps were merged
            size = f"{cells} cells of {size}"
        failed = int((data["status"] == FAILED).sum())
        missing = missing_note(data)
        return [
            size,
            missing or (f"all {len(data)} runs are there" if len(data) > 1 else "its run is there"),
            *([f"{failed} failed (see .failures)"] if failed else []),
            *[self._used(data, *pair) for pair in config.budget.items()],
        ]

    @staticmethod
    def _used(data: pd.DataFrame, name: str, limit: float) -> str:
        """Return the largest use of a budget beside what was allowed."""
        if name not in ("iterations", "evaluations", "seconds") or data[name].dropna().empty:
            return f"budget: {name} {limit:g}"
        return f"{name}: at most {data[name].max():g} used of {limit:g} allowed"

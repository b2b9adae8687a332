"""Adversarial instances in one call: solvers as objects, the worst instances as a value."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.adversary.cell import ADVERSARY
from edgeopt.experiments.adversary.config import AdversaryConfig, restore_adversary
from edgeopt.experiments.adversary.figure import plot_adversary, ratio_matrix
from edgeopt.experiments.adversary.summary import (
    WorstCase,
    summarize_adversary,
    worst_cases,
    write_cases,
)
from edgeopt.experiments.notebook.folder import kept_folder, remove_with
from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.run import run_with_bar
from edgeopt.experiments.runs.store import read_cells, read_description
from edgeopt.experiments.sweep.objects import budget_table, store_problems, store_solvers
from edgeopt.problems.errors import InputError, check_integer
from edgeopt.problems.html import escaped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class WorstCases:
    """The worst instances that were found, in the folder of their searches.

    Parameters
    ----------
    folder : str or Path
        The ``out`` of `adversary`, or of ``edgeopt adversary --out``.

    Attributes
    ----------
    folder : Path
        Of the searches.

    Raises
    ------
    InputError
        If the folder holds something else.

    Examples
    --------
    See `adversary`.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        kind = read_description(self.folder)["kind"]
        if kind != ADVERSARY.name:
            raise InputError("folder", str(folder), f"an adversary; this one is a {kind}")

    @cached_property
    def config(self) -> AdversaryConfig:
        """What is searched; ``config.to_toml()`` gives it as a file for ``edgeopt adversary``."""
        return restore_adversary(read_description(self.folder)["config"])

    @property
    def data(self) -> pd.DataFrame:
        """A row for each search so far, with its instance and its trace."""
        return read_cells(self.folder)

    @property
    def _rows(self) -> list[Row]:
        """The searches so far."""
        rows: list[Any] = self.data.to_dict("records")
        return rows

    @property
    def cases(self) -> list[WorstCase]:
        """The worst instance of each pair, in the order of the pairs."""
        return worst_cases(self._rows)

    def worst(self, solver: str | None = None, rival: str | None = None) -> WorstCase:
        """Return the instance of the largest ratio.

        Parameters
        ----------
        solver, rival : str, optional
            Only of this solver, or against this rival.

        Raises
        ------
        InputError
            If there is none.
        """
        found = [
            case
            for case in self.cases
            if solver in (None, case.solver) and rival in (None, case.rival)
        ]
        if not found:
            pairs = "; ".join(f"{case.solver}, {case.rival}" for case in self.cases)
            raise InputError("solver, rival", (solver, rival), f"of a finished search: {pairs}")
        return max(found, key=lambda case: case.ratio)

    def table(self) -> pd.DataFrame:
        """Return a row for each pair, see `summarize_adversary`."""
        import pandas as pd

        return pd.DataFrame(summarize_adversary(self._rows)).drop(columns="best")

    def matrix(self) -> pd.DataFrame:
        """Return the largest ratios, a row a solver and a column a rival."""
        return ratio_matrix(summarize_adversary(self._rows))

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the matrix as a heat map, see `plot_adversary`."""
        return plot_adversary(summarize_adversary(self._rows), ax, **options)

    def __repr__(self) -> str:
        """Return the worst pair and its ratio."""
        return f"<WorstCases in {self.folder}: {self._facts()}>"

    def _repr_html_(self) -> str:
        """Return the same, and the table, for notebooks."""
        table = self.table().to_html(index=False, max_rows=40, float_format="{:.4g}".format)
        return f"<p>{escaped(self._facts())}</p>{table}"

    def _facts(self) -> str:
        """Return the largest ratio, and how it was found."""
        if not self.cases:
            return "no search has finished"
        worst = self.worst()
        return (
            f"{worst.solver} needs {worst.ratio:.4g} times the makespan of {worst.rival} "
            f"({worst.search_ratio:.4g} with the seeds of the search; {len(self.cases)} pairs)"
        )


def adversary(
    solver: Any,
    rival: Any = None,
    *,
    tasks: int | None = None,
    nodes: int | None = None,
    low: float | None = None,
    high: float | None = None,
    instance: Any = None,
    within: float | None = None,
    form: str = "unrelated",
    budget: Any = None,
    instances: int = 500,
    runs: int = 3,
    confirm: int = 21,
    repetitions: int = 1,
    seed: int = 0,
    jobs: int = 1,
    out: str | Path | None = None,
    time_limit: float | None = None,
) -> WorstCases:
    """Search for the instance on which a solver loses most to a rival.

    Parameters
    ----------
    solver, rival : solver
        As for `sweep`: objects, functions, classes, names. Without a rival, `solver` is a list or
        a dict of solvers, and each is searched against every other one.
    tasks, nodes : int, optional
        k and x; 20 and 4 unless given.
    low, high : float, optional
        Limits of the execution times in s; 1 and 100 unless given.
    instance : Problem, DataFrame or str, optional
        Instead of these four: the problem near which to search.
    within : float, optional
        How far each of its times may change, as a share of it; 0.5 unless given.
    form : str
        ``unrelated``, ``semi-consistent``, ``consistent`` or ``uniform`` nodes, see `open_space`.
    budget : Criterion or dict, optional
        Of each run of a solver, in evaluations or iterations; ``Evaluations(1000)`` unless given.
    instances : int
        How many instances each search tries.
    runs : int
        Runs of a solver on each of them, with the same seeds; the median counts.
    confirm : int
        Runs of a solver on the worst one, with seeds that the search has not used.
    repetitions : int
        Searches for each pair; the one of the largest confirmed ratio counts.
    seed : int
        Root of all randomness; the numbers do not depend on anything else.
    jobs : int
        Worker processes.
    out : str or Path, optional
        Folder of the searches, which the same call resumes, and of the instances; without one,
        they live as long as the result.
    time_limit : float, optional
        Wall time in s after which a search is ended and counts as failed.

    Returns
    -------
    WorstCases
        Instances, ratios, matrix and figure.

    Raises
    ------
    InputError
        If an argument is illegal, or a solver cannot be run by another process.

    Examples
    --------
    >>> import edgeopt as eo
    >>> found = eo.adversary("met", eo.mct, tasks=6, nodes=3, low=1, high=2, instances=100)
    >>> case = found.worst()
    >>> case.problem
    <Problem 'met against mct': 6 tasks on 3 nodes>
    >>> case.ratio > 1.0, case.ratio == eo.solve(case.problem, eo.met).makespan / eo.solve(
    ...     case.problem, eo.mct
    ... ).makespan
    (True, True)
    """
    check_integer("jobs", jobs, at_least=1)
    space: dict[str, Any] = {
        "tasks": tasks,
        "nodes": nodes,
        "low": low,
        "high": high,
        "within": within,
    }
    given = {name: value for name, value in space.items() if value is not None}
    with kept_folder(out, ADVERSARY) as folder:
        if instance is not None:
            (given["instance"],) = store_problems({"instance": instance}, folder).values()
        tables = store_solvers(solver if rival is None else [solver, rival], folder)
        config = AdversaryConfig(
            space={**given, "form": form},
            solvers=tables,
            pairs=() if rival is None else (tuple(tables),),  # type: ignore[arg-type]
            budget=None if budget is None else budget_table(budget),
            instances=instances,
            runs=runs,
            confirm=confirm,
            repetitions=repetitions,
            seed=seed,
            time_limit=time_limit,
        )
        cells = run_with_bar(config, folder, jobs=jobs)
        rows: Any = cells.to_dict("records")
        write_cases(config, rows, folder)
        found = WorstCases(folder)
    if out is None:
        remove_with(found, folder)
    return found

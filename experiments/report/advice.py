"""What sweeps at several budgets say together: tables and figures for a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.experiments.csv_text import csv_table
from edgeopt.experiments.statistics.advice import advise, gaps_within
from edgeopt.experiments.statistics.anytime import compare_with, gaps_at_budgets, largest_budget
from edgeopt.experiments.statistics.blocks import blocks_of
from edgeopt.experiments.statistics.comparison import rank_solvers
from edgeopt.experiments.statistics.groups import ALL, Group, group_gaps, problem_groups
from edgeopt.experiments.statistics.rank_tests import friedman
from edgeopt.experiments.statistics.spending import own_axis
from edgeopt.experiments.statistics.worth import seconds_to_beat
from edgeopt.experiments.style import paper_style, plain_names, save_figure, solver_styles
from edgeopt.experiments.sweep.figures.budgets import budgets_figure
from edgeopt.experiments.sweep.figures.folder import plot_sweep
from edgeopt.experiments.sweep.summary import read_solver_cells, with_best_bounds
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import make_folder, write_atomically

if TYPE_CHECKING:
    import pandas as pd


TABLES = ("advice", "gaps", "ranking", "friedman", "worth")

_SHORTEST = 1e-3  # s: below it, times are mostly those of Python itself

_A_DECADE = 4  # points of a line

_LINES = 8  # solvers drawn besides the rules and those that are advised


def read_budgets(folders: Sequence[Path]) -> list[pd.DataFrame]:
    """Return the rows of sweeps, with one bound for each problem: the best that any has proved.

    Parameters
    ----------
    folders : sequence of Path
        Of sweeps of solvers; those with a budget of seconds come last, the largest at the end.

    Raises
    ------
    InputError
        If a folder holds no sweep with a row, two have the same budget, or none limits seconds.
    """
    import pandas as pd

    sweeps = [read_solver_cells(folder).assign(folder=n) for n, folder in enumerate(folders)]
    budgets = [cells.attrs["budget"] for cells in sweeps]
    for n, budget in enumerate(budgets):
        if budget in budgets[:n]:
            raise InputError("folder", str(folders[n]), f"one with another budget than {budget}")
    if not any("seconds" in budget for budget in budgets):
        raise InputError("folder", str(folders[0]), "with others, one of which limits seconds")
    joined = with_best_bounds(pd.concat(sweeps, ignore_index=True))
    for n, budget in enumerate(budgets):
        sweeps[n] = joined[joined["folder"] == n].drop(columns="folder")
        sweeps[n].attrs = {"budget": budget, "folder": folders[n]}
    return sorted(sweeps, key=lambda cells: cells.attrs["budget"].get("seconds", 0.0))


def advice_tables(sweeps: Sequence[pd.DataFrame], rules: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return the tables by name; all but ``worth`` have a column for kind and size of the budget.

    Parameters
    ----------
    sweeps : sequence of DataFrame
        See `read_budgets`.
    rules : sequence of str
        Labels of the rules that others have to beat.

    Returns
    -------
    dict of str to DataFrame
        ``advice`` (see `advise`), ``gaps`` (`group_gaps`), ``ranking``: average ranks over all
        problems with their intervals, and for each rule the p-value of `compare_with`;
        ``friedman``: whether the solvers differ at all; and ``worth`` (`seconds_to_beat`), from
        the traces of the longest runs, for each rule and for the best of all.
    """
    import pandas as pd

    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES[:-1]}
    for cells in sweeps:
        for name, table in _tables(cells, rules):
            parts[name].append(_with_budget(table, cells))
    rivals = [[rule] for rule in rules] + ([list(rules)] if len(rules) > 1 else [])
    beaten = [
        _led(seconds_to_beat(sweeps[-1], rival), {"rival": ", ".join(rival)}) for rival in rivals
    ]
    tables = {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}
    # for each family and size one below the other: how the advice changes with the budget
    families = {name: n for n, name in enumerate(tables["advice"]["family"].unique())}
    places = tables["advice"].assign(family=tables["advice"]["family"].map(families))
    order = places.sort_values(["family", "tasks", "nodes"], kind="stable").index
    tables["advice"] = tables["advice"].loc[order]
    return tables | {"worth": pd.concat(beaten, ignore_index=True)}


def _tables(cells: pd.DataFrame, rules: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of one sweep."""
    import pandas as pd

    runs = gaps_within(cells)
    blocks = blocks_of(runs, "problems")
    yield "advice", advise(cells, rules)
    yield "gaps", group_gaps(blocks, problem_groups(cells[cells["problem"].isin(blocks.index)]))
    ranking = rank_solvers(runs, "problems")[["rank", "rank_low", "rank_high", "best", "feasible"]]
    one = pd.concat({0: blocks}, axis=1)
    tests = {f"p_{rule}": compare_with(one, rule)[0] for rule in rules}
    yield "ranking", ranking.assign(**tests).rename_axis("solver").reset_index()
    if len(blocks) > 1 and len(blocks.columns) > 2:
        test = friedman(blocks)
        names = ("blocks", "solvers", "chi2", "p", "kendall_w", "critical_difference")
        yield "friedman", pd.DataFrame([{name: getattr(test, name) for name in names}])
    else:
        yield "friedman", pd.DataFrame()


def _with_budget(table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return a table led by what the runs were allowed."""
    budget = cells.attrs["budget"]
    kind = own_axis(budget)
    return _led(table, {"kind": kind, "budget": f"{budget[kind]:g}"})


def _led(table: pd.DataFrame, first: dict[str, str]) -> pd.DataFrame:
    """Return a table with further columns in front."""
    for place, (name, value) in enumerate(first.items()):
        table.insert(place, name, value)
    return table


def write_advice(
    folders: Sequence[Path], rules: Sequence[str], out: Path
) -> tuple[pd.DataFrame, list[Path]]:
    """Write tables and figures of sweeps at several budgets; return the advice and the paths.

    Parameters
    ----------
    folders : sequence of Path
        Of sweeps, see `read_budgets`.
    rules : sequence of str
        Labels of the rules that others have to beat.
    out : Path
        Folder for them.
    """
    sweeps = read_budgets(folders)
    tables = advice_tables(sweeps, rules)
    make_folder("out", out)
    paths = [out / f"{name}.csv" for name in TABLES]
    for path in paths:
        write_atomically(path, csv_table(tables[path.stem], "%.6g"))
    shown, longest = _shown(tables, rules), sweeps[-1]
    for group in problem_groups(longest):
        if group.family == ALL and group.size != ALL:
            paths += _draw(longest, group, shown, out)
    paths += plot_sweep(longest.attrs["folder"], ["ranks"], out=out, x="seconds")
    return tables["advice"], paths


def _shown(tables: dict[str, pd.DataFrame], rules: Sequence[str]) -> set[str]:
    """Return the solvers of the figures: the rules, the advised and the best of the longest."""
    ranking, advice = tables["ranking"], tables["advice"]
    last = ranking[["kind", "budget"]].iloc[-1]
    longest = ranking[(ranking["kind"] == last["kind"]) & (ranking["budget"] == last["budget"])]
    return {*rules, *advice.loc[advice["family"] == ALL, "take"], *longest["solver"][:_LINES]}


def _draw(cells: pd.DataFrame, group: Group, shown: set[str], out: Path) -> list[Path]:
    """Write the figure of the problems of one size."""
    styles = solver_styles(cells["solver"].unique())
    own = cells[cells["problem"].isin(group.problems) & cells["solver"].isin(shown)]
    last = min(largest_budget(own, "seconds"), cells.attrs["budget"]["seconds"])
    points = 1 + max(0, math.ceil(_A_DECADE * math.log10(last / _SHORTEST)))
    gaps = gaps_at_budgets(own, "seconds", np.geomspace(min(_SHORTEST, last), last, points))
    with paper_style():
        figure = budgets_figure(gaps, "seconds", styles, bands=False)
        plain_names(figure)
        return save_figure(figure, out, f"seconds-{group.size}")

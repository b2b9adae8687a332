"""Fig. 7: task execution time of the schedulers, and when the paper's beats FCFS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.experiments.paper.fig7.analysis import (
    add_measures,
    compare_colonies,
    compare_rivals,
    log_ratios,
    main_effects,
    summarize_measures,
)
from edgeopt.experiments.paper.fig7.design import (
    Factorial,
    Pools,
    read_factorial,
    read_pools,
    run_in,
)
from edgeopt.experiments.paper.fig7.figures import comparisons_figure, curves_figure, times_figure
from edgeopt.experiments.paper.fig7.words import (
    answers,
    conditions_of,
    effects_table,
    readings,
    rivals_table,
    times_table,
    values_of,
)
from edgeopt.experiments.paper.outcome import PAPER_FOLDER, Outcome
from edgeopt.experiments.style import paper_style, save_figure
from edgeopt.problems.errors import check_integer
from edgeopt.problems.files import check_fields, read_toml, write_atomically

if TYPE_CHECKING:
    import pandas as pd


SWEEPS = ("search", "frontier")

EQUAL_STARTS = "equal-starts"

_FIELDS = ("tasks", "nodes", "seeds", "quick_seeds", "seed", *SWEEPS, EQUAL_STARTS)

FIGURES = ("times", "convergence", "comparisons")

ASSUMPTIONS = (
    "The paper gives neither work, speeds nor memory of its pools: tasks are batches of 1 to 16 "
    "images through ResNet-34, speeds log-uniform from 10 to 100 GFLOP/s, boards of 1 to 8 GiB "
    "scaled to twice the tasks' memory (`problems/scheduling/paper_pool.py`).",
    "Task execution time is the makespan; the sum Z_y of the same schedules is the second reading.",
    "`atsa` is (4) to the letter: the memory used is that of the tasks before; in `atsa-with-task` "
    "the task itself counts. `pso-discrete` moves task by task, `pso` rounds positions down.",
    "Starts: colonies and swarms start at random; `atsa-repaired` takes long tasks first, LPT's "
    "order, and `atsa-repaired-arrival` as they come, like its rivals. None is given a schedule. "
    "In the table with equal starts the schedule of MCT is the first incumbent of every search: "
    "none ends worse than MCT, but colonies and swarms do not move from its schedule.",
    "The paper gives neither ants nor iterations: those of every run are in "
    "`experiments/paper/fig7.toml` and `fig7_factors.toml`. MET and LPT are shown beside the "
    "paper's rivals.",
    "Intervals are of 95 %, by bootstrap over pools; every pool has a seed of its own and is given "
    "to all schedulers.",
)


def run(out: Path, work: Path, *, quick: bool, jobs: int, folder: Path = PAPER_FOLDER) -> Outcome:
    """Run or resume both studies and write their tables and figures.

    Parameters
    ----------
    out, work : Path
        Existing folders: for tables and figures, and for the sweeps.
    quick : bool
        Fewer pools.
    jobs : int
        Worker processes.
    folder : Path
        Where ``fig7.toml`` and ``fig7_factors.toml`` are.

    Raises
    ------
    InputError
        If a configuration file is broken.
    """
    study = read_factorial(folder / "fig7_factors.toml", quick)
    cells, started = _compare(folder / "fig7.toml", work, quick, jobs)
    trials = run_in(work, "factors", study.sweep(), jobs)
    tables = {
        "times": summarize_measures(cells),
        "rivals": compare_rivals(cells),
        "equal-starts": compare_rivals(started, ["makespan"]),
        "comparisons": compare_colonies(study, trials),
        "effects": main_effects(log_ratios(study, trials)),
    }
    for name, table in tables.items():
        text = table.to_csv(index=False, float_format="%.5g", lineterminator="\n")
        write_atomically(out / f"{name}.csv", text.encode())
    _draw(out, cells, tables, study)
    return _outcome(tables, study)


def _compare(path: Path, work: Path, quick: bool, jobs: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the schedulers side by side; return the cells as they start, and with equal starts."""
    import pandas as pd

    table = read_toml(path)
    check_fields(path, table, _FIELDS, _FIELDS)
    pools = read_pools(table, quick)
    own = pd.concat([_run_sweep(pools, table[name], work, name, jobs) for name in SWEEPS])
    equal = table[EQUAL_STARTS]
    seeds = min(pools.seeds, check_integer("equal-starts.seeds", equal["seeds"], at_least=2))
    fewer = replace(pools, seeds=seeds)
    return add_measures(own), _run_sweep(fewer, equal, work, EQUAL_STARTS, jobs)


def _run_sweep(
    pools: Pools, table: dict[str, Any], work: Path, name: str, jobs: int
) -> pd.DataFrame:
    """Run the solvers of a table on all pools."""
    problems = [spec for nodes in pools.nodes for spec in pools.names(nodes)]
    config = pools.sweep(problems, table["budget"], table["solvers"], table.get("start"))
    return run_in(work, name, config, jobs)


def _draw(
    out: Path, cells: pd.DataFrame, tables: dict[str, pd.DataFrame], study: Factorial
) -> None:
    """Write the figures."""
    gaps = tables["times"].groupby("solver")["gap"].mean()
    solvers = [str(name) for name in gaps.sort_values(ascending=False, kind="stable").index]
    with paper_style():
        figures = {
            "times": times_figure(tables["times"], solvers),
            "convergence": curves_figure(cells, solvers),
            "comparisons": comparisons_figure(study, tables["comparisons"]),
        }
        for name, figure in figures.items():
            save_figure(figure, out, name)


def _outcome(tables: dict[str, pd.DataFrame], study: Factorial) -> Outcome:
    """Return the numbers that decide the claims, and the tables and sentences of the page."""
    return Outcome(
        values=values_of(tables["rivals"]),
        conditions=conditions_of(tables["rivals"], study, tables["comparisons"]),
        tables=(
            times_table(tables["times"]),
            rivals_table(tables["rivals"]),
            rivals_table(
                tables["equal-starts"], "Makespan over the rival's, all from the schedule of MCT"
            ),
            effects_table(tables["effects"]),
        ),
        figures=tuple(f"{name}.png" for name in FIGURES),
        assumptions=ASSUMPTIONS,
        findings=(
            *readings(tables["times"]),
            *answers(study, tables["comparisons"], tables["effects"]),
        ),
    )

"""Statistics of Fig. 7: colonies against rivals, main effects, and measures of schedules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.experiments.paper.fig7.design import Factorial, label
from edgeopt.experiments.statistics.bootstrap import interval, resampled
from edgeopt.experiments.statistics.ratio import (
    SEED,
    add_holm,
    median_limits,
    paired_ratio,
    ratios_of,
)
from edgeopt.experiments.sweep.cell import problem_of
from edgeopt.problems.errors import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


Names = dict[str, str | int]


def compare_colonies(study: Factorial, cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each rival, size and kind of pool, and colony.

    Parameters
    ----------
    study : Factorial
        The study.
    cells : DataFrame
        The rows of its sweep.

    Returns
    -------
    DataFrame
        ``rival``, ``nodes``, a column for each factor, the fields of `PairedRatio` for the
        makespan of ATSA over that of the rival, and ``p_holm``, corrected for all rows of a rival.
    """
    import pandas as pd

    pairs = _pairs(study, cells)
    rows = pd.DataFrame([names | paired_ratio(own, rival)._asdict() for names, own, rival in pairs])
    # A family for each rival: a verdict on one does not depend on how many others there are.
    families = [add_holm(rows[rows["rival"] == rival]) for rival in study.rivals]
    return pd.concat(families, ignore_index=True)


def log_ratios(study: Factorial, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the logarithms of the makespan ratios; rows as in `compare_colonies`.

    A column for each seed.
    """
    import pandas as pd

    pairs = list(_pairs(study, cells))
    index = pd.MultiIndex.from_frame(pd.DataFrame([names for names, _, _ in pairs]))
    values = np.array([np.log(ratios_of(own, rival)) for _, own, rival in pairs])
    return pd.DataFrame(values, index=index)


def _pairs(study: Factorial, cells: pd.DataFrame) -> Iterator[tuple[Names, FloatArray, FloatArray]]:
    """Yield names, and makespans of ATSA and of the rival by seed."""
    table = cells.pivot(index="problem", columns="solver", values="makespan")
    cases = product(study.rivals, study.pools.nodes, study.kinds().items(), study.colonies())
    for rival, nodes, (kind, options), colony in cases:
        names: Names = {"rival": rival, "nodes": nodes}
        names |= zip(study.pool_factors, kind, strict=True)
        names |= zip(study.colony_factors, colony, strict=True)
        runs = table.loc[study.pools.names(nodes, options)]
        yield names, runs[label(colony)].to_numpy(), runs[rival].to_numpy()


# Main effects: the ratio by level of each factor, averaged over all others.


def main_effects(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each rival, factor and level.

    Parameters
    ----------
    ratios : DataFrame
        See `analysis.log_ratios`.

    Returns
    -------
    DataFrame
        ``ratio``, the geometric mean of ATSA's makespan over the rival's, and the limits ``low``
        and ``high`` of its interval over seeds; ``wins``, the share of runs that ATSA wins;
        ``spread``, the factor's largest ratio over its smallest.
    """
    import pandas as pd

    table = pd.DataFrame(
        {"rival": rival, "factor": factor, "level": str(level)} | _level(chosen)
        for factor in ratios.index.names[1:]
        for (rival, level), chosen in ratios.groupby(level=["rival", factor], sort=False)
    )
    by_factor = table.groupby(["rival", "factor"], sort=False)["ratio"]
    return table.assign(spread=by_factor.transform("max") / by_factor.transform("min"))


def _level(ratios: pd.DataFrame) -> dict[str, float]:
    """Return the geometric mean of a level's ratios with its interval, and the share of wins."""
    seeds = ratios.mean(axis=0).to_numpy()
    rows = [np.arange(len(seeds))]
    sample = resampled(seeds[:, None], rows, np.mean, np.random.default_rng(SEED))
    low, high = np.exp(interval(sample)[:, 0])
    wins = float((ratios.to_numpy() < 0).mean())
    return {"ratio": float(np.exp(seeds.mean())), "low": low, "high": high, "wins": wins}


# Measures of the schedules, and of the search for them.

COMPARED_MEASURES = ("makespan", "total_time", "seconds", "imbalance", "settled")

NEAR = 0.01  # of its last makespan: within it a run counts as settled

QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def add_measures(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with measures of their schedules and traces.

    Returns
    -------
    DataFrame
        With ``total_time``, Z_y of the schedule in s (below (3) in the paper), ``imbalance``, the
        coefficient of variation of the nodes' loads, and ``settled``, the evaluations after which
        the run is within 1 % of its own last makespan. Infinite where there is no schedule.
    """
    pairs = list(zip(cells["problem"], cells["assignment"], strict=True))
    found = [_of_schedule(problem, assignment) for problem, assignment in pairs]
    traces = zip(cells["trace_makespan"], cells["trace_evaluations"], strict=True)
    return cells.assign(
        total_time=[total for total, _ in found],
        imbalance=[spread for _, spread in found],
        settled=[settled(*trace) for trace in traces],
    )


def _of_schedule(problem: str, assignment: IntArray | None) -> tuple[float, float]:
    """Return total time and imbalance of a schedule."""
    if assignment is None:
        return np.inf, np.inf
    made = problem_of(problem)
    return made.total_time(assignment), imbalance(made.loads(assignment))


def imbalance(loads: FloatArray) -> float:
    """Return the coefficient of variation of loads, 0 where all are equal."""
    return float(loads.std() / loads.mean()) if loads.any() else 0.0


def settled(makespan: Sequence[float] | None, evaluations: Sequence[int] | None) -> float:
    """Return the evaluations after which a run is near its last makespan, infinite without."""
    if makespan is None or evaluations is None or not len(makespan):
        return np.inf
    near = np.asarray(makespan) <= (1.0 + NEAR) * makespan[-1]
    return float(np.asarray(evaluations)[near.argmax()])


def summarize_measures(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each size of pool and solver, over all pools of that size.

    Parameters
    ----------
    cells : DataFrame
        Rows of sweeps, see `add_measures`.

    Returns
    -------
    DataFrame
        ``pools``; of each of `COMPARED_MEASURES` the quartiles, ``_q1``, ``_median``, ``_q3``;
        ``gap`` (the median, a fraction of the lower bound) with the limits ``gap_low`` and
        ``gap_high`` of its bootstrap interval; ``evaluations`` (median).
    """
    import pandas as pd

    groups = cells.groupby(["nodes", "solver"], sort=False)
    rows = [
        {"nodes": nodes, "solver": solver, "pools": len(runs), **_measures(runs)}
        for (nodes, solver), runs in groups
    ]
    return pd.DataFrame(rows).sort_values(["nodes", "gap"], kind="stable", ignore_index=True)


def _measures(runs: pd.DataFrame) -> dict[str, float]:
    """Return the measures of one solver on pools of one size."""
    quartiles = {
        # No interpolation: a run without a schedule is infinite.
        f"{name}_{suffix}": float(np.quantile(runs[name], share, method="inverted_cdf"))
        for name, (suffix, share) in product(COMPARED_MEASURES, QUARTILES.items())
    }
    low, high = median_limits(runs["gap"].to_numpy())
    gap = {"gap": float(runs["gap"].median()), "gap_low": low, "gap_high": high}
    return quartiles | gap | {"evaluations": float(runs["evaluations"].median())}


# The paper's scheduler, as printed and repaired, against all others.

ATSA_NAMES = ("atsa", "atsa-with-task", "atsa-repaired", "atsa-repaired-arrival")


def compare_rivals(
    cells: pd.DataFrame, measures: Sequence[str] = COMPARED_MEASURES
) -> pd.DataFrame:
    """Return a row for each measure, size of pool, one of `ATSA_NAMES`, and rival.

    Parameters
    ----------
    cells : DataFrame
        Rows of sweeps, see `add_measures`; every solver ran on every pool.
    measures : sequence of str
        Columns of them.

    Returns
    -------
    DataFrame
        The fields of `PairedRatio`, and ``p_holm``, corrected for all rows of a measure and own.
    """
    import pandas as pd

    families = [_family(cells, measure, own) for measure in measures for own in ATSA_NAMES]
    return pd.concat([add_holm(pd.DataFrame(rows)) for rows in families], ignore_index=True)


def _family(cells: pd.DataFrame, measure: str, own: str) -> list[dict[str, Any]]:
    """Return the rows of one measure of one scheduler."""
    rows: list[dict[str, Any]] = []
    for nodes, runs in cells.groupby("nodes"):
        values = runs.pivot(index="problem", columns="solver", values=measure)
        for rival in values.columns.drop(own):
            ratio = paired_ratio(values[own].to_numpy(), values[rival].to_numpy())
            names = {"measure": measure, "nodes": nodes, "own": own, "rival": rival}
            rows.append(names | ratio._asdict())
    return rows

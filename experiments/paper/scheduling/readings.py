"""What becomes of Fig. 7 in the two readings of "task execution time", in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.report.formats import decimal

if TYPE_CHECKING:
    import pandas as pd


def readings(summary: pd.DataFrame) -> tuple[str, str]:
    """Return the order of the schedulers on the largest pools, by makespan and by Z_y.

    Parameters
    ----------
    summary : DataFrame
        See `measures.summarize_measures`.
    """
    largest = summary[summary["nodes"] == summary["nodes"].max()].set_index("solver")
    least = largest["total_time_median"].idxmin()
    cost = largest.loc[least, "makespan_median"] / largest["makespan_median"].min()
    place = f"On {largest['nodes'].iloc[0]} nodes, "
    return (
        f"{place}by median makespan, shortest first: {_order(largest, 'makespan')}.",
        f"{place}by the sum Z_y, which (3) rewards: {_order(largest, 'total_time')}; what is least "
        f"by that reading, {least}, takes {decimal(cost, 1)} times the shortest makespan.",
    )


def _order(rows: pd.DataFrame, measure: str) -> str:
    """Return solvers and medians in s, the smallest first."""
    medians = rows[f"{measure}_median"].sort_values(kind="stable")
    return ", ".join(f"{solver} {decimal(value, 1)} s" for solver, value in medians.items())

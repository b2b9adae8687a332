"""Solvers side by side on families of instances, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from experiments.best_known.published import published

if TYPE_CHECKING:
    import pandas as pd


def solver_tables(cells: pd.DataFrame) -> str:
    """Return two tables for each family: gaps over the lower bound and over the best published.

    A family is the problems of one size. A gap is that of the median of the runs, where one
    without a schedule counts as infinite; the last rows are the median of the family and the mean
    time of a run. The second table is left out where nothing is published.

    Parameters
    ----------
    cells : DataFrame
        From `sweeps.read_sweeps`; a label stands for the same solver in all of them.
    """
    families = cells.groupby(["tasks", "nodes"])
    lines = (_family(family, "{} x {}".format(*size)) for size, family in families)
    return "\n".join(chain.from_iterable(lines)).strip()


def _family(cells: pd.DataFrame, name: str) -> Iterator[str]:
    """Yield the lines of one family."""
    makespans = (
        cells.assign(makespan=cells["makespan"].fillna(np.inf))
        .groupby(["digest", "solver"], sort=False)["makespan"]
        .median()
        .unstack("solver")
    )
    names = cells.drop_duplicates("digest").set_index("digest")["instance"]
    bounds = cells.groupby("digest")["lower_bound"].max()
    facts = bounds.index.to_series().map({d: fact.makespan for d, fact in published().items()})
    seconds = cells.groupby("solver")["seconds"].mean()
    for title, reference in (("the lower bound", bounds), ("the best published", facts.dropna())):
        if len(reference):
            gaps = 100 * (makespans.loc[reference.index].div(reference, axis=0) - 1)
            yield from ("", f"Gap over {title} in %, {name}:", "")
            yield from _markdown(gaps.rename(index=names.to_dict()).sort_index(), seconds)


def _markdown(gaps: pd.DataFrame, seconds: pd.Series[float]) -> Iterator[str]:
    """Yield a table of gaps, solvers from left to right by their medians, the least bold."""
    middle = gaps.median()
    order = middle.sort_values(kind="stable").index
    labels = [str(solver).replace("|", r"\|") for solver in order]
    yield "| instance | " + " | ".join(labels) + " |"
    yield "|---|" + "---:|" * len(order)
    for name, row in gaps[order].iterrows():
        yield _line(str(name), row)
    yield _line("**median**", middle[order])
    times = (_text(seconds[solver], "{:.3g}") for solver in order)
    yield "| seconds a run | " + " | ".join(times) + " |"


def _line(name: str, gaps: pd.Series[float]) -> str:
    """Return a row; a solver without any schedule has a dash."""
    best = f"{gaps.min():.3f}"
    texts = (_text(gap, "{:.3f}") for gap in gaps)
    shown = (f"**{text}**" if text == best else text for text in texts)
    return f"| {name} | " + " | ".join(shown) + " |"


def _text(value: float, form: str) -> str:
    """Return a number as text, a dash where it is infinite or missing."""
    return form.format(value) if np.isfinite(value) else "–"

"""Every colony of the factorial study against every rival, on every kind of pool."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from experiments.paper.scheduling.factorial import Factorial, label
from experiments.paper.scheduling.ratio import add_holm, paired_ratio, ratios_of
from problems.errors import FloatArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

Names = dict[str, str | int]


def fight(study: Factorial, cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each rival, size and kind of pool, and colony.

    Parameters
    ----------
    study : Factorial
        What was run.
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
    families = [add_holm(rows[rows["rival"] == rival]) for rival in study.rivals]
    return pd.concat(families, ignore_index=True)


def log_ratios(study: Factorial, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the logarithms of the makespan ratios: a column for each seed, rows as in `fight`."""
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

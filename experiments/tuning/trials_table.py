"""The trials of a study as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.tuning.trial_run import ERROR

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial


def trials_table(study: Study) -> pd.DataFrame:
    """Return a row for each trial that is over, by number.

    Columns: ``trial``, ``state`` (complete, pruned or fail), ``gap`` (mean over the runs that were
    finished; NaN without one), ``runs``, ``params_NAME`` for each parameter, and ``error`` (last
    line of the traceback, else empty).
    """
    import pandas as pd

    over = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    rows = [_row(trial) for trial in over if trial.params]
    return pd.DataFrame(rows)


def with_gap(table: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that have a finite gap, be it over some of the runs only."""
    usable: pd.DataFrame = table[np.isfinite(table["gap"])]
    return usable


def _row(trial: FrozenTrial) -> dict[str, Any]:
    """Return the columns of a trial."""
    gaps = trial.intermediate_values.values()
    error = str(trial.user_attrs.get(ERROR, "")).strip().split("\n")[-1]
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "gap": math.fsum(gaps) / len(gaps) if gaps else math.nan,
        "runs": len(gaps),
        **{f"params_{name}": value for name, value in trial.params.items()},
        "error": error,
    }

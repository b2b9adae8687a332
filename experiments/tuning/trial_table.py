"""The trials of a study as a table, and which parameters matter."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna

from edgeopt.experiments.runs.cell import reason_of
from edgeopt.experiments.tuning.space import Space
from edgeopt.experiments.tuning.trial import ERROR

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study
    from optuna.trial import FrozenTrial


_FEWEST_TRIALS = 10  # of which a best tenth can be told


def trials_table(study: Study, objective: str = "gap") -> pd.DataFrame:
    """Return a row for each trial that is over, by number.

    Columns: ``trial``, ``state`` (complete, pruned or fail), the objective (mean over the finished
    runs; NaN without one), ``runs``, ``params_NAME`` for each parameter, and ``error`` (what
    its traceback ends with, or empty).
    """
    import pandas as pd

    over = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    rows = [_row(trial, objective) for trial in over if trial.params]
    return pd.DataFrame(rows)


def measured(table: pd.DataFrame, objective: str = "gap") -> pd.DataFrame:
    """Return the trials with a finite objective, which may be over some of the runs only."""
    usable: pd.DataFrame = table[np.isfinite(table[objective])]
    return usable


def _row(trial: FrozenTrial, objective: str) -> dict[str, Any]:
    """Return the columns of a trial."""
    values = trial.intermediate_values.values()
    error = trial.user_attrs.get(ERROR)
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        objective: math.fsum(values) / len(values) if values else math.nan,
        "runs": len(values),
        **{f"params_{name}": value for name, value in trial.params.items()},
        "error": reason_of(error) if error else "",
    }


def importances(table: pd.DataFrame, space: Space, objective: str = "gap") -> dict[str, float]:
    """Return the share of each parameter in being among the best tenth, largest first.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite objective. Those that were given up count with the mean over the runs
        they finished: without them, importance would be measured in the good region only.
    space : dict of Optuna distributions
        What was searched.
    objective : str
        Column of the objective.

    Returns
    -------
    dict of float
        Shares that add up to 1; empty for fewer than `_FEWEST_TRIALS` trials, or if all are equal.

    References
    ----------
    Watanabe, Bansal, Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in
    arbitrary subspaces", IJCAI 2023.
    """
    if len(table) < _FEWEST_TRIALS or table[objective].nunique() == 1:
        return {}
    # Optuna measures importance of complete trials only, so all become complete in a new study
    study = optuna.create_study()
    for row in table.to_dict("records"):
        params = {name: row[f"params_{name}"] for name in space}
        trial = optuna.trial.create_trial(
            params=params, distributions=dict(space), value=row[objective]
        )
        study.add_trial(trial)
    with warnings.catch_warnings():  # many equal values: all shares become equal, as they should
        warnings.filterwarnings("ignore", "Target and region quantiles", UserWarning)
        return optuna.importance.get_param_importances(study)

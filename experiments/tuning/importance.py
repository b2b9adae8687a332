"""Which parameters matter."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import optuna

from experiments.tuning.space import Space

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 10  # trials


def importances(table: pd.DataFrame, space: Space) -> dict[str, float]:
    """Return the share of each parameter in being among the best tenth, largest first.

    Parameters
    ----------
    table : DataFrame
        Trials with a finite gap. Those that were given up count with the mean over the runs they
        finished: without them only the good region would be looked at.
    space : dict of Optuna distributions
        What was searched.

    Returns
    -------
    dict of float
        Shares that add up to 1; empty for fewer than `FEWEST` trials, or if all are equal.

    References
    ----------
    Watanabe, Bansal, Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in
    arbitrary subspaces", IJCAI 2023.
    """
    if len(table) < FEWEST or table["gap"].nunique() == 1:
        return {}
    study = optuna.create_study()
    for row in table.to_dict("records"):
        params = {name: row[f"params_{name}"] for name in space}
        trial = optuna.trial.create_trial(
            params=params, distributions=dict(space), value=row["gap"]
        )
        study.add_trial(trial)
    with warnings.catch_warnings():  # many equal gaps: all shares become equal, as they should
        warnings.filterwarnings("ignore", "Target and region quantiles", UserWarning)
        return optuna.importance.get_param_importances(study)

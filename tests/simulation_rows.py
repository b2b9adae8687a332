"""Rows of simulated runs, made by hand."""

from typing import Any

import numpy as np

from edgeopt.optim.framework.measures import MEASURES, QUANTILES


def run_row(scheme: str, delay_s: float, **changes: Any) -> dict[str, Any]:
    """Return the row of a run whose delays are spread evenly from 0 to twice their mean."""
    return {
        **{"stream": "poisson", "nodes": 2, "scheme": scheme, "repetition": 0},
        **dict.fromkeys(MEASURES, 1.0),
        **{"delay_mean_s": delay_s, "delay_quantiles_s": (2 * delay_s * QUANTILES).tolist()},
        **{"node_energy_j": [1.0, 3.0], "node_utilisation": [0.5, 0.25]},
        **{"warnings": np.array([]), "status": "finished", "error": None},
        **changes,
    }


def failed_run(scheme: str, error: str) -> dict[str, Any]:
    """Return the row of a run that failed."""
    missing = dict.fromkeys(run_row(scheme, 0.0))
    names = {"stream": "poisson", "nodes": 2, "scheme": scheme, "repetition": 0}
    return {**missing, **names, "status": "failed", "error": error}

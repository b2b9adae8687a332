"""What families of problems separate, against values computed by hand."""

import numpy as np
import pandas as pd
import pytest

from edgeopt.experiments.statistics.separation import separation
from edgeopt.problems.errors import InputError


def rows(gaps: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Return rows of runs from gaps by problem and solver."""
    return pd.DataFrame(
        {"problem": problem, "solver": solver, "gap": gap}
        for problem, solvers in gaps.items()
        for solver, runs in solvers.items()
        for gap in runs
    )


def test_spread_and_gaps_by_hand():
    table = separation(
        rows(
            {
                "x:1": {"lpt": [0.1], "ants": [0.3, 0.2, 0.9], "met": [np.nan]},
                "x:2": {"lpt": [0.2], "ants": [0.4], "met": [0.5]},
                "y:1": {"lpt": [0.0], "ants": [0.0], "met": [0.0]},
                "z": {"lpt": [0.2], "ants": [0.1], "met": [0.5]},
                "z:2": {"lpt": [0.6], "ants": [0.7], "met": [0.9]},
            }
        ),
        ["lpt", "met"],
    )
    # x: ranks 1, 2, 3 twice, a variance of 2/3 of at most 8/12; z: averages 1.5, 1.5 and 3
    assert table["family"].tolist() == ["x", "y", "z"]
    assert table["spread"].tolist() == pytest.approx([1.0, 0.0, 0.75])
    assert table["instances"].tolist() == [2, 1, 2]
    assert table["best"].tolist()[0] == "lpt"
    assert table["best_gap"].tolist() == pytest.approx([0.15, 0.0, 0.4])
    assert (table["worst"][0], table["worst_gap"][0]) == ("met", np.inf)
    assert (table["rule"][2], table["rule_gap"][2]) == ("lpt", pytest.approx(0.4))


def test_without_rules_or_rivals():
    table = separation(rows({"x": {"a": [0.1], "b": [0.2]}}), [])
    assert (table["rule"][0], np.isnan(table["rule_gap"][0])) == ("", True)
    with pytest.raises(InputError, match=r"solvers: got \['a'\], must be at least 2"):
        separation(rows({"x": {"a": [0.1]}}), [])

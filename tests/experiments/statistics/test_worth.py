"""When solvers beat rules, against times read off by hand."""

import numpy as np
import pandas as pd
import pytest
from sweep_rows import BOUND, failed, run, sweep

from edgeopt.experiments.statistics.worth import seconds_to_beat
from edgeopt.problems.errors import InputError


def races() -> pd.DataFrame:
    """Two rules and two searches on three problems that leave something to gain, and on one."""
    ants = [(1, 0.1, 115.0), (2, 0.3, 105.0)]
    return sweep(
        [
            run("lpt", [(1, 0.01, 110.0)], problem="x:1"),
            run("suff", [(1, 0.02, 120.0)], problem="x:1"),
            run("ants", ants, problem="x:1"),
            run("bees", [(1, 0.2, 109.0)], problem="x:1"),
            run("lpt", [(1, 0.01, 120.0)], problem="x:2"),
            run("suff", [(1, 0.02, 110.0)], problem="x:2"),
            run("ants", [(1, 0.5, 101.0)], problem="x:2"),
            run("bees", [(1, 0.1, 110.0 * (1 - 1e-12))], problem="x:2"),  # rounding is no gain
            run("lpt", [(1, 0.01, BOUND)], problem="y:1"),
            run("suff", [(1, 0.02, 150.0)], problem="y:1"),
            run("ants", [(1, 0.1, BOUND)], problem="y:1"),
            failed("bees", problem="y:1"),
        ]
    )


def test_times_by_hand():
    table = seconds_to_beat(races(), ["lpt", "suff"]).set_index(["family", "solver"])
    assert list(table.index) == [("all", "ants"), ("all", "bees"), ("x", "ants"), ("x", "bees")]
    assert table["instances"].tolist() == [2, 2, 2, 2]  # y:1 is solved by a rule
    assert table.loc[("x", "ants"), ["share", "seconds"]].tolist() == [1.0, 0.5]
    assert table.loc[("x", "bees"), ["share", "seconds"]].tolist() == [0.5, np.inf]


def test_each_rule_alone():
    table = seconds_to_beat(races(), ["suff"]).set_index(["family", "solver"])
    # ants: 115 < 120 at 0.1 s, 0.5 s, 0.1 s; lpt is a rival like others now
    assert table.loc[("all", "ants"), ["instances", "share", "seconds"]].tolist() == [3, 1.0, 0.1]
    assert table.loc[("all", "lpt"), "share"] == pytest.approx(2 / 3)
    assert table.loc[("y", "bees"), ["share", "seconds"]].tolist() == [0.0, np.inf]


def test_repetitions_count_by_their_median():
    late = [[(1, time, 101.0)] for time in (0.1, 0.2, 0.9)]
    runs = [run("ants", trace, repetition=n) for n, trace in enumerate(late)]
    rules = [run("lpt", [(1, 0.01, 110.0)], repetition=n) for n in range(3)]
    table = seconds_to_beat(sweep(runs + rules), ["lpt"])
    assert table["seconds"].tolist() == [0.2, 0.2]


def test_without_rules_or_anything_to_gain():
    with pytest.raises(InputError, match=r"rules: got 'met', must be one of lpt, suff, ants"):
        seconds_to_beat(races(), ["met"])
    with pytest.raises(InputError, match="rules"):
        seconds_to_beat(races(), [])
    cells = races()
    assert seconds_to_beat(cells[cells["problem"] == "y:1"], ["lpt"]).empty

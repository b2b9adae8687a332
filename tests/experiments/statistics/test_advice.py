"""Which solver is advised, against tables made by hand."""

import math

import pandas as pd
import pytest
from sweep_rows import failed, run, sweep

from edgeopt.experiments.statistics.advice import advise, gaps_within
from edgeopt.experiments.statistics.groups import group_gaps, problem_groups
from edgeopt.problems.errors import InputError


def field(problems: int = 7) -> pd.DataFrame:
    """`a` and `c` are always better than the rule; half of the problems are larger."""
    rows = [
        run(solver, [(1, 0.1, makespan + n)], problem=f"f:{n}")
        for n in range(problems)
        for solver, makespan in (("rule", 120.0), ("a", 110.0), ("c", 110.0))
    ]
    cells = sweep(rows).assign(tasks=20.0, nodes=4.0)
    cells.attrs["budget"] = {"seconds": 1.0}
    return cells


def test_the_best_rank_is_advised_with_what_is_alike():
    cells = field()
    whole, family = advise(cells, ["rule"]).to_dict("records")
    assert (whole["family"], family["family"]) == ("all", "f")
    assert (whole["size"], whole["tasks"], whole["nodes"], whole["instances"]) == ("20x4", 20, 4, 7)
    assert (whole["take"], whole["rank"], whole["gap"]) == ("a", 1.5, pytest.approx(0.13))
    # the rule's p is 2 / 2**7, times 2 by Holm: 0.03; c never differs
    assert (whole["alike"], whole["rule"], whole["rule_gap"]) == ("c", "rule", pytest.approx(0.23))


def test_too_few_problems_tell_nobody_apart():
    assert advise(field(6), ["rule"])["alike"].tolist() == ["", ""]  # 2 / 2**6 times 2 is 0.06


def test_what_comes_a_tenth_late_counts_in_seconds_alone():
    late = [(1, 0.5, 130.0), (10, 1.05, 120.0), (11, 1.2, 110.0)]
    cells = sweep([run("a", late)])
    cells.attrs["budget"] = {"seconds": 1.0}
    assert gaps_within(cells).loc[("p", 0), "a"] == pytest.approx(0.2)
    cells.attrs["budget"] = {"evaluations": 9}
    assert gaps_within(cells).loc[("p", 0), "a"] == pytest.approx(0.3)
    cells.attrs["budget"] = {"target_gap": 0.1}
    with pytest.raises(InputError, match="budget"):
        gaps_within(cells)


def test_groups_by_family_and_size():
    rows = [run("a", [(1, 0.1, 110.0)], problem=name) for name in ("x:1", "x:2", "y:1")]
    cells = sweep([*rows, failed("a", problem="y:2")])
    cells["tasks"], cells["nodes"] = [20.0, 300.0, 20.0, math.nan], [4.0, 5.0, 4.0, math.nan]
    found = {(each.family, each.size): each.problems for each in problem_groups(cells)}
    assert found == {
        ("all", "all"): ["x:1", "x:2", "y:1"],
        ("all", "20x4"): ["x:1", "y:1"],
        ("all", "300x5"): ["x:2"],
        ("x", "all"): ["x:1", "x:2"],
        ("x", "20x4"): ["x:1"],
        ("x", "300x5"): ["x:2"],
        ("y", "all"): ["y:1"],
        ("y", "20x4"): ["y:1"],
    }


def test_numbers_of_a_group_by_hand():
    blocks = pd.DataFrame(
        {"a": [0.1, 0.2, math.inf], "b": [0.1, 0.4, math.inf]}, index=["x:1", "x:2", "y:1"]
    )
    groups = problem_groups(pd.DataFrame({"problem": ["x:1", "x:2"], "tasks": 20, "nodes": 4}))
    table = group_gaps(blocks, groups[:1])
    assert table["solver"].tolist() == ["a", "b"]
    assert table["gap"].tolist() == pytest.approx([0.15, 0.25])
    assert table["rank"].tolist() == [1.25, 1.75]
    assert table["best"].tolist() == [1.0, 0.5]
    assert group_gaps(blocks, [groups[0]._replace(problems=["x:2", "y:1"])])[
        "schedules"
    ].tolist() == [0.5, 0.5]

"""Parameters of functions, classes and dataclasses."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest

from edgeopt.optim.scheduling.catalog import declared_parameters, identify_solver, make_solver
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.optim.scheduling.configurable import Configured, configure, list_depth, parameters_of
from edgeopt.optim.scheduling.heuristics.list_rules import lpt
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.solver import State
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

PROBLEM = Problem([[1.0, 2.0], [2.0, 1.0]])


def mine(
    problem: "Missing",  # type: ignore[name-defined]  # noqa: F821
    rng,
    *,
    k=1,
    share: float = 1,
    greedy=True,
    rule: Literal["a", "b"] = "a",
    most: "int | None" = None,
    word="x",
    weights: list[float] = (1.0,),  # type: ignore[assignment]
    pair=(1, 2),
    any=None,
    odd: "Missing" = 2,  # type: ignore[name-defined]  # noqa: F821
):
    """Put all tasks on a node."""
    return [k] * problem.tasks


class Walk:
    """A class with an ordinary constructor."""

    def __init__(self, node: int, twice: bool = False) -> None:
        if node > 1:
            raise ValueError("too far")
        self.node = node * (2 if twice else 1)

    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        state.assignment = np.full(problem.tasks, self.node)
        state.makespan, state.done = problem.makespan(state.assignment), True
        return state


@dataclass(frozen=True)
class Plain:
    steps: int
    sizes: list[int] = field(default_factory=lambda: [3])

    init = step = None


TEXTS = {
    "k": "0",
    "share": "0.5",
    "greedy": "False",
    "rule": "b",
    "most": "7",
    "word": "5",
    "weights": "[1, 2.5]",
    "pair": "[3, 4]",
    "any": "day",
    "odd": "3",
}
VALUES = {
    "k": 0,
    "share": 0.5,
    "greedy": False,
    "rule": "b",
    "most": 7,
    "word": "5",
    "weights": [1, 2.5],
    "pair": (3, 4),
    "any": "day",
    "odd": 3,
}


@pytest.mark.parametrize("given", [TEXTS, VALUES])
def test_a_function_gets_texts_and_values_as_its_types(given: dict[str, Any]):
    solver, everything = configure(mine, given)
    assert solver == Configured(mine, VALUES)
    assert everything == VALUES
    assert solve(PROBLEM, solver).assignment.tolist() == [0, 0]
    assert solve(PROBLEM, solver).solver == "mine"


def test_defaults_are_parameters_too():
    solver, everything = configure(mine, {})
    assert solver is mine
    assert everything["k"] == 1
    assert everything.keys() == parameters_of(mine).keys() == VALUES.keys()
    again, changed = configure(configure(mine, {"k": 0})[0], {"word": "y"})
    assert (again.values, changed["k"], changed["word"]) == ({"k": 0, "word": "y"}, 0, "y")
    assert parameters_of(again)["k"].default == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kk": 1}, "parameter: got 'kk', must be one of k, share, greedy"),
        ({"problem": 1}, "parameter: got 'problem'"),
        ({"k": 2.5}, r"k: got 2.5, must be an integer, like its default 1 \(an annotation"),
        ({"k": "x"}, "k: got 'x', must be of type int"),
        ({"k": True}, "k: got True, must be an integer"),
        ({"k": None}, "k: got None, must be an integer"),
        ({"share": "half"}, "share: got 'half', must be of type float"),
        ({"share": [1.0]}, r"share: got \[1.0\], must be a finite number"),
        ({"greedy": 1}, "greedy: got 1, must be true or false"),
        ({"rule": "c"}, "rule: got 'c', must be one of a, b"),
        ({"most": 0.5}, "most: got 0.5, must be an integer"),
        ({"word": 5}, "word: got 5, must be a text"),
        ({"weights": "1, 2"}, r"weights: got '1, 2', must be a list such as \[1, 2\]"),
        ({"weights": 1.0}, "weights: got 1.0, must be a list"),
        ({"any": "5"}, "any: got '5', must be of a known type: annotate the parameter"),
    ],
)
def test_unknown_names_and_wrong_types(values: dict[str, Any], message: str):
    with pytest.raises(InputError, match=f"^{message}"):
        configure(mine, values)


def test_a_class_is_made_with_its_parameters():
    solver, everything = configure(Walk, {"node": "1"})
    assert solve(PROBLEM, solver).assignment.tolist() == [1, 1]
    assert everything == {"node": 1, "twice": False}
    with pytest.raises(InputError, match="node: got None, must be given: Walk has no default"):
        configure(Walk, {})
    with pytest.raises(InputError, match=r"Walk', must be a class that can be made .*too far"):
        configure(Walk, {"node": 2})
    with pytest.raises(InputError, match="parameter: got 'nodes', must be one of node, twice"):
        configure(Walk, {"nodes": 2})
    assert configure(solver, {}) == (solver, {})
    with pytest.raises(InputError, match=r"must be one of \(none\)"):
        configure(solver, {"node": 1})


def test_a_dataclass_without_limits_is_checked_by_type():
    assert configure(Plain, {"steps": "2"}) == (Plain(2), {"steps": 2, "sizes": [3]})
    assert configure(Plain(2), {"sizes": [1]})[0] == Plain(2, [1])
    with pytest.raises(InputError, match=r"steps: got 1\.5, must be an integer"):
        configure(Plain(2), {"steps": 1.5})


def test_what_a_solver_is_named_and_consists_of():
    found = identify_solver("atsa-repaired", {"beta": 3.0})
    assert found.name == "edgeopt.optim.scheduling.colony.atsa.ATSA"
    assert found.parameters["heuristic"] == "completion-time"
    assert (found.parameters["beta"], found.code) == (3.0, None)
    assert identify_solver("lpt").name == f"{lpt.__module__}.lpt"
    assert declared_parameters("atsa")["beta"].default == ATSA().beta


def test_own_files_with_parameters(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from edgeopt import Problem\n\n"
        "def f(problem: Problem, rng, node: int = 0): return [node] * problem.tasks\n"
    )
    (tmp_path / "a.toml").write_text('solver = "own.py:f"\nnode = 1\n')
    for name, node in ((f"{own}:f", 0), (str(tmp_path / "a.toml"), 1)):
        assert solve(PROBLEM, make_solver(name)).assignment.tolist() == [node, node]
        assert declared_parameters(name)["node"].default == node
        found = identify_solver(name)
        assert (found.name, found.parameters) == ("f", {"node": node})
    assert make_solver(str(tmp_path / "a.toml"), {"node": "0"}).values == {"node": 0}


@pytest.mark.parametrize(
    ("hint", "depth"),
    [
        (int, 0),
        (str, 0),
        (float | None, 0),
        (Literal["a"], 0),
        (list, 1),
        (tuple[int, ...], 1),
        (list[list[float]] | None, 2),
        (np.ndarray, 1),
        (object, None),
    ],
)
def test_how_deeply_lists_are_nested(hint: Any, depth: int | None):
    assert list_depth(hint) == depth

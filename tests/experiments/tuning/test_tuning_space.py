"""Search spaces: what solvers declare, and what a file says."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.experiments.tuning.declared import declared_parameters
from edgeopt.experiments.tuning.space import Space, search_space
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA, Heuristic
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.problems.errors import InputError


def space(solver: str, names: Any = None, given: dict[str, Any] | None = None) -> Space:
    """Return the search space of a solver."""
    return search_space(declared_parameters({"solver": solver}), names, given or {})


def test_declared_ranges() -> None:
    assert space("aco", None, {}) == {
        "ants": IntDistribution(5, 100),
        "alpha": FloatDistribution(0.0, 5.0),
        "beta": FloatDistribution(0.0, 20.0),
        "rho": FloatDistribution(0.01, 0.99),
        "Q": FloatDistribution(0.1, 100.0, log=True),
        "local_search": CategoricalDistribution(("none", "best", "all")),
    }


def test_every_reading_of_atsa_is_searched() -> None:
    found = space("atsa", None, {})
    unsearched = {"delta", "kicks", "restart"}
    assert set(found) == {entry.name for entry in fields(ATSA)} - unsearched
    assert found["heuristic"] == CategoricalDistribution(get_args(Heuristic))
    assert found["pheromone_bounds"] == CategoricalDistribution((False, True))


def test_names_choose_and_keep_the_solvers_order() -> None:
    assert list(space("pso", ["social", "particles"], {})) == ["particles", "social"]


def test_the_file_overrides_and_adds() -> None:
    given = {
        "ants": {"low": 1, "high": 200},
        "delta": {"low": 1, "high": 2, "log": True},
        "order": ["arrival"],
        "rho": [0.1, 0.5],
    }
    found = space("atsa", None, given)
    assert found["ants"] == IntDistribution(1, 200, log=True)  # 200 times its lower end
    assert found["delta"] == FloatDistribution(1.0, 2.0, log=True)
    assert found["order"] == CategoricalDistribution(["arrival"])
    assert found["rho"] == CategoricalDistribution([0.1, 0.5])
    assert found["beta"] == FloatDistribution(0.0, 20.0)


@pytest.mark.parametrize(
    ("names", "given", "field"),
    [
        (None, {"gamma": {"low": 0, "high": 1}}, "parameter"),
        (["gamma"], {}, "parameter"),
        (["ants"], {"rho": {"low": 0.1, "high": 0.2}}, "search.rho"),
        (["delta"], {}, "search.delta"),
        (None, {"rho": {"low": 0.1, "high": 1.5}}, "search.rho.high"),
        (None, {"rho": {"low": -0.1, "high": 1}}, "search.rho.low"),
        (None, {"ants": {"low": 0, "high": 5}}, "search.ants.low"),
        (None, {"ants": {"low": 1.5, "high": 5}}, "search.ants.low"),
        (None, {"ants": [5, 0]}, "search.ants"),
        (None, {"beta": {"low": 3, "high": 3}}, "search.beta"),
        (None, {"beta": {"low": 0, "high": 3, "log": True}}, "search.beta.log"),
        (None, {"beta": {"low": 1, "high": 3, "log": 1}}, "search.beta.log"),
        (None, {"beta": {"low": 1, "high": float("nan")}}, "search.beta.high"),
        (None, {"beta": {"low": 1, "high": "3"}}, "search.beta.high"),
        (None, {"beta": {"low": 1}}, "search.beta.high"),
        (None, {"beta": {"low": 1, "high": 3, "size": 1}}, "search.beta"),
        (None, {"beta": {"low": 1, "high": 3, "step": 3}}, "search.beta.step"),
        (None, {"beta": {"low": 1, "high": 3, "step": 1, "log": True}}, "search.beta.step"),
        (None, {"ants": FloatDistribution(5, 10)}, "search.ants"),
        (None, {"ants": IntDistribution(0, 10)}, "search.ants.low"),
        (None, {"beta": (3, 1)}, "search.beta"),
        (None, {"beta": []}, "search.beta"),
        (None, {"beta": 3}, "search.beta"),
        (None, {"order": ["shortest-first"]}, "search.order"),
        (None, {"order": {"low": 0, "high": 1}}, "search.order"),
        (None, {"pheromone_bounds": [1]}, "search.pheromone_bounds"),
    ],
)
def test_bad_ranges(names: list[str] | None, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        space("atsa", names, given)
    assert error.value.field == field


def test_a_function_has_nothing_to_tune() -> None:
    with pytest.raises(InputError, match="parameters to tune"):
        space("fcfs", None, {})


def test_no_range_leaves_the_legal_limits() -> None:
    for name, kind in (("aco", ACO), ("atsa", ATSA), ("pso", PSO)):
        hints = get_type_hints(kind)
        for parameter, entry in space(name).items():
            if not isinstance(entry, CategoricalDistribution):
                for value in (entry.low, entry.high):
                    kind(**{parameter: hints[parameter](value)})  # raises where it is not legal


def test_own_functions_and_classes(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "def rule(problem, rng, *, size=3, share: float | None = None, label='a'): ...\n"
        "class Plain:\n"
        "    def __init__(self, size=3): ...\n"
        "    def init(self, problem, rng): ...\n"
        "    def step(self, problem, state): ...\n"
    )
    with pytest.raises(InputError, match="at least one parameter"):
        space(f"{own}:rule")
    given = {"size": (1, 4), "share": (0.1, 0.5), "label": ["a", "b"]}
    assert space(f"{own}:rule", None, given) == {
        "size": IntDistribution(1, 4),
        "share": FloatDistribution(0.1, 0.5),
        "label": CategoricalDistribution(["a", "b"]),
    }
    assert space(f"{own}:Plain", None, {"size": [1, 2]}) == {
        "size": CategoricalDistribution([1, 2])
    }
    for bad in ({"label": (1, 2)}, {"label": [None]}, {"size": (0.5, 2)}):
        with pytest.raises(InputError, match=f"search.{next(iter(bad))}"):
            space(f"{own}:rule", None, bad)

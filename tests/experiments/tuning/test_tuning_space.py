"""Search spaces: what solvers declare, and what a file says."""

from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.experiments.tuning.space import search_space
from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA, Heuristic
from edgeopt.optim.scheduling.heuristics.list_rules import fcfs
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.problems.errors import InputError


def test_declared_ranges() -> None:
    assert search_space(ACO(), None, {}) == {
        "ants": IntDistribution(5, 100),
        "alpha": FloatDistribution(0.0, 5.0),
        "beta": FloatDistribution(0.0, 20.0),
        "rho": FloatDistribution(0.01, 0.99),
        "Q": FloatDistribution(0.1, 100.0, log=True),
        "local_search": CategoricalDistribution(("none", "best", "all")),
    }


def test_every_reading_of_atsa_is_searched() -> None:
    space = search_space(ATSA(), None, {})
    unsearched = {"delta", "kicks", "restart"}
    assert set(space) == {entry.name for entry in fields(ATSA)} - unsearched
    assert space["heuristic"] == CategoricalDistribution(get_args(Heuristic))
    assert space["pheromone_bounds"] == CategoricalDistribution((False, True))


def test_names_choose_and_keep_the_solvers_order() -> None:
    assert list(search_space(PSO(), ["social", "particles"], {})) == ["particles", "social"]


def test_the_file_overrides_and_adds() -> None:
    given = {
        "ants": {"low": 1, "high": 200},
        "delta": {"low": 1, "high": 2, "log": True},
        "order": ["arrival"],
        "rho": [0.1, 0.5],
    }
    space = search_space(ATSA(), None, given)
    assert space["ants"] == IntDistribution(1, 200, log=True)  # 200 times its lower end
    assert space["delta"] == FloatDistribution(1.0, 2.0, log=True)
    assert space["order"] == CategoricalDistribution(["arrival"])
    assert space["rho"] == CategoricalDistribution([0.1, 0.5])
    assert space["beta"] == FloatDistribution(0.0, 20.0)


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
        search_space(ATSA(), names, given)
    assert error.value.field == field


def test_a_function_has_nothing_to_tune() -> None:
    with pytest.raises(InputError, match="parameters to tune"):
        search_space(fcfs, None, {})


def test_no_range_leaves_the_legal_limits() -> None:
    for solver in (ACO(), ATSA(), PSO()):
        hints = get_type_hints(type(solver))
        for name, entry in search_space(solver, None, {}).items():
            if not isinstance(entry, CategoricalDistribution):
                for value in (entry.low, entry.high):
                    type(solver)(**{name: hints[name](value)})  # raises where it is not legal


def test_own_class_without_declarations() -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Bare:
        size: int = 3
        label: str = "a"

    with pytest.raises(InputError, match="at least one parameter"):
        search_space(Bare(), None, {})
    assert search_space(Bare(), None, {"size": [1, 2]}) == {"size": CategoricalDistribution([1, 2])}
    with pytest.raises(InputError, match=r"search\.label"):
        search_space(Bare(), None, {"label": ["b"]})

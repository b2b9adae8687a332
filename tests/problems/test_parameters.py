"""Declared parameters: limits, texts, names."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Literal

import numpy as np
import pytest

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.problems.errors import InputError
from edgeopt.problems.parameters import check_parameters, parameter, parse_parameters


@dataclass(frozen=True)
class Example:
    whole: int = parameter(2, "a whole number", at_least=1)
    real: float = parameter(0.5, "a real number", above=0, at_most=1)
    word: Literal["a", "b"] = parameter("a", "a choice")
    flag: bool = parameter(False, "yes or no")

    def __post_init__(self):
        check_parameters(self)


def test_legal_values():
    assert Example(whole=7, real=1, word="b", flag=True) == Example(7, 1.0, "b", True)
    assert Example(whole=np.int64(3), real=np.float64(0.25))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("whole", 0, "an integer >= 1"),
        ("whole", 1.0, "an integer >= 1"),
        ("whole", True, "an integer"),
        ("real", 0, "> 0 and <= 1"),
        ("real", 1.5, "> 0 and <= 1"),
        ("real", float("nan"), "a finite number"),
        ("real", "0.5", "a finite number"),
        ("word", "c", "one of a, b"),
        ("word", ["a"], "one of a, b"),
        ("flag", 1, "true or false"),
    ],
)
def test_illegal_values_name_field_value_and_rule(field, value, rule):
    with pytest.raises(InputError) as error:
        Example(**{field: value})
    assert str(error.value).startswith(f"{field}: got ")
    assert rule in str(error.value)


def test_texts_become_values():
    texts = {"whole": "3", "real": "1e-1", "word": "b", "flag": "TRUE"}
    assert parse_parameters(Example(), texts) == {
        "whole": 3,
        "real": 0.1,
        "word": "b",
        "flag": True,
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"hole": "3"}, "parameter: got 'hole', must be one of whole, real, word, flag"),
        ({"whole": "3.5"}, "whole: got '3.5', must be of type int"),
        ({"real": "x"}, "real: got 'x', must be of type float"),
        ({"flag": "1"}, "flag: got '1', must be one of true, false"),
    ],
)
def test_illegal_texts(texts, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        parse_parameters(Example(), texts)


@pytest.mark.parametrize("solver", [ATSA, ACO, PSO])
def test_solvers_declare_a_search_range_within_the_limits(solver):
    for field in solver.__dataclass_fields__.values():
        low, high = field.metadata["search"] or (None, None)
        for value in (low, high):
            if value is not None:
                whole = isinstance(field.default, int)
                solver(**{field.name: int(value) if whole else float(value)})
        assert field.metadata["meaning"]


def test_solvers_are_frozen():
    with pytest.raises(FrozenInstanceError):
        ATSA().beta = 3.0


def test_presets_of_atsa():
    assert ATSA.printed() == ATSA()
    assert (ATSA().alpha, ATSA().beta, ATSA().rho, ATSA().Q) == (1.0, 5.0, 0.5, 5.0)
    assert (ATSA().heuristic, ATSA().deposit_by, ATSA().depositors) == (
        "memory",
        "total-time",
        "all",
    )
    assert ATSA.repaired().heuristic == "completion-time"


def test_whole_parameters_fit_into_the_kernels():
    with pytest.raises(InputError, match="ants"):
        ATSA(ants=10**40)
    with pytest.raises(InputError, match="beta"):
        ATSA(beta=10**40)
    assert ATSA(beta=1e40).beta == 1e40

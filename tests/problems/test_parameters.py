"""Declared parameters: limits, texts, names, and the tables of files."""

import math
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest

from edgeopt.optim.scheduling.colony.atsa import ACO, ATSA
from edgeopt.optim.scheduling.pso import PSO
from edgeopt.problems.errors import InputError
from edgeopt.problems.parameters import (
    check_keys,
    check_parameters,
    from_table,
    kind_in_table,
    parameter,
    quantity,
)


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
    assert Example(whole=10**9).whole == 10**9


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("whole", 0, "an integer >= 1"),
        ("whole", 10**9 + 1, "an integer >= 1 and <= 1e+09"),
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


@dataclass(frozen=True)
class Board:
    """A dataclass of quantities, one of each kind."""

    flops: float = quantity()
    share: float = quantity(1.0, at_most=1.0)
    power_w: float = quantity(0.0, zero=True)
    budget_j: float = quantity(math.inf)
    size_bytes: float | None = quantity(None)
    rates: tuple[float, ...] = ()

    def __post_init__(self):
        check_parameters(self)


BOARD = Board(1e9)


def test_a_quantity_may_be_at_its_limits_or_absent():
    assert Board(1e-40, 1.0, 0.0, math.inf, None).budget_j == math.inf
    assert replace(BOARD, flops=1e40, budget_j=3, size_bytes=7).size_bytes == 7


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flops", 0.0),
        ("flops", 9e-41),
        ("flops", 1.1e40),
        ("flops", math.inf),
        ("flops", None),
        ("flops", True),
        ("share", 1.1),
        ("share", 0.0),
        ("power_w", -1e-9),
        ("power_w", False),
        ("power_w", math.nan),
        ("budget_j", 0.0),
        ("budget_j", -math.inf),
        ("size_bytes", "7"),
        ("size_bytes", math.inf),
    ],
)
def test_a_quantity_is_within_its_limits(field: str, value: object):
    with pytest.raises(InputError) as error:
        replace(BOARD, **{field: value})
    assert error.value.field == field


def test_a_table_becomes_a_dataclass():
    table = {"flops": 2.0, "rates": [1.0, 2.0]}
    assert from_table(Board, table, "pool") == Board(2.0, rates=(1.0, 2.0))
    assert table["rates"] == [1.0, 2.0]


def test_a_table_becomes_what_a_function_returns():
    def area(width: float, height: float = 2.0, *, unit: str) -> str:
        return f"{width * height} {unit}"

    given = {"unit": "m2", "colour": "red"}  # the function knows no colour
    assert from_table(area, {"width": 3.0}, "box", given=given) == "6.0 m2"
    defaults = {"height": 5.0, "depth": 1.0}
    assert from_table(area, {"width": 3.0}, "box", given=given, defaults=defaults) == "15.0 m2"
    table = {"width": 3.0, "height": 1.0, "kind": "flat"}
    answer = from_table(area, table, "box", aside=("kind",), given=given, defaults=defaults)
    assert answer == "3.0 m2"
    with pytest.raises(InputError, match=r"^box\.unit: got 'cm2', must be left out, or one of w"):
        from_table(area, {"width": 3.0, "unit": "cm2"}, "box", given=given)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (3, "pool: got 3, must be a table"),
        ([], "pool: got [], must be a table"),
        ({}, "pool.flops: got None, must be given"),
        ({"flop": 1.0}, "pool.flop: got 1.0, must be left out, or one of flops, share, power_w, "),
        ({"flops": -1.0}, "pool.flops: got -1.0, must be a finite number > 0"),
        ({"flops": [1.0]}, "pool.flops: got (1.0,)"),
        ({"flops": 1.0, "share": 2.0}, "pool.share: got 2.0, must be 1e-40 to 1"),
    ],
)
def test_bad_tables_are_refused_with_their_place(table: object, message: str):
    with pytest.raises(InputError) as error:
        from_table(Board, table, "pool")
    assert str(error.value).startswith(message)


def test_errors_of_another_place_stand_apart():
    def read(path: str) -> Any:
        raise InputError(f"/data/{path} line 7", "x", "a number")

    with pytest.raises(InputError, match=r"^streams\.day: /data/a\.csv line 7: got 'x'"):
        from_table(read, {"path": "a.csv"}, "streams.day")


def test_the_kind_of_a_table():
    kinds = ("fast", "slow")
    assert kind_in_table(kinds, {"kind": "slow"}, "a.b", key="kind", default="fast") == "slow"
    assert kind_in_table(kinds, {}, "a.b", key="kind", default="fast") == "fast"
    with pytest.raises(InputError, match=r"a\.b\.kind: got 'new', must be one of fast, slow"):
        kind_in_table(kinds, {}, "a.b", key="kind", default="new")
    with pytest.raises(InputError, match=r"a\.b\.kind: got \['fast'\]"):
        kind_in_table(kinds, {"kind": ["fast"]}, "a.b", key="kind", default="fast")
    with pytest.raises(InputError, match=r"^a\.b: got 5, must be a table"):
        kind_in_table(kinds, 5, "a.b", key="kind", default="fast")


def test_keys():
    check_keys("t", {"a": 1}, ("a", "b"), required=("a",))
    with pytest.raises(InputError, match=r"^t\.c: got 1, must be left out, or one of a, b$"):
        check_keys("t", {"c": 1}, ("a", "b"))
    with pytest.raises(InputError, match=r"one of \(none\)$"):
        check_keys("t", {"c": 1}, ())

"""The one exception for bad input, and the checks that raise it."""

import pickle

import numpy as np
import pytest

from edgeopt.problems.errors import (
    LARGEST_QUANTITY,
    SMALLEST_QUANTITY,
    InputError,
    check_array,
    check_choice,
    check_integer,
    check_number,
    check_quantities,
    check_quantity,
    shorten,
)


def test_an_error_names_field_value_and_rule():
    error = InputError("beta", -1.0, "a finite number >= 0")
    assert str(error) == "beta: got -1.0, must be a finite number >= 0"
    assert (error.field, error.value, error.rule) == ("beta", -1.0, "a finite number >= 0")
    assert isinstance(error, ValueError)


def test_an_error_survives_the_way_from_a_worker_process():
    error = pickle.loads(pickle.dumps(InputError("jobs", 0, "an integer >= 1")))
    assert str(error) == "jobs: got 0, must be an integer >= 1"


@pytest.mark.parametrize("value", ["a\nb", np.arange(10_000), "x" * 500, [["\n"] * 50]])
def test_values_are_shortened_to_one_line(value: object):
    text = shorten(value)
    assert len(text) <= 80
    assert "\n" not in text


def test_numpy_scalars_are_shown_as_numbers():
    assert shorten(np.float64(0.5)) == "0.5"


def test_of_a_long_path_the_end_is_kept():
    text = shorten(f"/home/{'very/' * 30}own.py")
    assert len(text) == 80
    assert text.startswith("'/home/very/")
    assert text.endswith("/own.py'")


def test_the_message_is_one_line():
    assert "\n" not in str(InputError("et", np.ones((9, 9)), "finite"))


@pytest.mark.parametrize("value", [0.25, 1, np.float32(0.25), np.int64(1)])
def test_numbers_within_limits_become_floats(value: float):
    number = check_number("p", value, above=0, at_most=1)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, np.nan, np.inf, -np.inf, 10**400, True, "0.5", None, 1j, [0.5]]
)
def test_other_numbers_are_refused(value: object):
    with pytest.raises(InputError, match=r"^p: got .*, must be a finite number > 0 and <= 1$"):
        check_number("p", value, above=0, at_most=1)


def test_integers_within_limits_pass():
    assert check_integer("n", np.int32(3), at_least=1, at_most=3) == 3
    assert check_integer("n", 10**30) == 10**30


@pytest.mark.parametrize("value", [0, 4, 2.0, True, "2", None, np.nan])
def test_other_integers_are_refused(value: object):
    with pytest.raises(InputError, match=r"must be an integer >= 1 and <= 3$"):
        check_integer("n", value, at_least=1, at_most=3)


def test_choices():
    assert check_choice("kind", "b", ("a", "b")) == "b"
    for value in ("c", 1, None, ["a"], np.array(["a", "b"])):
        with pytest.raises(InputError, match=r"must be one of a, b$"):
            check_choice("kind", value, {"a": 1, "b": 2})


def test_arrays_are_read_only_copies_in_float64():
    given = np.array([[1, 2], [3, 4]], dtype=np.int32, order="F")
    array = check_array("et", given, ndim=2, at_least=0)
    given[0, 0] = 99
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    assert array.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 5.0


def test_arrays_have_no_negative_zero():
    assert not np.signbit(check_array("et", [-0.0, 1.0], ndim=1, at_least=0)).any()


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([[1, 2], [3, np.nan]], r"et\[1, 1\]: got nan"),
        ([[1, np.inf]], r"et\[0, 1\]: got inf"),
        ([[1], [-1]], r"et\[1, 0\]: got -1.0, must be finite >= 0"),
        ([1, 2], r"et.shape: got \(2,\)"),
        ([], r"et.shape: got \(0,\)"),
        (np.empty((0, 3)), r"et.shape: got \(0, 3\)"),
        ([[1, 2], [3]], "et: got"),
        ([["1", "2"]], "et: got"),
        ([[1j]], "et: got"),
        ([[True]], "et: got"),
        ([[None]], "et: got"),
        (np.array([["2020-01-01"]], dtype="M8[s]"), "et: got"),
        (None, "et: got None"),
    ],
)
def test_other_arrays_are_refused_by_place(value: object, place: str):
    with pytest.raises(InputError, match=place):
        check_array("et", value, ndim=2, at_least=0)


def test_the_exclusive_limit_excludes():
    with pytest.raises(InputError, match=r"speed\[1\]: got 0.0, must be finite > 0"):
        check_array("speed", [1, 0], ndim=1, above=0)


def test_an_integer_that_python_does_not_write_is_named():
    assert shorten(2**100_000) == "int of too many digits"
    with pytest.raises(InputError, match="too many digits"):
        check_integer("x", 2**100_000, at_most=10)


@pytest.mark.parametrize("value", [1, 0.5, SMALLEST_QUANTITY, LARGEST_QUANTITY, np.float64(3)])
def test_legal_quantities(value: float):
    assert check_quantity("x", value) == value
    assert check_quantities("x", [value]).tolist() == [value]


@pytest.mark.parametrize("value", [0, -1, 1e-41, 5e-324, 1e41, 1e308, np.inf, np.nan])
def test_illegal_quantities(value: float):
    with pytest.raises(InputError, match="x"):
        check_quantity("x", value)
    with pytest.raises(InputError, match="x"):
        check_quantities("x", [1.0, value])


def test_zero_and_what_is_near_it_may_be_legal():
    assert check_quantity("x", 0, zero=True) == 0
    assert check_quantity("x", 1e-300, zero=True) == 1e-300
    assert check_quantities("x", [0.0, 1e-300], zero=True).tolist() == [0.0, 1e-300]
    for value in (-1.0, 1e41):
        with pytest.raises(InputError, match="x"):
            check_quantity("x", value, zero=True)
        with pytest.raises(InputError, match="x"):
            check_quantities("x", [value], zero=True)


def test_a_quantity_may_be_limited_further():
    assert check_quantity("share", 1, at_most=1.0) == 1.0
    with pytest.raises(InputError, match=r"^share: got 1\.5, must be 1e-40 to 1$"):
        check_quantity("share", 1.5, at_most=1.0)

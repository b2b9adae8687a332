"""Quantities that can be reckoned with."""

import numpy as np
import pytest

from edgeopt.problems.errors import (
    LARGEST_QUANTITY,
    SMALLEST_QUANTITY,
    InputError,
    check_quantities,
    check_quantity,
)


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


def test_where_zero_is_legal_so_is_what_is_near():
    assert check_quantity("x", 0, zero=True) == 0
    assert check_quantity("x", 1e-300, zero=True) == 1e-300
    assert check_quantities("x", [0.0, 1e-300], zero=True).tolist() == [0.0, 1e-300]
    for value in (-1.0, 1e41):
        with pytest.raises(InputError, match="x"):
            check_quantity("x", value, zero=True)
        with pytest.raises(InputError, match="x"):
            check_quantities("x", [value], zero=True)

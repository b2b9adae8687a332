"""Physical quantities in SI units: so large or small that products of some of them stay finite."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from problems.errors import FloatArray, InputError, check_array, check_number

SMALLEST, LARGEST = 1e-40, 1e40


def check_quantity(field: str, value: Any, *, zero: bool = False) -> float:
    """Return `value` as a float if it is a quantity that can be reckoned with.

    Parameters
    ----------
    field : str
        Name used in the message.
    value : object
        Number > 0 from 1e-40 to 1e40, in any SI unit.
    zero : bool
        Whether 0, and what is nearer to it than 1e-40, is legal.

    Raises
    ------
    InputError
        If it is not.
    """
    limits = {"at_least": 0.0} if zero else {"above": 0.0}
    number = check_number(field, value, **limits)
    if number > LARGEST or (number < SMALLEST and not zero):
        raise InputError(field, value, _rule(zero))
    return number


def check_quantities(field: str, value: ArrayLike, *, zero: bool = False) -> FloatArray:
    """Return `value` as a read-only array of one dimension, see `check_quantity`."""
    limits = {"at_least": 0.0} if zero else {"above": 0.0}
    array = check_array(field, value, ndim=1, **limits)
    if array.max() > LARGEST or (array.min() < SMALLEST and not zero):
        raise InputError(field, array, _rule(zero))
    return array


def _rule(zero: bool) -> str:
    return f"at most {LARGEST:g}" if zero else f"{SMALLEST:g} to {LARGEST:g}"

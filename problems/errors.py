"""Bad input: the exception for it, the checks that raise it, their arrays; optional packages."""

from __future__ import annotations

import importlib
import math
from collections.abc import Collection
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

IntArray = NDArray[np.int64]

Number = float | FloatArray
"""A number, or an array of them that broadcasts."""

# Products of several quantities within these limits stay finite float64 numbers.
SMALLEST_QUANTITY, LARGEST_QUANTITY = 1e-40, 1e40


class InputError(ValueError):
    """A value from outside breaks a rule.

    Parameters
    ----------
    field : str
        Name of the offending field, parameter, file or file position.
    value : object
        The value received; long values are shortened in the message.
    rule : str
        What the value must be, completing the sentence "must be ...".

    Examples
    --------
    >>> from edgeopt import InputError, load_problem
    >>> try:
    ...     load_problem("paper:200x0")
    ... except InputError as error:
    ...     print(error.field, error.rule, sep=": ")
    nodes: an integer >= 1 and <= 1e+07
    """

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field}: got {shorten(value)}, must be {rule}")

    # Without this the error is unpickled from its message alone, and workers could not return it.
    def __reduce__(self) -> tuple[type[InputError], tuple[str, object, str]]:
        return type(self), (self.field, self.value, self.rule)


def shorten(value: object, width: int = 80) -> str:
    """Return ``repr(value)`` on one line, cut to `width` characters; of a path the end is kept."""
    try:
        # A NumPy scalar prints as np.float64(0.5), a Python number as users wrote it.
        text = " ".join(repr(value.item() if isinstance(value, np.generic) else value).split())
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        text = f"{type(value).__name__} of too many digits"
    if len(text) <= width:
        return text
    if isinstance(value, str) and "/" in value:  # the name of a file is what tells paths apart
        return f"{text[: width // 4]}...{text[3 - 3 * width // 4 :]}"
    return text[: width - 3] + "..."


def check_number(
    field: str,
    value: Any,
    *,
    at_least: float = -math.inf,
    above: float = -math.inf,
    at_most: float = math.inf,
) -> float:
    """Return `value` as a finite float within the limits, or raise `InputError`."""
    rule = "a finite number" + _limits(at_least, above, at_most)
    # In Python True is an int, but whoever writes it does not mean the number 1.
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(field, value, rule)
    try:
        number = float(value)
    except OverflowError:  # an int beyond the largest float
        raise InputError(field, value, rule) from None
    if not (math.isfinite(number) and number > above and at_least <= number <= at_most):
        raise InputError(field, value, rule)
    return number


def check_integer(
    field: str, value: Any, *, at_least: float = -math.inf, at_most: float = math.inf
) -> int:
    """Return `value` as an int within the limits, or raise `InputError`."""
    rule = "an integer" + _limits(at_least, -math.inf, at_most)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(field, value, rule)
    if not at_least <= value <= at_most:
        raise InputError(field, value, rule)
    return int(value)


def check_choice(field: str, value: Any, choices: Collection[str]) -> str:
    """Return `value` if it is one of `choices`, or raise `InputError`."""
    if not isinstance(value, str) or value not in choices:
        raise InputError(field, value, "one of " + ", ".join(choices))
    return value


def check_array(
    field: str,
    value: ArrayLike,
    *,
    ndim: int,
    at_least: float = -math.inf,
    above: float = -math.inf,
    infinite: bool = False,
) -> FloatArray:
    """Return `value` as a read-only finite float64 array (a copy), or raise `InputError`.

    Parameters
    ----------
    field : str
        Name used in the message.
    value : array_like
        Integers or real numbers in `ndim` dimensions, none of length 0.
    ndim : int
        Number of dimensions required.
    at_least, above : float
        Inclusive and exclusive limits that every entry must meet.
    infinite : bool
        Whether infinite entries are legal.

    Raises
    ------
    InputError
        If it is not such an array; the message names the first bad entry.
    """
    rule = f"a real array of {ndim} dimension(s)"
    try:
        given = np.asarray(value)
    except (TypeError, ValueError):
        raise InputError(field, value, rule) from None
    if given.dtype.kind not in "iuf" or np.ma.is_masked(value):
        raise InputError(field, value, rule)
    array = np.array(given, dtype=np.float64, order="C")
    array += 0.0  # turns -0.0, whose reciprocal is -inf, into 0.0
    if array.ndim != ndim or array.size == 0:
        raise InputError(f"{field}.shape", array.shape, f"{ndim} dimension(s), none of them 0")
    wrong = np.isnan(array) if infinite else ~np.isfinite(array)
    bad = wrong | (array < at_least) | (array <= above)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f"{field}[{', '.join(map(str, where))}]"
        kind = "a number" if infinite else "finite"
        raise InputError(place, array[where], kind + _limits(at_least, above, math.inf))
    array.flags.writeable = False
    return array


def _limits(at_least: float, above: float, at_most: float) -> str:
    """Words for the limits that are set."""
    words = [(" >= ", at_least), (" > ", above), (" <= ", at_most)]
    return " and".join(f"{sign}{limit:g}" for sign, limit in words if math.isfinite(limit))


# Physical quantities, in SI units.


def check_quantity(
    field: str, value: Any, *, zero: bool = False, at_most: float = LARGEST_QUANTITY
) -> float:
    """Return `value` as a float if it is a physical quantity of a usable size.

    Parameters
    ----------
    field : str
        Name used in the message.
    value : object
        Number > 0 from 1e-40 to `at_most`, in any SI unit.
    zero : bool
        Whether 0, and any number between 0 and 1e-40, is legal.
    at_most : float
        Upper limit, itself at most 1e40.

    Raises
    ------
    InputError
        If it is not.
    """
    limits = {"at_least": 0.0} if zero else {"above": 0.0}
    number = check_number(field, value, **limits)
    if number > at_most or (number < SMALLEST_QUANTITY and not zero):
        raise InputError(field, value, _range(zero, at_most))
    return number


def check_quantities(field: str, value: ArrayLike, *, zero: bool = False) -> FloatArray:
    """Return `value` as a read-only array of one dimension, see `check_quantity`."""
    least, above = (0.0, -math.inf) if zero else (-math.inf, 0.0)
    array = check_array(field, value, ndim=1, at_least=least, above=above)
    if array.max() > LARGEST_QUANTITY or (array.min() < SMALLEST_QUANTITY and not zero):
        raise InputError(field, array, _range(zero, LARGEST_QUANTITY))
    return array


def _range(zero: bool, at_most: float) -> str:
    """Words for the range of a quantity."""
    return f"at most {at_most:g}" if zero else f"{SMALLEST_QUANTITY:g} to {at_most:g}"


# Optional packages, which the extras of edgeopt install.


def import_extra(module: str, extra: str) -> ModuleType:
    """Import `module`, which the extra named `extra` installs.

    Raises
    ------
    InputError
        If the module is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:  # not any ImportError: a broken package should say itself why
        rule = f"installed: pip install 'edgeopt[{extra}]'"
        raise InputError(f"package {module}", "no such package", rule) from None

"""Integers written by users."""

from __future__ import annotations

from problems.errors import InputError

_DIGITS = 18


def parse_integer(field: str, text: str) -> int:
    """Return the integer >= 0 that `text` spells in decimal digits.

    Raises
    ------
    InputError
        If there is anything but digits, or more than 18 of them.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise InputError(field, text, f"an integer >= 0 of at most {_DIGITS} digits")
    return int(text)

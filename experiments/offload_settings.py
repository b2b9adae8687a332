"""Settings ``KEY=VALUE`` of `edgeopt offload`: choices of the reading and values of the system."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from problems.errors import InputError, check_choice
from problems.offloading.reading import READINGS, Reading, with_element_type

CHOICES = ("element_type", *(field.name for field in fields(Reading) if field.name != "name"))
"""Keys that change the reading."""


def parse_settings(texts: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the reading and those of the system, which have a dot in their key.

    Parameters
    ----------
    texts : iterable of str
        ``KEY=VALUE`` with the value as in TOML; a text needs no quotes.

    Raises
    ------
    InputError
        If there is no value, or a key without a dot is none of `CHOICES`.
    """
    reading, system = {}, {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError("--set", text, "of the form KEY=VALUE")
        if "." in key:
            system[key] = _value(value)
        else:
            reading[check_choice("--set", key, (*CHOICES, "SECTION.KEY"))] = _value(value)
    return reading, system


def chosen_reading(name: str, choices: Mapping[str, Any]) -> Reading:
    """Return the reading `name` with some choices changed.

    Raises
    ------
    InputError
        If there is no such reading, or a choice has no such value.
    """
    reading = READINGS[check_choice("reading", name, READINGS)]
    rest = dict(choices)
    if "element_type" in rest:
        reading = with_element_type(reading, rest.pop("element_type"))
    return replace(reading, **rest)


def _value(text: str) -> Any:
    """Return the TOML value that `text` is, or the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text

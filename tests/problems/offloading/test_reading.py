"""Readings: their choices, element types, and what is refused."""

from dataclasses import replace

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import (
    CORRECTED,
    PRINTED,
    chosen_reading,
    with_element_type,
)


@pytest.mark.parametrize(("kind", "size"), [("float32", 4), ("float16", 2), ("int8", 1)])
def test_an_element_type_sets_bytes_and_bits(kind, size):
    expected = replace(CORRECTED, element_bytes=size, bits_per_element=8 * size, own_types=False)
    assert with_element_type(CORRECTED, kind) == expected
    assert chosen_reading("corrected", {"element_type": kind}) == expected


def test_choices_change_a_reading_and_nothing_else():
    assert chosen_reading("printed", {}) == PRINTED
    choices = {"element_type": "int8", "bits_per_element": 16, "radio": False}
    expected = replace(
        CORRECTED, element_bytes=1, bits_per_element=16, own_types=False, radio=False
    )
    assert chosen_reading("corrected", choices) == expected
    assert choices["element_type"] == "int8"  # what is given is not changed


@pytest.mark.parametrize(
    ("field", "least"), [("flop_per_mac", 1), ("element_bytes", 1), ("bits_per_element", 1)]
)
def test_counts_are_whole_numbers_from_one(field, least):
    assert getattr(replace(CORRECTED, **{field: least}), field) == least
    with pytest.raises(InputError, match=f"reading.{field}: got {least - 1}, must be an integer"):
        replace(CORRECTED, **{field: least - 1})


def test_work_is_counted_once_or_twice():
    with pytest.raises(InputError, match="got 3, must be an integer >= 1 and <= 2"):
        replace(CORRECTED, flop_per_mac=3)


FLAGS = ("shares_link", "uplink_counts", "cloud_counts", "roofline", "radio", "idle_power")
WORDS = ("memory", "parameters", "waiting", "crossing", "uplink", "dynamic")


@pytest.mark.parametrize("field", FLAGS)
def test_flags_are_true_or_false(field):
    with pytest.raises(InputError, match=f"reading.{field}: got 1, must be true or false"):
        replace(CORRECTED, **{field: 1})


@pytest.mark.parametrize("field", WORDS)
def test_words_are_of_a_list(field):
    with pytest.raises(InputError, match=f"reading.{field}: got 'other', must be one of"):
        replace(CORRECTED, **{field: "other"})

"""Settings KEY=VALUE: what they change, and errors that name the key."""

from dataclasses import replace

import pytest

from edgeopt.experiments.offload.report import parse_settings
from edgeopt.problems.errors import InputError
from edgeopt.problems.offloading.reading import CHOICES, CORRECTED, PRINTED, chosen_reading
from edgeopt.problems.systems.load import load_system


def test_a_dot_separates_the_system_from_the_reading():
    reading, system = parse_settings(
        ["memory=peak", "roofline = false", "tasks.deadline_s=1e-1", "link.network=lte"]
    )
    assert reading == {"memory": "peak", "roofline": False}
    assert system == {"tasks.deadline_s": 0.1, "link.network": "lte"}
    assert parse_settings([]) == ({}, {})


def test_values_are_those_of_toml():
    texts = {"[1.5e6, 2]": [1.5e6, 2], "inf": float("inf"), "'a b'": "a b", "a b": "a b", "": ""}
    for text, value in texts.items():
        assert parse_settings([f"uplink.x={text}"]) == ({}, {"uplink.x": value})


def test_the_choices_of_a_reading():
    assert chosen_reading("printed", {}) is not None
    assert chosen_reading("corrected", {"waiting": "mdx", "radio": False}) == replace(
        CORRECTED, waiting="mdx", radio=False
    )
    small = chosen_reading("printed", {"element_type": "int8", "memory": "peak"})
    assert small == replace(PRINTED, element_bytes=1, bits_per_element=8, memory="peak")
    assert "name" not in CHOICES


@pytest.mark.parametrize("text", ["memory", "", "wait=mm1", "name=mine"])
def test_bad_settings(text: str):
    with pytest.raises(InputError, match="set: got"):
        parse_settings([text])


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"memory": 3}, "reading.memory"),
        ({"parameters": "some"}, "reading.parameters"),
        ({"roofline": "yes"}, "reading.roofline"),
        ({"idle_power": 1}, "reading.idle_power"),
        ({"flop_per_mac": 3}, "reading.flop_per_mac"),
        ({"element_type": "int4"}, "element type"),
    ],
)
def test_bad_choices_name_the_field(choices: dict, field: str):
    with pytest.raises(InputError) as error:
        chosen_reading("corrected", choices)
    assert error.value.field == field


def test_changes_of_a_system_file():
    plain = load_system("pi_lte")
    changed = load_system(
        "pi_lte", nodes=3, changes={"tasks.deadline_s": 0.5, "pool.memory_share": 0.25}
    )
    assert changed.tasks == replace(plain.tasks, deadline_s=0.5)
    assert (changed.pool.nodes, changed.pool.memory_share) == (3, 0.25)
    assert changed.link == plain.link


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("tasks.deadline", "tasks.deadline"),
        ("task.deadline_s", "system.task"),
        ("name.x", "name.x"),
        ("tasks.", "tasks."),
    ],
)
def test_changes_of_unknown_keys(key: str, field: str):
    with pytest.raises(InputError) as error:
        load_system("pi_lte", changes={key: 1.0})
    assert error.value.field == field

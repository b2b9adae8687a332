"""Outcomes go to disk and back, and a record knows what it was made with."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.paper import outcome
from edgeopt.experiments.paper.outcome import (
    OUTCOME_FILE,
    Condition,
    Outcome,
    Table,
    configuration_hash,
    dump,
    fingerprint_of,
    new_record,
    outcome_from_json,
    outcome_to_json,
    read_record,
    write_record,
)
from edgeopt.experiments.statistics.ratio import Measured

numbers = st.floats(allow_nan=False)
OUTCOME = Outcome(
    {"x": Measured(1.5, 1.0, 2.0, 0.01, "ms", "t"), "y": Measured(math.inf)},
    {"c": Condition("words", True)},
    (Table("title", ("a", "b"), (("1", "2"), ("3", "4"))),),
    ("figure.png",),
    ("assumed",),
    ("found",),
)


@given(numbers, st.none() | numbers, st.none() | numbers)
def test_numbers_survive_json(value, low, p):
    measured = Measured(value, low, p=p)
    text = dump(outcome_to_json(Outcome({"x": measured})))
    assert outcome_from_json(json.loads(text)) == Outcome({"x": measured})


def test_an_outcome_survives_json():
    assert outcome_from_json(json.loads(dump(outcome_to_json(OUTCOME)))) == OUTCOME


def test_no_number_survives_json():
    found = outcome_from_json(json.loads(dump(outcome_to_json(Outcome({"x": Measured(math.nan)})))))
    assert math.isnan(found.values["x"].value)


def test_scaled():
    assert Measured(2.0, 1.0, 3.0, 0.1).scaled(10.0, "m") == (20.0, 10.0, 30.0, 0.1, "m", "")
    assert Measured(2.0).scaled(10.0, "m").limits == (20.0, 20.0)


def test_a_record_survives_the_disk(tmp_path: Path):
    made = new_record("fig6", OUTCOME, quick=True, jobs=2, seconds=3.0)
    write_record(made, tmp_path)
    assert read_record(tmp_path) == made
    assert made.seed == "1"
    assert {"edgeopt", "code", "command", "machine"} <= made.provenance.keys()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outcome": {}}'])
def test_a_broken_record_is_none(tmp_path: Path, text):
    assert read_record(tmp_path) is None
    (tmp_path / OUTCOME_FILE).write_text(text)
    assert read_record(tmp_path) is None


def test_a_fingerprint_knows_size_configuration_and_code(tmp_path: Path, monkeypatch):
    file = tmp_path / "fig6.toml"
    file.write_text("seed = 1\n")
    monkeypatch.setattr(outcome, "configuration_files", lambda part: [file])
    first = fingerprint_of("fig6", quick=True)
    assert fingerprint_of("fig6", quick=True) == first
    assert fingerprint_of("fig6", quick=False) != first
    monkeypatch.setattr(outcome, "code_version", lambda *packages: "other")
    assert fingerprint_of("fig6", quick=True) != first
    before = configuration_hash("fig6", quick=True)
    file.write_text("seed = 2\n")
    assert configuration_hash("fig6", quick=True) != before

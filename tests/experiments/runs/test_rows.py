"""Rows that are read back from a journal and from a part are judged alike."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from edgeopt.experiments.runs.cell import RunKind, Shape
from edgeopt.experiments.runs.files import make_table
from edgeopt.experiments.runs.rows import fitting, is_row
from edgeopt.experiments.simulation.cell import SIMULATION

NUMBERS = {
    "integer": 2,
    "unsigned": 1,
    "float": 0.5,
    "text": "x",
    "texts": ["x"],
    "floats": [0.5, 0.5],
}
WHOLE = {name: NUMBERS[of] for name, of in SIMULATION.table.items()} | {
    "delay_quantiles_s": [0.5] * SIMULATION.shape.lengths["delay_quantiles_s"],
    "error": None,
    "status": "finished",
}


def are_fit(row: dict[str, Any], kind: RunKind = SIMULATION) -> set[bool]:
    """Return what is thought of a row in a journal and in a part."""
    in_journal = is_row(json.loads(json.dumps(row)), kind)
    return {in_journal, bool(fitting(make_table([row], kind, {}), kind)[0])}


@pytest.mark.parametrize(
    "change",
    [
        {"energy_j": math.nan},
        {"delay_mean_s": math.inf},
        {"missed": None},
        {"node_energy_j": [0.5, math.nan]},
        {"node_energy_j": [0.5]},
        {"delay_quantiles_s": []},
        {"warnings": [None]},
        {"cell_seconds": -1.0},
        {"cell_seconds": 2.4e298},
    ],
    ids=str,
)
def test_a_row_without_its_numbers_is_none(change: dict[str, Any]):
    assert are_fit(WHOLE) == {True}
    assert are_fit(WHOLE | change) == {False}


GROUP = ("first", "second", "third")
KIND = RunKind("made", {"name": "text"}, dict.fromkeys(GROUP, "floats"), shape=Shape())


@pytest.mark.parametrize("lost", GROUP)
def test_columns_that_belong_together_have_all_a_value_or_none(lost: str):
    together = replace(KIND, shape=Shape(together=(GROUP,)))
    none = {name: WHOLE.get(name) for name in KIND.table} | {"name": "x", "status": "finished"}
    row = none | {name: [0.5] for name in GROUP}
    for each in (none, row):
        assert are_fit(each, together) == {True}
    assert are_fit(row | {lost: None}, together) == {False}
    assert are_fit(row | {lost: None}, KIND) == {True}

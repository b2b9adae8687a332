"""Which cells a filter or a shard leaves."""

from collections import Counter

import pytest
from fake_runs import FAKE, FakeConfig
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.experiments.runs.cell import Row
from edgeopt.experiments.runs.index import index_of
from edgeopt.experiments.runs.select import Selection, selected_keys
from edgeopt.problems.errors import InputError

CONFIG = FakeConfig({"dir/p.csv": "1", "q[1]": "2"}, {"atsa": "A", "atsa-2": "B", "pso": "C"}, 4)
INDEX = index_of(CONFIG.cells(), FAKE)


def names(*filters: str) -> set[tuple[object, ...]]:
    """Return problem, solver and repetition of the cells that filters leave."""
    keys = selected_keys(Selection(filters), INDEX, FAKE)
    return {_names(entry) for entry in INDEX if entry["key"] in keys}


def _names(entry: Row) -> tuple[object, ...]:
    return entry["problem"], entry["solver"], entry["repetition"]


def test_patterns_of_one_column_are_added_and_columns_intersect():
    found = names("solver=atsa", "solver=p*", "repetition=3")
    assert found == {
        (problem, solver, 3) for problem in CONFIG.problems for solver in ("atsa", "pso")
    }
    assert len(names("solver=atsa*")) == 16
    assert len(names("repetition=[!0]")) == 18


def test_a_name_matches_itself_and_a_path_its_last_part():
    assert {problem for problem, *_ in names("problem=q[1]")} == {"q[1]"}
    assert {problem for problem, *_ in names("problem=p.*")} == {"dir/p.csv"}
    assert {problem for problem, *_ in names("problem=dir/*")} == {"dir/p.csv"}
    with pytest.raises(InputError, match=r"matches one of dir/p\.csv, q\[1\]"):
        names("problem=dir")


@given(st.integers(1, 30), st.integers(1, 9))
def test_shards_share_out_all_cells_and_every_solver(shards: int, repetitions: int):
    config = FakeConfig({"p": "1", "p too": "1", "q": "2"}, {"x": "X", "y": "Y"}, repetitions)
    index = index_of(config.cells(), FAKE)
    solver = {entry["key"]: entry["solver"] for entry in index}
    parts = [
        selected_keys(Selection((), f"{number}/{shards}"), index, FAKE)
        for number in range(1, shards + 1)
    ]
    assert sorted(key for part in parts for key in part) == sorted(solver)
    counts = [Counter(solver[key] for key in part) for part in parts]
    for name in "xy":
        share = [count[name] for count in counts]
        assert max(share) - min(share) <= 1
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_is_one_of_those_that_filters_leave():
    keys = [selected_keys(Selection(("solver=pso",), f"{n}/2"), INDEX, FAKE) for n in (1, 2)]
    assert keys[0] | keys[1] == selected_keys(Selection(("solver=pso",)), INDEX, FAKE)


@pytest.mark.parametrize("shard", ["", "3", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "1.0/2", "9" * 9])
def test_a_shard_that_is_none_is_refused(shard: str):
    with pytest.raises(InputError, match="must be I/N with I from 1 to N"):
        selected_keys(Selection((), shard), INDEX, FAKE)

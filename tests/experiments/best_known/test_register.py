"""Records as files, and the folder that keeps the best."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeopt.experiments.best_known.register import (
    keep_better,
    pack_record,
    read_register,
    unpack_record,
)
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.spec import load_problem


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 99_999), min_size=1), st.floats(0, 1e300))
def test_a_record_comes_back_as_it_was(record, nodes, makespan):
    before = record(assignment=np.array(nodes), makespan=makespan)
    after = unpack_record(pack_record(before), "here")
    assert after.assignment.dtype == np.int64
    assert after.assignment.tolist() == nodes
    assert {**asdict(after), "assignment": 0} == {**asdict(before), "assignment": 0}


def test_a_record_is_small():
    problem = load_problem("paper:2048x64:seed=0")
    nodes = np.random.default_rng(0).integers(0, 64, problem.tasks)
    assert len(pack_record_of(nodes)) < 3000


def pack_record_of(nodes):
    from edgeopt.experiments.best_known.register import KnownSchedule

    texts = dict.fromkeys(("instance", "solver", "version", "code"), "x")
    numbers = dict.fromkeys(("makespan", "lower_bound", "seconds"), 1.0)
    record = KnownSchedule(
        **texts, **numbers, digest="d" * 64, seed=0, repetition=0, assignment=nodes
    )
    return pack_record(record)


DAMAGES = {
    "cut": lambda values: json.dumps(values)[:-9],
    "empty": lambda values: "",
    "a list": lambda values: "[]",
    "a field missing": lambda values: json.dumps({k: v for k, v in values.items() if k != "seed"}),
    "a field too many": lambda values: json.dumps(values | {"more": 1}),
    "text for a number": lambda values: json.dumps(values | {"makespan": "3.0"}),
    "not a number": lambda values: json.dumps(values | {"makespan": float("nan")}),
    "no base64": lambda values: json.dumps(values | {"assignment": "?"}),
    "no zlib": lambda values: json.dumps(values | {"assignment": "AAAA"}),
    "no such type": lambda values: json.dumps(values | {"bytes": 3}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_refused(record, tmp_path, damage):
    keep_better(tmp_path, [record()])
    (path,) = tmp_path.glob("*.json")
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(InputError, match="must be a record of edgeopt best-known"):
        read_register(tmp_path)


def test_only_what_is_better_replaces(record, tmp_path):
    folder = tmp_path / "new" / "register"
    assert read_register(folder) == {}
    first, worse, equal, better = (record(makespan=m) for m in (3.0, 4.0, 3.0, 2.0))
    other = record(digest="b" * 64, instance="paper:8x2:seed=1", makespan=9.0)
    assert keep_better(folder, [first, other]) == [first, other]
    assert keep_better(folder, [worse, equal]) == []
    assert keep_better(folder, [better]) == [better]
    assert {d: r.makespan for d, r in read_register(folder).items()} == {
        "a" * 64: 2.0,
        "b" * 64: 9.0,
    }
    names = {path.name for path in folder.glob("*.json")}
    assert names == {"8x2-made.0-" + "a" * 16 + ".json", "paper-8x2-seed=1-" + "b" * 16 + ".json"}


def test_another_name_of_the_same_problem_is_the_same_file(record, tmp_path):
    keep_better(tmp_path, [record()])
    keep_better(tmp_path, [record(instance="copy", makespan=1.5)])
    (path,) = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["instance"] == "copy"


def test_of_two_files_on_one_problem_the_better_counts(record, tmp_path):
    for name, makespan in (("a", 2.0), ("b", 3.0)):
        (tmp_path / f"{name}.json").write_bytes(pack_record(record(makespan=makespan)))
    assert read_register(tmp_path)["a" * 64].makespan == 2.0


def test_of_many_at_a_time_the_best_stays(record, tmp_path):
    makespans = np.random.default_rng(0).permutation(40).astype(float)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda m: keep_better(tmp_path, [record(makespan=m)]), makespans))
    (kept,) = read_register(tmp_path).values()
    assert kept.makespan == 0.0


def test_a_register_that_cannot_be_written_is_bad_input(record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--register"):
        keep_better(tmp_path / "file", [record()])


def test_of_equal_makespans_the_larger_bound_is_kept(record, tmp_path):
    keep_better(tmp_path, [record()])
    assert not keep_better(tmp_path, [record(lower_bound=0.5), record(makespan=4.0)])
    assert keep_better(tmp_path, [record(lower_bound=2.0)])
    assert not keep_better(tmp_path, [record(makespan=3.5, lower_bound=2.5)])
    (kept,) = read_register(tmp_path).values()
    assert (kept.makespan, kept.lower_bound) == (3.0, 2.0)

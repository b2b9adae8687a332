"""The published makespans belong to the instances they are said to belong to."""

import csv
from pathlib import Path

import pytest

from edgeopt.experiments.best_known.register import REGISTER, read_register
from edgeopt.experiments.best_known.standing import best_known_makespans, published
from edgeopt.problems.scheduling.spec import load_problem

ROOT = Path(__file__).parents[3]
RECORDS = read_register(ROOT / REGISTER)


def test_facts_are_known_by_the_content_of_their_instances(shared, hcsp):
    for digest, fact in published().items():
        problem = hcsp(fact.instance)
        assert problem.digest == digest
        assert fact.instance.startswith(f"{problem.tasks}x{problem.nodes}/")
    with (shared / "hcsp" / "published.csv").open() as file:
        rows = {f"{row['size']}/{row['instance']}": row for row in csv.DictReader(file)}
    facts = {fact.instance: (fact.makespan, fact.bound) for fact in published().values()}
    assert facts == {
        name: (float(row["best_published_makespan"]), float(row["highs_60s_bound"]))
        for name, row in rows.items()
    }


def test_sources_are_those_of_the_makespans(shared):
    with (shared / "hcsp" / "published.csv").open() as file:
        rows = {f"{row['size']}/{row['instance']}": row for row in csv.DictReader(file)}
    for fact in published().values():
        values = {name: rows[fact.instance][f"{name}_makespan"] for name in ("cpr", "ms")}
        equal = {name for name, value in values.items() if value and float(value) == fact.makespan}
        assert fact.source in (equal or {"unnamed"})


@pytest.mark.parametrize("digest", RECORDS, ids=lambda digest: RECORDS[digest].instance)
def test_the_registers_schedules_hold(digest, request):
    record = RECORDS[digest]
    file = digest in published()
    problem = (request.getfixturevalue("hcsp") if file else load_problem)(record.instance)
    assert problem.digest == digest
    record.check(problem)


def test_the_least_of_published_and_registered_is_known(shared, tmp_path, record):
    spec = str(shared / "hcsp/512x16/u_c_hihi.0")
    assert best_known_makespans({spec: spec, "gone": "gone.csv"}, tmp_path) == {spec: 7358942.75}
    from edgeopt.experiments.best_known.register import keep_better

    digest = load_problem(spec).digest
    keep_better(tmp_path, [record(digest=digest, makespan=7.35e6)])
    assert best_known_makespans({spec: spec}, tmp_path) == {spec: 7.35e6}
    keep_better(tmp_path, [record(digest=digest, makespan=1.0)])
    assert best_known_makespans({spec: spec}, tmp_path) == {spec: 1.0}

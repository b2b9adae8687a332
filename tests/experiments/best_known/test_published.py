"""The published makespans belong to the instances they are said to belong to."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.experiments.best_known.facts import fact_of, published, published_of
from edgeopt.experiments.best_known.register import REGISTER, keep_better, read_register
from edgeopt.experiments.best_known.standing import best_known_makespans
from edgeopt.problems.scheduling.rcmax import rcmax
from edgeopt.problems.scheduling.spec import load_problem

ROOT = Path(__file__).parents[3]
RECORDS = read_register(ROOT / REGISTER)


LARGEST = 8192  # tasks; of these only some are made here, as each takes a third of a second

SAMPLE = ("B.u_c_hihi", "B.u_s_lolo")


def instance(name, hcsp):
    """Return a published instance: made from its seed or, without one, from a file."""
    size, _, kind = name.partition("/")
    seeded = kind.startswith("B.") and size != "1024x32"
    return load_problem(f"hcsp:{kind}:{size}") if seeded else hcsp(name)


def test_facts_are_known_by_the_content_of_their_instances(hcsp):
    for digest, fact in published().items():
        size, kind = fact.instance.split("/")
        if int(size.split("x")[0]) == LARGEST and kind not in SAMPLE:
            continue
        problem = instance(fact.instance, hcsp)
        assert problem.digest == digest
        assert size == f"{problem.tasks}x{problem.nodes}"
        assert 0.95 < fact.bound / fact.makespan <= 1


def rows(shared, file, *key):
    with (shared / file).open() as lines:
        return {"/".join(row[part] for part in key): row for row in csv.DictReader(lines)}


def test_values_are_those_of_the_sources(shared):
    known = rows(shared, "hcsp/published.csv", "size", "instance")
    seeds = rows(shared, "hcsp_seeds/seeds_and_published_cpr.csv", "size", "instance")
    facts = {fact.instance: fact for fact in published().values()}
    assert len(facts) == len(published())
    assert facts.keys() == known.keys() | seeds.keys()
    for name, row in known.items():
        assert facts[name].makespan == float(row["best_published_makespan"])
        assert facts[name].bound == float(row["highs_60s_bound"])
    for name, row in seeds.items():
        assert facts[name].makespan == pytest.approx(float(row["published_cpr_makespan"]), 1e-12)
        assert facts[name].source == "cpr"


def test_sources_are_those_of_the_makespans(shared):
    known = rows(shared, "hcsp/published.csv", "size", "instance")
    for fact in published().values():
        if fact.instance in known:
            row = known[fact.instance]
            values = {name: row[f"{name}_makespan"] for name in ("cpr", "ms")}
            equal = {
                name for name, value in values.items() if value and float(value) == fact.makespan
            }
            assert fact.source in (equal or {"unnamed"})


def test_published_values_of_fanjul_peyro_and_ruiz(shared):
    known = rows(shared, "rcmax/bounds_1400.csv", "set", "instance")
    assert len(known) == 1400
    for name, row in known.items():
        fact = fact_of("", f"rcmax/{name}")
        assert (fact.makespan, fact.bound) == (
            float(row["best_value"]),
            float(row["lower_bound_gurobi"]),
        )
        assert fact.source.upper() == row["best_by"].upper().replace("+", " ")
        assert fact.by_path
    assert fact_of("", "rcmax/U1a100/999") is None


FAMILIES = {
    "U1a100": "u_1_100",
    "U10a100": "u_10_100",
    "U100a120": "u_100_120",
    "U100a200": "u_100_200",
    "U1000a1100": "u_1000_1100",
    "JobsCorre": "jobs",
    "MaqCorre": "machines",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_instance_is_known_by_path_size_and_family(family):
    problem = rcmax(FAMILIES[family], 200, 20, rng=1)
    for path in (f"x/{family}/224.txt", f"{family.upper()}_224.csv.gz", f"{family}-224"):
        assert published_of(problem, path).instance == f"rcmax/{family}/224"
    assert published_of(problem, f"a\\instancias{family.removeprefix('U')}\\224.txt.gz") is not None
    for path in (
        f"{family}/234.txt",
        f"{family}/299.txt",
        f"x{family}/224.txt",
        "224.txt",
        f"{family}/0224",
    ):
        assert published_of(problem, path) is None
    fitting = {name for name in FAMILIES if published_of(problem, f"{name}/224.txt") is not None}
    assert fitting == {family}


def test_more_than_times_is_another_problem():
    plain = rcmax("u_1_100", 100, 10, rng=1)
    assert published_of(plain, "U1a100/111") is not None
    others = [
        rcmax("u_1_100", 100, 10, utilisation=0.9, rng=1),
        replace(plain, ready=np.ones(10)),
        replace(plain, et=plain.matrix + 0.5 * (plain.matrix == 7)),
        replace(plain, et=np.where(plain.matrix == 7, np.inf, plain.matrix)),
    ]
    for problem in others:
        assert published_of(problem, "U1a100/111") is None


@pytest.mark.parametrize("digest", RECORDS, ids=lambda digest: RECORDS[digest].instance)
def test_the_registers_schedules_hold(digest, request):
    record = RECORDS[digest]
    if digest in published():
        problem = instance(record.instance, request.getfixturevalue("hcsp"))
    else:
        problem = load_problem(record.instance)
    assert problem.digest == digest
    record.check(problem)


def test_the_least_of_published_and_registered_is_known(shared, tmp_path, record):
    spec = str(shared / "hcsp/512x16/u_c_hihi.0")
    assert best_known_makespans({spec: spec, "gone": "gone.csv"}, tmp_path) == {spec: 7358942.75}
    digest = load_problem(spec).digest
    keep_better(tmp_path, [record(digest=digest, makespan=7.35e6)])
    assert best_known_makespans({spec: spec}, tmp_path) == {spec: 7.35e6}
    keep_better(tmp_path, [record(digest=digest, makespan=1.0)])
    assert best_known_makespans({spec: spec}, tmp_path) == {spec: 1.0}

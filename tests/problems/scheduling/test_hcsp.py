"""HCSP instances from their seeds: equal to the stored ones, and to a plain reference."""

import ctypes
import ctypes.util

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.hcsp import hcsp
from edgeopt.problems.scheduling.spec import load_problem

STORED = ("B.u_c_hihi", "B.u_c_lolo", "B.u_i_hihi", "B.u_s_hihi")


@pytest.mark.parametrize("name", STORED)
def test_published_instances_are_made_bit_for_bit(name, hcsp):
    assert load_problem(f"hcsp:{name}:2048x64").digest == hcsp(f"2048x64/{name}").digest


def plain_times(task_range, node_range, tasks, nodes, seed):
    """Return the times as the C program prints them, before any row is sorted."""
    library = ctypes.CDLL(ctypes.util.find_library("c"))
    library.drand48.restype = ctypes.c_double
    library.srand48.argtypes = (ctypes.c_long,)
    library.srand48(seed)
    rows = []
    for _ in range(tasks):
        tau = np.float32(task_range * library.drand48())
        scale = float(np.float32(node_range) * tau)
        row = [float(np.float32(scale * library.drand48())) for _ in range(nodes)]
        rows.append([float(f"{time:.2f}") for time in row])
    return rows


@pytest.mark.parametrize(
    ("kind", "ranges", "seed"),
    [
        ("A.u_i_hihi", (100_000, 100), 0),
        ("A.u_i_lolo", (10, 10), 1),
        ("B.u_i_hilo", (3000, 10), 1214389271),
        ("B.u_i_lohi", (100, 1000), 2**31 - 1),
    ],
)
def test_times_are_those_of_the_c_library(kind, ranges, seed):
    assert hcsp(kind, 40, 9, seed=seed).matrix.tolist() == plain_times(*ranges, 40, 9, seed)


def test_rows_are_sorted_as_the_class_requires():
    plain = hcsp("B.u_i_lolo", 5, 6, seed=3).matrix
    ascending = np.sort(plain, axis=1)
    assert (plain != ascending).any(axis=1).all()
    assert (hcsp("B.u_c_lolo", 5, 6, seed=3).matrix == ascending).all()
    every_other = np.where(np.arange(5)[:, None] % 2 == 0, ascending, plain)
    assert (hcsp("B.u_s_lolo", 5, 6, seed=3).matrix == every_other).all()


def test_a_seed_makes_another_instance_of_any_size():
    spec = "hcsp:B.u_c_hihi:2048x64:seed=1214389181"
    assert load_problem(spec).digest == hcsp().digest != hcsp(seed=2).digest
    assert (
        load_problem("hcsp:A.u_s_lohi:30x4:seed=2").digest
        == hcsp("A.u_s_lohi", 30, 4, seed=2).digest
    )
    problem = load_problem("hcsp:B.u_c_lolo:20x4:utilisation=0.9:seed=1")
    assert problem.task_memory.sum() / problem.node_capacity.sum() == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "hcsp:A.u_c_hihi:2048x64",
            "seed: got None, must be given: .* 2048x64, 4096x128, 8192x256",
        ),
        ("hcsp:B.u_c_hihi:512x16", "seed: got None, must be given"),
        ("hcsp:u_c_hihi:2048x64", "kind: got 'u_c_hihi'"),
        ("hcsp:B.u_c_hihi", "hcsp spec: .* must be like hcsp:B.u_c_hihi:2048x64"),
        ("hcsp:B.u_c_hihi:8x2:seed=4294967296", "seed: got 4294967296"),
    ],
)
def test_bad_specs_are_refused(spec, message):
    with pytest.raises(InputError, match=message):
        load_problem(spec)

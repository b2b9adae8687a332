"""The scan against brute force, and Algorithm 2 against the scan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.optim.offloading.solvers import Answer, scan, tmoa_printed, tmoa_repaired
from edgeopt.problems.networks.load import load_network
from edgeopt.problems.offloading.program import OBJECTIVES, CutProgram, build_program
from edgeopt.problems.offloading.reading import PRINTED
from edgeopt.problems.systems.load import load_system

SEEDS = st.integers(0, 2**32 - 1)


def brute_force(program: CutProgram) -> int | None:
    """Compare all cuts one by one, in plain Python."""
    best = None
    for cut in range(program.depth + 1):
        met = all(program.values[row, cut] <= program.limits[row, cut] for row in range(4))
        cost = program.objective.sign * program.goal[cut]
        if met and (best is None or cost < best[0]):
            best = (cost, cut)
    return None if best is None else best[1]


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, objective=st.sampled_from(["delay", "deepest"]))
def test_scan_and_repaired_algorithm_equal_brute_force(random_one, seed: int, objective: str):
    program = random_one(seed, objective=objective)
    expected = brute_force(program)
    assert scan(program).cut == expected
    assert tmoa_repaired(program).cut == expected


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_real_programs(realistic, seed: int, objective: str):
    program = realistic(seed, objective)
    expected = brute_force(program)
    assert scan(program).cut == expected
    assert tmoa_repaired(program).cut == expected


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_the_printed_algorithm_is_the_scan_if_the_constraints_are_monotone(random_one, seed: int):
    program = random_one(seed, monotone=True, objective="deepest")
    strict = (program.values < program.limits)[:3].all(axis=0)
    met = program.holds[:3].all(axis=0)  # line 10 tests three of the four limits
    if (strict == met).all():  # no limit is met with equality
        best = np.flatnonzero(met).max()
        assert tmoa_printed(program).cut == min(best, program.depth - 1)  # never the last layer


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_the_printed_algorithm_is_never_deeper_than_the_scan(random_one, seed: int):
    program = random_one(seed, objective="deepest")
    printed = tmoa_printed(program)
    met = program.holds[:3].all(axis=0)
    assert met[printed.cut]
    assert printed.cut <= np.flatnonzero(met).max()


def test_the_printed_algorithm_stops_too_early(synthetic):
    values = np.zeros((4, 6))
    values[1, 1] = 2.0  # only cut 1 is too slow, as a large first feature map makes it
    program = synthetic(values, np.arange(6), objective="deepest")
    assert tmoa_printed(program).cut == 0
    assert scan(program).cut == 5


def test_the_printed_algorithm_does_not_ask_whether_the_queues_are_stable(synthetic):
    values = np.zeros((4, 6))
    values[3, 2:] = 2.0
    program = synthetic(values, np.arange(6), objective="deepest")
    assert tmoa_printed(program).cut == 4
    assert not tmoa_printed(program).is_feasible
    assert scan(program).cut == 1


@pytest.mark.parametrize("nodes", [10, 20, 30])
def test_to_the_letter_the_uplinks_of_all_nodes_leave_no_cut_of_table_1(nodes: int):
    system = load_system("table1", nodes=nodes)
    program = build_program(load_network("resnet34"), system, reading=PRINTED)
    # 150,528 bytes at 6 Mbit/s for each node (16), and not the cloud's time
    assert program.values[1, 0] == pytest.approx(nodes * 8 * 150_528 / 6e6, rel=1e-3)
    assert tmoa_printed(program).cut == 0


def test_the_printed_algorithm_never_tests_the_last_layer(synthetic):
    program = synthetic(np.zeros((4, 6)), np.arange(6), objective="deepest")
    assert tmoa_printed(program).cut == 4
    assert tmoa_repaired(program).cut == 5


def test_the_printed_algorithm_wants_strict_inequalities(synthetic):
    program = synthetic(np.ones((4, 4)), np.arange(4), objective="deepest")
    assert tmoa_printed(program).cut == 0
    assert scan(program).cut == 3


def test_the_printed_algorithm_returns_cut_0_untested(synthetic):
    program = synthetic(np.full((4, 4), 2.0), np.arange(4), objective="deepest")
    answer = tmoa_printed(program)
    assert answer.cut == 0
    assert not answer.is_feasible
    assert scan(program).cut is None


def test_no_feasible_cut_is_an_answer_that_says_what_fails(synthetic):
    values = np.zeros((4, 3))
    values[1] = [1.5, 2.0, 3.0]
    values[3, 2] = 9.0
    answer = scan(synthetic(values, np.zeros(3)))
    assert answer.cut is None
    assert answer.feasible_cuts == ()
    assert answer.objective_value is None
    assert answer.binding == ("delay",)
    assert [row.name for row in answer.rows if not row.holds] == ["delay"]
    assert answer.rows[1].slack == pytest.approx(-0.5)


def test_binding_is_what_the_next_better_cut_violates(synthetic):
    values = np.zeros((4, 5))
    values[0] = [0, 0.2, 0.4, 1.2, 1.4]
    values[2, 4] = 3.0
    answer = scan(synthetic(values, np.arange(5), objective="deepest"))
    assert answer.cut == 2
    assert answer.feasible_cuts == (0, 1, 2)
    assert answer.binding == ("memory",)
    assert answer.objective_value == 2
    free = scan(synthetic(np.zeros((4, 5)), np.arange(5), objective="deepest"))
    assert free.binding == ()


def test_a_constraint_binds_if_it_alone_forbids_a_better_cut(synthetic):
    values = np.zeros((4, 5))
    values[0, 1:3] = values[3, 1] = 2.0  # cut 1 violates two, cut 2 the memory alone
    values[1, 3:] = values[2, 3:] = 2.0  # cuts 3 and 4 violate two
    program = synthetic(values, np.array([9.0, 8.0, 7.0, 6.0, 5.0]))
    assert scan(program).cut == 0
    assert scan(program).binding == ("memory",)
    values[2, 2] = 2.0
    assert scan(synthetic(values, program.goal)).binding == ("memory", "stability")


def test_ties_go_to_the_shallowest_cut(synthetic):
    program = synthetic(np.zeros((4, 4)), np.array([3.0, 1.0, 1.0, 2.0]))
    assert scan(program).cut == tmoa_repaired(program).cut == 1


def test_an_answer_reports_how_many_cuts_it_tested(synthetic):
    program = synthetic(np.zeros((4, 4)), np.arange(4), objective="deepest")
    answers: list[Answer] = [scan(program), tmoa_repaired(program), tmoa_printed(program)]
    assert [answer.tested for answer in answers] == [4, 1, 2]


def test_algorithm_2_on_a_real_network_behind_a_slow_link():
    program = build_program(load_network("resnet34"), load_system("pi_lte"))
    # the first maps take longer to upload than the deadline, the later ones do not
    answer = tmoa_printed(program)
    assert answer.feasible_cuts == (0, 9, 11, 13, *range(15, 35))
    assert answer.cut == 0
    assert tmoa_repaired(program).cut == scan(program).cut == 34

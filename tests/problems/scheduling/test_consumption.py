"""Energy, cost, power and deadlines: what a problem may state, in all its forms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import load_file, write_npz
from edgeopt.problems.scheduling.instructions import from_instructions
from edgeopt.problems.scheduling.power import with_power
from edgeopt.problems.scheduling.problem import CONSUMPTION, Problem
from edgeopt.problems.scheduling.spec import files_of, load_problem

TIMES = [[3.0, 5.0], [2.0, np.inf], [4.0, 4.0]]
ENERGY = [[9.0, 5.0], [1.0, np.nan], [2.0, 8.0]]  # a pair that cannot run needs no number

STATED = Problem(
    TIMES,
    energy=ENERGY,
    cost=[[1.0, 2.0]] * 3,
    idle_power=[0.5, 0.25],
    deadlines=[3.0, 4.0, 9.0],
)


def test_nothing_changes_for_a_problem_without():
    # the digest names the rows and the streams of all sweeps
    digest = "f38477cd1070d1b5"
    assert Problem([[3.0, 5.0], [2.0, 1.0]]).digest[:16] == digest
    assert all(getattr(Problem(TIMES), field) is None for field in CONSUMPTION)


def test_numbers_are_checked_and_kept():
    assert STATED.energy.tolist() == [[9.0, 5.0], [1.0, np.inf], [2.0, 8.0]]
    assert STATED.pair_energy is STATED.energy
    assert not any(getattr(STATED, name).flags.writeable for name in ("energy", "deadlines"))
    by_power = Problem(TIMES, active_power=[2.0, 0.0]).pair_energy
    assert by_power.tolist() == [[6.0, 0.0], [4.0, np.inf], [8.0, 0.0]]
    assert "states energy, cost, idle power, deadlines" in STATED._repr_html_()


def test_each_field_has_its_own_digest():
    plain = Problem(TIMES)
    pairs, nodes = np.ones((3, 2)), np.ones(2)
    several = [
        plain,
        replace(plain, energy=pairs),
        replace(plain, cost=pairs),
        replace(plain, active_power=nodes),
        replace(plain, energy=pairs, idle_power=nodes),
        replace(plain, deadlines=np.ones(3)),
        replace(plain, ready=nodes),
    ]
    assert len({problem.digest for problem in several}) == len(several)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"energy": [[1.0, 2.0]]}, "energy.shape: got (1, 2), must be (3, 2)"),
        ({"energy": [[1.0, np.inf]] * 3}, "energy[0, 1]: got inf"),
        ({"cost": [[1.0, -1.0]] * 3}, "cost[0, 1]: got -1.0"),
        ({"cost": [[1e308, 1.0]] * 3}, "cost: got 1e+308, must be so small"),
        ({"active_power": [1.0]}, "active_power.shape"),
        ({"active_power": [1.0, np.nan]}, "active_power[1]"),
        ({"idle_power": [1.0, 1.0]}, "idle_power: got [1.0, 1.0], must be given with energy"),
        ({"energy": np.ones((3, 2)), "active_power": [1.0, 1.0]}, "active_power: got"),
        ({"active_power": [1.0, 3.0], "idle_power": [1.0, 4.0]}, "idle_power[1]: got 4.0"),
        ({"deadlines": [1.0, 2.0]}, "deadlines.shape"),
        ({"deadlines": "soon"}, "deadlines"),
        ({"energy": pd.DataFrame(np.ones((3, 2)), columns=["b", "a"])}, "energy labels: got"),
    ],
)
def test_bad_numbers_are_refused(fields, message):
    names = {"node_names": ("a", "b")} if "labels" in message else {}
    with pytest.raises(InputError) as caught:
        Problem(TIMES, **names, **fields)
    assert message in str(caught.value)


def test_an_archive_keeps_all(tmp_path: Path):
    write_npz(tmp_path / "p.npz", STATED)
    again = load_file(tmp_path / "p.npz")
    assert again.digest == STATED.digest
    assert again.cost.tolist() == STATED.cost.tolist()


def test_tables_beside_that_of_the_times(tmp_path: Path):
    texts = {
        "t.csv": "task,a,b\nr,3,5\ns,2,\nt,4,4\n",
        "e.csv": "task,a,b\nr,9,5\ns,1,\nt,2,8\n",
        "p.csv": "active_power_w,idle_power_w\n4,1\n5,2\n",
        "d.csv": "task,deadline_s\nr,3\ns,4\nt,9\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    spec = f"{tmp_path}/t.csv:energy=e.csv:cost=e.csv:deadlines=d.csv"
    problem = load_problem(spec)
    assert problem.energy.tolist() == problem.cost.tolist() == STATED.energy.tolist()
    assert problem.deadlines.tolist() == [3.0, 4.0, 9.0]
    names = [path.name for path in files_of(spec)]
    assert names == ["t.csv", "e.csv", "e.csv", "d.csv"]
    by_power = load_problem(f"{tmp_path}/t.csv:index=yes:power=p.csv")
    assert by_power.active_power.tolist() == [4.0, 5.0]
    assert by_power.idle_power.tolist() == [1.0, 2.0]
    (tmp_path / "e.csv").write_text("task,b,a\nr,9,5\ns,1,\nt,2,8\n")
    with pytest.raises(InputError, match="nodes of the times, in their order"):
        load_problem(f"{tmp_path}/t.csv:energy=e.csv")
    with pytest.raises(InputError, match="one of the columns active_power_w"):
        load_problem(f"{tmp_path}/t.csv:power=d.csv")
    with pytest.raises(InputError, match="given once"):
        load_problem(f"{tmp_path}/t.csv:power=p.csv:power=p.csv")


def test_columns_of_tasks_and_nodes_in_instructions():
    tasks = {"length_mi": [4.0, 2.0], "deadline_s": [1.0, 2.0]}
    nodes = {"mips": [1.0, 2.0], "active_power_w": [3.0, 5.0], "idle_power_w": [1.0, 2.0]}
    problem = from_instructions(tasks, nodes)
    assert problem.pair_energy.tolist() == [[12.0, 10.0], [6.0, 5.0]]
    assert problem.idle_power.tolist() == [1.0, 2.0]
    assert problem.deadlines.tolist() == [1.0, 2.0]


def test_power_grows_with_speed():
    plain = load_problem("paper:20x6:seed=3")
    for exponent in (0, 1, 3):
        drawn = load_problem(f"paper:20x6:power={exponent}:seed=3")
        assert drawn.et.speed.tolist() == plain.et.speed.tolist()
        speeds = plain.et.speed / np.exp(np.log(plain.et.speed).mean())
        factors = drawn.active_power / (5.0 * speeds**exponent)
        assert (np.abs(factors - 1.0) <= 0.2).all()
        assert drawn.idle_power == pytest.approx(0.3 * drawn.active_power)
    # a node of no time or no task has mean speed
    odd = Problem([[0.0, 2.0, np.inf], [0.0, 4.0, np.inf]])
    power = with_power(odd, 2.0, np.random.default_rng(1)).active_power
    assert ((power >= 4.0) & (power <= 6.0)).all()
    with pytest.raises(InputError, match="states its energy"):
        with_power(STATED, 1.0, np.random.default_rng(1))
    with pytest.raises(InputError, match="power"):
        load_problem("braun:5x2:power=9")

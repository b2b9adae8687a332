"""The factorial study: all combinations, once each, on the same pools."""

from pathlib import Path

import pytest

from edgeopt.experiments.paper.fig7 import part
from edgeopt.experiments.paper.fig7.design import Pools, read_factorial, read_pools
from edgeopt.optim.scheduling.catalog import build_solver
from edgeopt.optim.scheduling.colony.atsa import ATSA
from edgeopt.problems.errors import InputError
from edgeopt.problems.files import read_toml
from edgeopt.problems.scheduling.spec import load_problem

FACTORS = part.PAPER_FOLDER / "fig7_factors.toml"


def test_the_first_colony_is_the_papers_letter():
    study = read_factorial(FACTORS, quick=False)
    colonies = study.colonies()
    assert next(iter(colonies)) == study.printed == ("before task", "memory", "Q/total", "printed")
    solvers = study.sweep().solvers
    assert build_solver(solvers["with task, memory, Q/total, printed"]) == ATSA.printed()
    letter = build_solver(solvers["before task, memory, Q/total, printed"])
    assert letter == ATSA(occupancy="before-task")
    tuned = build_solver({"solver": "results/tuning/atsa-paper/best.toml"})
    assert build_solver(solvers["with task, memory, Q/total, tuned"]) == tuned


def test_every_combination_stands_in_the_sweep_once():
    study = read_factorial(FACTORS, quick=True)
    config = study.sweep()
    colonies = [build_solver(config.solvers[name]) for name in config.solvers]
    assert len({solver for solver in colonies if isinstance(solver, ATSA)}) == 3 * 2**3
    assert list(config.solvers)[:2] == ["fcfs", "round-robin"]
    pools = study.pools
    assert len(config.problems) == len(pools.nodes) * 3 * 2 * pools.seeds
    names = ["independent", "correlated", "proportional"]
    assert [kind[0] for kind in study.kinds()] == [name for name in names for _ in range(2)]


def test_kinds_of_one_seed_share_their_nodes():
    study = read_factorial(FACTORS, quick=True)
    pools = [study.pools.names(10, options)[3] for options in study.kinds().values()]
    speeds = {load_problem(name).et.speed.tobytes() for name in pools}
    assert len(pools) == 6
    assert len(speeds) == 1


def test_names_of_pools():
    pools = Pools(tasks=200, nodes=(10, 20), seeds=2, seed=1)
    assert pools.names(20) == ["paper:200x20:seed=0", "paper:200x20:seed=1"]
    assert pools.names(10, ["slack=2"])[1] == "paper:200x10:slack=2:seed=1"


def test_quick_is_smaller():
    table = read_toml(part.PAPER_FOLDER / "fig7.toml")
    full, quick = (read_pools(table, quick) for quick in (False, True))
    assert full.seeds == 100 > quick.seeds
    assert full.nodes == quick.nodes == (10, 20, 30)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("nodes = [10, 30]", "nodes = 10"),
        ("nodes = [10, 30]", "nodes = []"),
        ("nodes = [10, 30]", "nodes = [0]"),
        ("seeds = 20", "seeds = 1"),
        ("tasks = 200", "tasks = 0"),
        ("seed = 7", "seed = -1"),
        ("seed = 7", "sead = 7"),
        ("tasks = 200", ""),
        ('rivals = ["fcfs", "round-robin"]', "rivals = 3"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, line: str, field: str):
    text = FACTORS.read_text()
    assert line in text
    (tmp_path / "broken.toml").write_text(text.replace(line, field))
    with pytest.raises(InputError):
        read_factorial(tmp_path / "broken.toml", quick=False)

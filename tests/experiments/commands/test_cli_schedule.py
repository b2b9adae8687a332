"""`edgeopt schedule`, `solvers` and `problems` as a user runs them."""

import json
import math
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeopt.experiments.runs.provenance import version
from edgeopt.optim.scheduling.catalog import SOLVERS, make_solver
from edgeopt.optim.scheduling.interrupt import Interrupts
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Evaluations
from edgeopt.problems.scheduling.spec import EXAMPLES, load_problem

KEYS = {
    *("solver", "problem", "tasks", "nodes", "makespan", "lower_bound", "gap", "evaluations"),
    *("seconds", "seed", "status", "assignment"),
}
POOL = "paper:30x4:seed=1"
OWN = """
from dataclasses import dataclass
import numpy as np
from edgeopt.optim import State

def nowhere(problem, rng):
    return [-1] * problem.tasks

def alternate(problem, rng):
    return np.arange(problem.tasks) % problem.nodes

@dataclass(frozen=True)
class Shift:
    by: int = 0

    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        state.assignment = (np.arange(problem.tasks) + self.by) % problem.nodes
        state.makespan = problem.makespan(state.assignment)
        state.evaluations, state.done = state.evaluations + 1, True
        return state

def breaks(problem, rng):
    return divide(problem.tasks)

def divide(number):
    return {}["no such key"][number]

class Liar(Shift):
    def step(self, problem, state):
        state = super().step(problem, state)
        state.makespan *= 0.5
        return state
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a file with solvers of a user's own."""
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def schedule(edgeopt: Callable, *arguments: str) -> dict:
    """Return what ``edgeopt schedule --json`` prints."""
    outcome = edgeopt("schedule", *arguments, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


NAMED = "task;pi;tx2\nresize;1,5;0,5\ndetect;;2,5\n"


def test_parameters_of_a_function_of_ones_own(edgeopt: Callable, tmp_path: Path):
    (tmp_path / "own.py").write_text(
        "from beside import first\n\ndef mine(problem, rng, *, node=0, twice=False):\n"
        "    return first([node * (2 if twice else 1)] * problem.tasks)\n"
    )
    (tmp_path / "beside.py").write_text("def first(nodes):\n    return nodes\n")
    settings = ("--set", "node=1", "--set", "twice=true")
    answer = schedule(edgeopt, "braun:3x4", "--solver", "own.py:mine", *settings)
    assert answer["assignment"] == [2, 2, 2]
    outcome = edgeopt("schedule", "braun:3x4", "--solver", "own.py:mine", "--set", "nodes=1")
    assert outcome.err == ("edgeopt: parameter: got 'nodes', must be one of node, twice\n")


def test_names_are_kept(edgeopt: Callable, tmp_path: Path):
    (tmp_path / "t.csv").write_text(NAMED)
    out = tmp_path / "out.csv"
    answer = schedule(edgeopt, str(tmp_path / "t.csv"), "--solver", "lpt", "--out", str(out))
    assert answer["task_names"] == ["resize", "detect"]
    assert answer["node_names"] == ["pi", "tx2"]
    assert answer["assignment"] == [0, 1]
    assert out.read_text() == "task,node\nresize,pi\ndetect,tx2\n"
    out = tmp_path / "out.txt"
    schedule(edgeopt, str(tmp_path / "t.csv"), "--solver", "lpt", "--out", str(out))
    assert out.read_text() == "0\n1\n"
    assert "task_names" not in schedule(edgeopt, POOL, "--solver", "lpt")


def test_a_table_of_two_readings_is_asked_about(edgeopt: Callable, tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("0,1\n2,3\n")
    outcome = edgeopt("schedule", str(path), "--solver", "lpt")
    assert outcome.code == 2
    assert f"({path}:header=yes)" in outcome.err
    assert schedule(edgeopt, f"{path}:header=yes", "--solver", "lpt")["tasks"] == 1


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_gives_a_valid_schedule_as_json(edgeopt: Callable, solver: str):
    answer = schedule(edgeopt, POOL, "--solver", solver, "--iterations", "3", "--seed", "5")
    problem = load_problem(POOL)
    assert answer.keys() >= KEYS
    assert (answer["solver"], answer["problem"], answer["seed"]) == (solver, POOL, 5)
    assert (answer["tasks"], answer["nodes"]) == (30, 4)
    if answer["assignment"] is not None:
        assert answer["makespan"] == problem.makespan(answer["assignment"])
        assert problem.fits(answer["assignment"])
        assert answer["gap"] == pytest.approx(answer["makespan"] / answer["lower_bound"] - 1)


def test_the_answer_is_that_of_the_library(edgeopt: Callable):
    arguments = ["--solver", "atsa", "--set", "beta=3", "--set", "ants=7"]
    answer = schedule(edgeopt, POOL, *arguments, "--evaluations", "70", "--seed", "2")
    solver = make_solver("atsa", {"beta": 3.0, "ants": 7})
    result = solve(load_problem(POOL), solver, stop=Evaluations(70), rng=2)
    assert result.assignment is not None
    assert answer["assignment"] == result.assignment.tolist()
    assert (answer["evaluations"], answer["iterations"]) == (70, 10)
    assert answer["status"] == "evaluations"


def test_the_seed_printed_repeats_a_run_without_seed(edgeopt: Callable):
    arguments = [POOL, "--solver", "atsa", "--iterations", "4"]
    first = schedule(edgeopt, *arguments)
    again = schedule(edgeopt, *arguments, "--seed", str(first["seed"]))
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert schedule(edgeopt, *arguments)["seed"] != first["seed"]


def test_budgets(edgeopt: Callable):
    arguments = [POOL, "--solver", "atsa", "--seed", "0"]
    assert schedule(edgeopt, *arguments)["iterations"] == 100
    assert schedule(edgeopt, *arguments, "--target-gap", "9")["status"] == "target_gap"
    answer = schedule(edgeopt, *arguments, "--seconds", "0.05", "--iterations", "1000000")
    assert answer["status"] == "seconds"
    assert 0.0 < answer["seconds"] < 1  # less than asked for where the bound takes its part


def test_the_table_names_problem_makespan_bound_and_gap(edgeopt: Callable):
    outcome = edgeopt("schedule", POOL, "--solver", "lpt", "--seed", "0")
    answer = schedule(edgeopt, POOL, "--solver", "lpt", "--seed", "0")
    assert (outcome.code, outcome.err) == (0, "")
    rows = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in outcome.out.splitlines())
    assert rows["problem"] == f"{POOL} (30 x 4)"
    assert rows["solver"] == "lpt, seed 0"
    assert float(rows["makespan"].removesuffix(" s")) == pytest.approx(answer["makespan"])
    assert float(rows["lower bound"].removesuffix(" s")) == pytest.approx(answer["lower_bound"])
    assert float(rows["gap"].removesuffix(" %")) == pytest.approx(100 * answer["gap"], abs=1e-4)
    assert rows["status"] == "optimal"


def test_what_was_allowed_is_told_where_a_run_used_more(edgeopt: Callable):
    words = ("schedule", "braun:u_i_hihi:30x4:seed=1", "--seed", "1", "--solver")
    over = edgeopt(*words, "local-search", "--evaluations", "20").out
    assert re.search(r"evaluations +\d+ of 20 allowed in", over)
    assert "allowed" not in edgeopt(*words, "atsa", "--evaluations", "20").out


def test_the_assignment_goes_to_a_file(edgeopt: Callable, tmp_path: Path):
    arguments = [POOL, "--solver", "mct", "--out", "nodes.txt"]
    answer = schedule(edgeopt, *arguments)
    lines = (tmp_path / "nodes.txt").read_text().splitlines()
    assert [int(line) for line in lines] == answer["assignment"]


def test_a_problem_without_schedule_found_ends_with_one(
    edgeopt: Callable, own: Path, tmp_path: Path
):
    arguments = ["schedule", POOL, "--solver", f"{own}:nowhere", "--out", "nodes.txt"]
    outcome = edgeopt(*arguments, "--json")
    answer = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (1, "")
    assert answer["status"] == "infeasible"
    assert answer["makespan"] is answer["gap"] is answer["assignment"] is None
    assert not (tmp_path / "nodes.txt").exists()
    assert "infeasible" in edgeopt(*arguments).out


@pytest.mark.parametrize("name", ["alternate", "Shift"])
def test_solvers_of_ones_own(edgeopt: Callable, own: Path, name: str):
    (own.parent / "t.csv").write_text("1,2\n2,1\n3,3\n")
    answer = schedule(edgeopt, "t.csv", "--solver", f"own.py:{name}")
    assert answer["assignment"] == [0, 1, 0]
    assert answer["solver"] == f"own.py:{name}"
    assert (answer["makespan"], answer["status"]) == (4.0, "finished")


def test_parameters_of_a_solver_of_ones_own(edgeopt: Callable, own: Path):
    (own.parent / "t.csv").write_text("1,2\n2,1\n3,3\n")
    answer = schedule(edgeopt, "t.csv", "--solver", "own.py:Shift", "--set", "by=1")
    assert answer["assignment"] == [1, 0, 1]


def test_a_false_claim_is_one_line_and_code_one(edgeopt: Callable, own: Path):
    (own.parent / "t.csv").write_text("1,2\n2,1\n3,3\n")
    outcome = edgeopt("schedule", "t.csv", "--solver", "own.py:Liar")
    assert outcome == (1, "", "edgeopt: the solver claims a makespan of 2.0 s, it is 4.0 s\n")


def test_an_exception_shows_the_users_own_frames(edgeopt: Callable, own: Path):
    outcome = edgeopt("schedule", POOL, "--solver", f"{own}:breaks")
    assert (outcome.code, outcome.out) == (1, "")
    lines = outcome.err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    files = [line.split('"')[1] for line in lines if line.startswith("  File")]
    assert files == [str(own)] * 2
    assert "return divide(problem.tasks)" in outcome.err
    assert lines[-1] == f"edgeopt: solver {own}:breaks failed: KeyError: 'no such key'"


def test_a_published_instance(edgeopt: Callable, shared: Path):
    path = shared / "hcsp" / "512x16" / "u_c_hihi.0"
    answer = schedule(edgeopt, str(path), "--solver", "min-min")
    assert answer["makespan"] == pytest.approx(8460675.0, abs=0.1)
    assert answer["lower_bound"] < answer["makespan"]
    assert math.isclose(answer["gap"], answer["makespan"] / answer["lower_bound"] - 1)


def test_the_lists_name_all_there_is(edgeopt: Callable):
    solvers, problems = edgeopt("solvers").out, edgeopt("problems").out
    for name in SOLVERS:
        assert f"\n{name}: " in f"\n{solvers}"
    assert "rho = 0.5: " in solvers
    assert all(example in problems for example in EXAMPLES.values())


def test_one_solver_in_detail(edgeopt: Callable, own: Path):
    listed = edgeopt("solvers", "atsa")
    assert (listed.code, listed.err) == (0, "")
    assert "rho = 0.5: evaporation (3)\n    float, >= 0, <= 1; tuned in 0.01 to 0.99" in " ".join(
        listed.out.split(" ")
    )
    assert "From: Xu, Zhang" in listed.out
    assert listed.out.rstrip().endswith("atsa.py (ATSA)")
    assert "by = 0\n    int" in edgeopt("solvers", f"{own}:Shift").out
    assert "No parameters." in edgeopt("solvers", "lpt").out
    missing = edgeopt("solvers", "atas")
    assert missing.code == 2
    assert "did you mean atsa?" in missing.err


def test_one_generator_or_problem_in_detail(edgeopt: Callable, own: Path):
    generator = edgeopt("problems", "paper").out
    assert "slack = 2.0: Total memory of the nodes over total memory of the tasks" in generator
    (own.parent / "t.csv").write_text("task,edge,cloud\na,1,2\nb,2,\nc,3,3\n")
    table = edgeopt("problems", "t.csv").out
    assert "3 tasks x 2 nodes" in table
    assert "a, b, c" in table
    assert "edge, cloud" in table
    assert re.search(r"forbidden pairs +1\b", table)
    assert edgeopt("problems", "papr").code == 2


def test_where_to_put_ones_own_scheduler(edgeopt: Callable):
    for arguments in (["solvers"], ["schedule", "--help"]):
        text = " ".join(edgeopt(*arguments).out.split())
        assert text.endswith("and name it as --solver file.py:f.")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("edgeopt sol", ["solvers"]),
        ("edgeopt schedule x --solver ats", ["atsa", "atsa-repaired", "atsa-beyond"]),
        ("edgeopt tune x.toml --accept", ["--accept-code"]),
    ],
)
def test_the_shell_completes(
    edgeopt: Callable, monkeypatch: pytest.MonkeyPatch, words: str, found: list[str]
):
    monkeypatch.setenv("_EDGEOPT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert edgeopt().out.split() == found


def test_version_and_help(edgeopt: Callable):
    assert edgeopt("--version") == (0, f"{version()}\n", "")
    assert edgeopt("--help").code == 0
    bare = edgeopt()
    assert (bare.code, bare.err) == (2, "")
    assert "Usage" in bare.out


PRESSED = """
import signal
import numpy as np
from edgeopt.optim import State

class Pressed:
    def __init__(self, number: int = 2, first: bool = False):
        self.number, self.first, self.steps = number, first, 0

    def init(self, problem, rng):
        return State()

    def step(self, problem, state):
        self.steps += problem.tasks > 2
        # not in the warm-up, which has two tasks
        if problem.tasks > 2 and (self.first or self.steps > 1):
            signal.raise_signal(self.number)
        state.assignment = np.arange(problem.tasks) % problem.nodes
        state.makespan = problem.makespan(state.assignment)
        return state
"""


@pytest.mark.filterwarnings("default")  # the command prints warnings by itself
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_with_its_best_schedule(
    edgeopt: Callable, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Interrupts, "last", -math.inf)
    monkeypatch.setattr("edgeopt.experiments.cli._warned", set())
    before = signal.getsignal(signal.SIGTERM)
    (tmp_path / "own.py").write_text(PRESSED)
    solver = ("--solver", "own.py:Pressed", "--set", f"number={int(number)}")
    outcome = edgeopt("schedule", "braun:6x3", *solver, "--out", "found.txt", "--json")
    assert outcome.code == 128 + number
    assert "interrupted: the result is the best schedule so far" in outcome.err
    answer = json.loads(outcome.out)
    assert (answer["status"], answer["assignment"]) == ("interrupted", [0, 1, 2, 0, 1, 2])
    assert (tmp_path / "found.txt").read_text() == "0\n1\n2\n0\n1\n2\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_before_the_first_schedule(
    edgeopt: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Interrupts, "last", -math.inf)
    (tmp_path / "own.py").write_text(PRESSED)
    solver = ("--solver", "own.py:Pressed", "--set", "first=true")
    outcome = edgeopt("schedule", "braun:6x3", *solver, "--out", "found.txt", "--json")
    assert (outcome.code, outcome.out) == (130, "")
    assert not (tmp_path / "found.txt").exists()

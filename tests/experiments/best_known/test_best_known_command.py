"""`edgeopt best-known` on small sweeps."""

import json

import pytest

from edgeopt.experiments.best_known import facts as facts_module
from edgeopt.experiments.best_known.facts import Published
from edgeopt.experiments.runs.checks import sealed_json
from edgeopt.experiments.runs.store import read_description
from edgeopt.problems.scheduling.formats import write_hcsp
from edgeopt.problems.scheduling.spec import load_problem

BROKEN = "def nothing(problem, rng):\n    return [-1] * problem.tasks\n"
SWEEP = """
problems = ["times.csv", "paper:20x3:seed=0"]
repetitions = 2
seed = 7
budget = { iterations = 2 }
[solvers.mct]
[solvers.round-robin]
[solvers.nothing]
solver = "broken.py:nothing"
"""
TIMES = "3,1\n2,4\n5,5\n1,2\n"  # round-robin: 8 s; MCT: 6 s, the best


@pytest.fixture
def swept(edgeopt, tmp_path):
    """Return the command, with the output of a sweep in ``out``."""
    (tmp_path / "times.csv").write_text(TIMES)
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    assert edgeopt("sweep", "sweep.toml", "--out", "out").code == 0
    return edgeopt


@pytest.fixture
def fact(monkeypatch, tmp_path):
    """Let a makespan of 6.5 s be published for the file, under another name."""
    (tmp_path / "copy.csv").write_text(TIMES)
    digest = load_problem(tmp_path / "copy.csv").digest
    facts = {digest: Published("4x2/copy", 6.5, "by hand", 5.75)}
    monkeypatch.setattr(facts_module, "published", lambda: facts)


def test_the_best_run_stands_beside_the_published_one(swept, fact):
    small, pool = json.loads(swept("best-known", "out", "--json").out)
    assert small["instance"] == "4x2/copy"
    assert (small["published"], small["source"], small["bound"]) == (6.5, "by hand", 5.75)
    assert (small["ours"], small["new_best"]) == (6.0, True)
    assert small["gap_published"] == pytest.approx(6 / 6.5 - 1)
    assert small["gap_bound"] == pytest.approx(6 / 5.75 - 1)
    assert small["assignment"] == [1, 0, 1, 0]
    assert small["found_by"]["solver"] == "mct"
    assert (small["found_by"]["seed"], small["found_by"]["repetition"]) == (7, 0)
    assert (pool["instance"], pool["published"], pool["gap_published"]) == (
        "paper:20x3:seed=0",
        None,
        None,
    )


def test_the_table_fits_a_line_for_each_instance(swept, fact):
    header, small, pool = swept("best-known", "out").out.splitlines()
    assert header.split()[:2] == ["instance", "published"]
    entries = ["4x2/copy", "6.5", "by", "hand", "6", "-7.692%", "4.348%", "yes", "mct"]
    assert small.split() == entries
    assert pool.split()[:2] == ["paper:20x3:seed=0", "–"]


def test_the_register_keeps_the_best_and_shows_it_later(swept, fact, tmp_path):
    assert "2 of 2 schedules" in swept("best-known", "out", "--update").err
    assert len(list((tmp_path / "results/frontier/best").glob("*.json"))) == 2
    assert "0 of 2 schedules" in swept("best-known", "out", "--update").err
    shown = swept("best-known").out
    assert shown == swept("best-known", "out").out
    rows = swept("best-known", "--markdown").out.splitlines()
    assert len(rows) == 4
    assert rows[2].startswith(
        "| 4x2/copy | 6.5 | by hand | 6 | -7.692% | 4.348% | yes | mct, seed 7, run 0, "
    )


def test_a_better_schedule_of_the_register_is_ours(swept, tmp_path, edgeopt):
    swept("best-known", "out", "--update")
    weak = SWEEP.replace("[solvers.mct]\n", "")
    (tmp_path / "weak.toml").write_text(weak)
    assert edgeopt("sweep", "weak.toml", "--out", "weak").code == 0
    assert "0 of 2" in edgeopt("best-known", "weak", "--update").err
    best = json.loads(edgeopt("best-known", "weak", "--json").out)
    assert {row["found_by"]["solver"] for row in best} == {"mct"}


def test_all_solvers_side_by_side(swept, fact):
    text = swept("best-known", "out", "--markdown").out
    assert text.startswith("Gap over the lower bound in %, 4 x 2:")
    assert "Gap over the best published in %, 4 x 2:" in text
    assert "Gap over the best published in %, 20 x 3:" not in text
    table = text.split("published in %, 4 x 2:")[1].split("Gap")[0].splitlines()
    assert table[2] == "| instance | mct | round-robin | nothing |"
    assert table[4] == "| 4x2/copy | **-7.692** | 23.077 | – |"
    assert table[5] == "| **median** | **-7.692** | 23.077 | – |"


def test_the_register_is_beside_the_solvers(swept, tmp_path, edgeopt):
    swept("best-known", "out", "--update")
    (tmp_path / "weak.toml").write_text(SWEEP.replace("[solvers.mct]\n", ""))
    assert edgeopt("sweep", "weak.toml", "--out", "weak").code == 0
    lines = edgeopt("best-known", "weak", "--markdown").out.splitlines()
    assert lines[2] == "| instance | best known | round-robin | nothing |"
    names, best, weak, none = (text.strip() for text in lines[4].strip("|").split("|"))
    assert (names, none) == ("times", "–")
    bound = 6 / (1 + float(best.strip("*")) / 100)
    assert float(weak) == pytest.approx(100 * (8 / bound - 1), abs=2e-3)


def test_a_problem_that_no_run_solved_has_dashes(tmp_path, edgeopt):
    (tmp_path / "half.py").write_text(
        "def half(problem, rng):\n"
        "    if problem.tasks == 20: raise ValueError\n"
        "    return [0] * problem.tasks\n"
    )
    (tmp_path / "times.csv").write_text("0,3\n0,2\n")  # a bound and a makespan of 0
    head = SWEEP.split("[solvers")[0]
    (tmp_path / "half.toml").write_text(f'{head}[solvers.half]\nsolver = "half.py:half"\n')
    assert edgeopt("sweep", "half.toml", "--out", "out").code == 1
    lines = edgeopt("best-known", "out", "--markdown").out.splitlines()
    assert "| paper:20x3:seed=0 | – |" in lines
    (row,) = json.loads(edgeopt("best-known", "out", "--json").out)
    assert (row["bound"], row["ours"], row["gap_bound"]) == (0.0, 0.0, 0.0)


def test_a_file_that_has_changed_is_noticed(swept, tmp_path, edgeopt):
    swept("best-known", "out", "--update")
    (tmp_path / "times.csv").write_text(TIMES.replace("5,5", "6,6"))

    refused = edgeopt("best-known", "out")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "as it is now" in refused.err


def spoil_makespan(path):
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"makespan": values["makespan"] - 0.5}))


def spoil_length(path):
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"assignment": "eJxjYAAAAAIAAQ=="}))


@pytest.mark.parametrize("spoil", [spoil_makespan, spoil_length, lambda path: path.write_text("{")])
def test_a_register_that_lies_is_refused(swept, tmp_path, spoil):
    swept("best-known", "out", "--update")
    spoil(next((tmp_path / "results/frontier/best").glob("times*")))
    refused = swept("best-known", "out", "--update")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)


def test_problems_stand_beside_what_is_known_of_them(swept, fact, tmp_path):
    swept("best-known", "out", "--update")
    (tmp_path / "other.csv").write_text("3,1\n2,4\n")
    header, small, other = swept("best-known", "times.csv", "other.csv").out.splitlines()
    assert header.split()[:4] == ["instance", "published", "by", "bound"]
    assert small.split() == ["4x2/copy", "6.5", "by", "hand", "5.75", "6", "-7.692%", "4.348%"]
    assert other.split() == ["other", *"–––––"]
    (row,) = json.loads(swept("best-known", "t*.csv", "--json", "--register", "none").out)
    assert (row["published"], row["ours"], row["found_by"]) == (6.5, None, None)
    assert row["gap_bound"] == pytest.approx(6.5 / 5.75 - 1)


def write_family(folder, spec="rcmax:u_1_100:100x10:seed=1"):
    folder.mkdir(parents=True)
    write_hcsp(folder / "111.txt", load_problem(spec))


def test_published_files_known_by_their_path(edgeopt, tmp_path):
    write_family(tmp_path / "in/instancias1a100")
    shown = edgeopt("best-known", "in/instancias1a100/111.txt", "--markdown")
    assert "| rcmax/U1a100/111 | 117 | LR Gurobi CPLEX | 117 | – | – | 0.000% |" in shown.out
    assert "1 of 1 known by path, size and range, not by content" in shown.err
    (tmp_path / "known.toml").write_text(
        'problems = ["in/instancias1a100"]\nrepetitions = 1\nseed = 1\n'
        "budget = { iterations = 1 }\n[solvers.lpt]\n"
    )
    assert edgeopt("sweep", "known.toml", "--out", "out").code == 0
    (row,) = json.loads(edgeopt("best-known", "out", "--json").out)
    assert (row["instance"], row["published"], row["by_path"]) == ("rcmax/U1a100/111", 117.0, True)
    assert "Gap over the best published" in edgeopt("best-known", "out", "--markdown").out


def test_bad_input_is_one_line(swept, tmp_path, edgeopt):
    (tmp_path / "empty").mkdir()
    alone = SWEEP.replace("[solvers.mct]\n[solvers.round-robin]\n", "")
    (tmp_path / "alone.toml").write_text(alone)
    edgeopt("sweep", "alone.toml", "--out", "alone")
    bad = [["empty"], ["nowhere"], ["alone"], [], ["--update"], ["--markdown"], ["out", "empty"]]
    bad += [["out", "times.csv"], ["times.csv", "--update"], ["rcmax:2x2", "paper:0x1"]]
    for arguments in bad:
        outcome = edgeopt("best-known", *arguments)
        assert (outcome.code, len(outcome.err.splitlines())) == (2, 1), arguments
        assert outcome.err.startswith("edgeopt: ")


def test_a_version_that_is_no_text_is_taken_as_it_stands(swept, tmp_path):
    path = tmp_path / "out" / "sweep.json"
    description = read_description(path.parent)
    description["provenance"]["edgeopt"] = [1, 2]
    path.write_bytes(sealed_json(description))
    small, _ = json.loads(swept("best-known", "out", "--json").out)
    assert small["found_by"]["version"] == "[1, 2]"


def test_one_command_runs_a_solver_and_keeps_its_schedules(edgeopt, tmp_path):
    (tmp_path / "times.csv").write_text(TIMES)
    run = ("best-known", "times.csv", "--seconds", "5", "--solver", "lpt")
    first = edgeopt(*run, "--out", "runs", "--update", "--register", "kept")
    assert (first.code, "1 of 1 schedules" in first.err) == (0, True)
    assert len(list((tmp_path / "kept").glob("*.json"))) == 1
    again = edgeopt(*run, "--out", "runs", "--update", "--register", "kept")
    assert again.out == first.out
    assert "0 of 1 schedules" in again.err
    for words in (run, ("best-known", "--seconds", "5", "--out", "x"), (*run[:2], "--out", "x")):
        refused = edgeopt(*words)
        assert refused.code == 2
        assert "PROBLEM..., --seconds and --out go together" in refused.err

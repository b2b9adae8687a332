"""Problems by a short name, or by path."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.formats import write_hcsp
from edgeopt.problems.scheduling.generators import braun, coefficient_of_variation
from edgeopt.problems.scheduling.paper_pool import paper_pool
from edgeopt.problems.scheduling.problem import Problem
from edgeopt.problems.scheduling.spec import EXAMPLES, GENERATORS, load_problem, locate_problem


def test_specs_call_the_generators():
    pairs = {
        "braun:u_s_lohi:20x4:seed=3": braun("u_s_lohi", 20, 4, rng=3),
        "braun:20x4": braun("u_c_hihi", 20, 4, rng=0),
        "cov:20x4:v_task=0.3:v_node=0.2:mean=5:consistency=c:seed=1": coefficient_of_variation(
            20, 4, v_task=0.3, v_node=0.2, mean=5.0, consistency="c", rng=1
        ),
        "paper:20x4:slack=3:memory=correlated:seed=2": paper_pool(
            20, 4, slack=3.0, memory="correlated", rng=2
        ),
        "paper:20x4:memory=proportional:batch=equal": paper_pool(
            20, 4, memory="proportional", batch="equal", rng=0
        ),
        "paper:seed=2:20x4": paper_pool(20, 4, rng=2),
        "paper:20x4:backlog=0.5": paper_pool(20, 4, backlog=0.5, rng=0),
        "braun:20x4:utilisation=0.9": braun("u_c_hihi", 20, 4, utilisation=0.9, rng=0),
    }
    for spec, expected in pairs.items():
        problem = load_problem(spec)
        assert problem.digest == expected.digest
        assert problem.name == spec


def test_the_examples_work():
    assert EXAMPLES.keys() == GENERATORS.keys()
    for generator, spec in EXAMPLES.items():
        assert load_problem(spec).name == spec
        assert spec.startswith(f"{generator}:")


def test_an_existing_file_goes_before_a_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    problem = Problem([[1.0, 2.0]])
    write_hcsp(tmp_path / "paper:5x2", problem)
    monkeypatch.chdir(tmp_path)
    assert load_problem("paper:5x2").digest == problem.digest
    assert load_problem(tmp_path / "paper:5x2").name == "paper:5x2"


def test_options_of_tables_follow_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("t.csv", "a:b=c.csv"):
        Path(name).write_text("0;1\n2,5;3\n")
        problem = load_problem(f"{name}:header=no:decimal=comma:separator=semicolon")
        assert problem.matrix.tolist() == [[0.0, 1.0], [2.5, 3.0]]
        assert problem.name == name.removesuffix(".csv")
        assert load_problem(f"{name}:header=no", header=True).tasks == 1
        spec = locate_problem(f"{name}:header=yes", tmp_path)
        assert spec == f"{tmp_path / name}:header=yes"
        assert load_problem(spec).tasks == 1
    assert locate_problem("paper:5x2", tmp_path) == "paper:5x2"
    assert locate_problem("t.csv", tmp_path) == str(tmp_path / "t.csv")
    write_hcsp("t.0", Problem([[1.0, 2.0]]))
    for spec, message in {
        "t.csv:head=yes": "t.csv option: got 'head=yes', must be one of header, index, decimal",
        "t.csv:header=yes:header=no": "given once",
        "t.csv:header=maybe": "header: got 'maybe', must be one of yes, no",
        "t.csv:decimal=x": "decimal: got 'x', must be one of point, comma",
        "t.csv:separator=x": "separator: got 'x', must be one of comma, semicolon, tab, space",
        "t.0:header=yes": "t.0 options: got 'header', must be left out",
        "u.csv:header=yes": "must be an existing file",
    }.items():
        with pytest.raises(InputError, match=message):
            load_problem(spec)
    with pytest.raises(InputError, match="must be a table, to have the options header"):
        load_problem("paper:5x2", header=True)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "problem: got ''"),
        ("nowhere.npz", "problem: got 'nowhere.npz', must be an existing file or like one of"),
        ("Braun:5x3", "problem: got"),
        ("braun", "braun spec: got '', must be like braun:u_c_hihi:512x16:seed=0"),
        ("braun:u_c_hihi", "braun spec"),
        ("braun:u_q_hihi:5x3", "kind: got 'u_q_hihi'"),
        ("braun:0x3", "tasks: got 0"),
        ("braun:3x0", "nodes: got 0"),
        (
            "paper:5x3x2",
            "paper option: got '5x3x2', must be a size or one of slack, memory, batch, backlog, "
            "power, idle, seed",
        ),
        ("paper:5x3:", "paper option: got ''"),
        ("paper:5x3:tasks=3", "paper option: got 'tasks=3'"),
        ("paper:5x3:seed=-1", "paper seed: got -1"),
        ("paper:5x3:seed=1.5", "paper seed: got '1.5', must be of type int"),
        ("paper:5x3:slack=much", "paper slack: got 'much', must be of type float"),
        ("paper:5x3:slack=nan", "slack: got nan"),
        ("paper:5x3:slack=0.5", "slack: got 0.5"),
        ("cov:5x3:consistency=x", "consistency: got 'x'"),
        ("paper:5x3:6x4", "paper option: got '6x4', must be given once"),
        ("paper:5x3:seed=1:seed=2", "must be given once"),
        ("braun:999999x999999", r"tasks \* nodes"),
        ("a" * 5000, "problem: got"),
    ],
)
def test_bad_specs_are_refused(spec: str, message: str):
    with pytest.raises(InputError, match=message):
        load_problem(spec)


parts = st.sampled_from(
    ["5x3", "0x3", "5x", "u_c_hihi", "u_x_hihi", "seed=0", "seed=", "seed=-1", "seed=1e3", "=", ""]
    + [f"{key}={value}" for key in ("v_task", "v_node", "mean", "slack") for value in ("1e-300",)]
    + ["v_task=nan", "v_node=1e200", "mean=1e308", "slack=1e308", "consistency=s", "memory=x"]
    + ["\0", "٣x٣", "5x3\n", "rng=0", "tasks=3"]
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(GENERATORS)), st.lists(parts, max_size=4))
def test_any_spec_is_a_problem_or_bad_input(generator: str, given_parts: list[str]):
    spec = ":".join([generator, *given_parts])
    with contextlib.suppress(InputError):
        assert load_problem(spec).name == spec

"""Python files of users, and what counts as a change of them."""

import ast
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.optim.user_code import read_code, run_code, syntax, user_code
from edgeopt.problems.errors import InputError

FILES = {
    "own.py": "import helper, pkg.low\nfrom pkg import high as h\n\n"
    "def total():\n    import late as l\n    return helper.V + pkg.low.V + h.V + l.V\n",
    "helper.py": "import json  # of the library\nfrom twice import V as W\nV = W + 1\n",
    "twice.py": "import helper\nV = 10\n",  # a circle
    "late.py": "V = 1000\n",
    "pkg/__init__.py": "",
    "pkg/low.py": "from .high import V as W\nfrom . import high\nV = W + high.V\n",
    "pkg/high.py": "V = 100\n",
    "unused.py": "1 / 0\n",
}


def written(folder: Path, **changes: str) -> Path:
    """Write the files, some with another source by stem, and return the first."""
    for name, source in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changes.get(path.stem, source))
    return folder / "own.py"


def test_a_file_imports_those_beside_it(tmp_path: Path):
    before, place = list(sys.path), written(tmp_path / "a")
    code = read_code(place)
    assert set(code.files) == {"own", "helper", "twice", "late", "pkg", "pkg.low", "pkg.high"}
    module = run_code(code)
    assert module.total() == 11 + 200 + 100 + 1000
    assert sys.path == before
    assert not {"helper", "pkg", "late", "own"} & sys.modules.keys()
    assert module.__file__ == str(place)
    assert user_code(module.__name__) is code
    assert run_code(read_code(place)) is module


def test_helpers_of_one_name_in_two_folders_are_two(tmp_path: Path):
    first = run_code(read_code(written(tmp_path / "a")))
    second = run_code(read_code(written(tmp_path / "b", late="V = 2000\n")))
    assert (first.total(), second.total()) == (1311, 2311)


def test_a_file_that_changes_the_folder_or_exits_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    moves, exits = tmp_path / "moves.py", tmp_path / "exits.py"
    moves.write_text("import os\nos.chdir('/')\n")
    exits.write_text("raise SystemExit(0)\n")
    run_code(read_code(moves))
    assert Path.cwd() == tmp_path
    with pytest.raises(InputError, match="a file that runs"):
        run_code(read_code(exits))


@pytest.mark.parametrize(
    "call",
    [
        "eo.sweep([[1, 2]], mine, eo.Evaluations(5))",
        "eo.tune(mine, [], 'paper:4x2')",
        "eo.run_sweep(None, 'runs')",
    ],
)
def test_an_experiment_in_a_file_that_is_read_for_its_solver_is_refused(tmp_path: Path, call: str):
    own = tmp_path / "own.py"
    text = f"import edgeopt as eo\ndef mine(problem, rng):\n    return [0]\n%s{call}\n"
    own.write_text(text % "")
    with pytest.raises(InputError, match=r"own\.py', must be a file that runs .*__main__"):
        run_code(read_code(own))
    own.write_text(text % 'if __name__ == "__main__":\n    ')
    assert run_code(read_code(own)).mine(None, None) == [0]
    assert not (tmp_path / "runs").exists()


def test_what_has_been_read_is_what_runs(tmp_path: Path):
    code = read_code(written(tmp_path))
    written(tmp_path, late="V = 5000\n", own="broken")
    assert run_code(code).total() == 1311
    assert run_code(read_code(written(tmp_path, late="V = 5000\n"))).total() == 5311


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"late": "V = 1000  # metres\n"}, True),
        ({"late": '"""Late."""\n\nV = (\n    1000)\n'}, True),
        ({"unused": "2 / 0"}, True),
        ({"late": "V = 1001\n"}, False),
        ({"high": "V = 100.0\n"}, False),
        ({"own": FILES["own.py"] + "\n\ndef more(): pass\n"}, False),
    ],
)
def test_code_alone_counts(tmp_path: Path, changes: dict[str, str], same: bool):
    here = read_code(written(tmp_path / "a")).digest
    moved = written(tmp_path / "b", **changes)
    moved = moved.rename(moved.with_name("my-own.solver.py"))
    assert (read_code(moved).digest == here) == same
    assert run_code(read_code(moved)).total() > 1000


def test_objects_of_a_users_file_can_be_pickled(tmp_path: Path):
    (tmp_path / "own.py").write_text("from helper import Point\n")
    (tmp_path / "helper.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 3\n"
    )
    point = run_code(read_code(tmp_path / "own.py")).Point(4)
    assert pickle.loads(pickle.dumps(point)) == point


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"own.py": "def f(:"}, r"own.py', must be a file that runs \(SyntaxError"),
        ({"own.py": "x = 1\0"}, "own.py', must be a file that runs"),
        ({"own.py": "import helper", "helper.py": "def f(:"}, "helper.py', must be a file that"),
        ({"own.py": "import helper", "helper.py": "1 / 0"}, r"own.py', .* \(ZeroDivisionError"),
        ({"own.py": "import gone_for_good"}, r"\(ModuleNotFoundError\("),
        ({"own.py": "from helper import x", "helper.py": ""}, r"\(ImportError\("),
    ],
)
def test_files_that_do_not_run(tmp_path: Path, files: dict[str, str], message: str):
    for name, source in files.items():
        (tmp_path / name).write_text(source)
    with pytest.raises(InputError, match=message):
        run_code(read_code(tmp_path / "own.py"))


PAIRS = ["1", "1.0", "True", "'1'", "b'1'", "1j", "None", "-1", "0x" + "f" * 5000, "x", "x()", "[]"]


@given(st.sampled_from(PAIRS), st.sampled_from(PAIRS))
def test_different_code_has_different_texts(first: str, second: str):
    texts = [
        syntax(ast.parse(f"def f(x={text}):\n    'doc'\n    return {text}"))
        for text in (first, second)
    ]
    assert (texts[0] == texts[1]) == (first == second)


def test_only_docstrings_are_left_out():
    assert syntax(ast.parse("'doc'\nx = 1")) == syntax(ast.parse("x = 1"))
    assert syntax(ast.parse("x = 1\n'text'")) != syntax(ast.parse("x = 1"))
    assert syntax(ast.parse("if x:\n    'a'\n    y")) != syntax(ast.parse("if x:\n    y"))
    assert syntax(ast.parse("a = b, c")) != syntax(ast.parse("a, b = c"))

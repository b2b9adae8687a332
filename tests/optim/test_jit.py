"""The decorators."""

import importlib
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from edgeopt.optim import jit as jit_module
from edgeopt.optim.jit import jit, time_of
from edgeopt.problems.scheduling.problem import UniformTimes


@jit
def _time(et, task, node):
    return time_of(et, task, node)


def test_both_forms_of_the_times():
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    uniform = UniformTimes(np.array([6.0, 8.0]), np.array([2.0, 4.0]))
    for task in range(2):
        for node in range(2):
            assert _time(matrix, task, node) == time_of(matrix, task, node) == matrix[task, node]
            expected = uniform.work[task] / uniform.speed[node]
            assert _time(uniform, task, node) == time_of(uniform, task, node) == expected


def test_the_cache_changes_with_any_source_file(tmp_path, monkeypatch):
    package = tmp_path / "optim"
    package.mkdir()
    (package / "jit.py").write_text("")
    (package / "other.py").write_text("a = 1")
    monkeypatch.setattr(jit_module, "__file__", str(package / "jit.py"))
    folders = []
    for text in ("a = 1", "a = 22"):
        (package / "other.py").write_text(text)
        jit_module._cache_folder.cache_clear()
        folders.append(jit_module._cache_folder())
    jit_module._cache_folder.cache_clear()
    assert folders[0] != folders[1]
    assert all(folder.startswith(str(package)) for folder in folders)


def test_a_read_only_package_leaves_the_choice_to_numba(tmp_path, monkeypatch):
    blocked = tmp_path / "optim"
    blocked.mkdir()
    (blocked / "__pycache__").write_text("not a folder")
    monkeypatch.setattr(jit_module, "__file__", str(blocked / "jit.py"))
    jit_module._cache_folder.cache_clear()
    assert jit_module._cache_folder() == ""
    jit_module._cache_folder.cache_clear()


def test_numba_keeps_its_own_setting():
    numba = importlib.import_module("numba")
    assert "optim" not in numba.config.CACHE_DIR


@pytest.mark.parametrize("solver", ["atsa", "atsa-repaired", "pso", "sufferage"])
def test_kernels_run_as_python(solver):
    code = f"""
        import warnings; warnings.filterwarnings("ignore", message="overflow encountered")
        from edgeopt.optim import Iterations, solve
        from edgeopt.optim.scheduling import make_solver
        from edgeopt.problems.scheduling import load_problem
        problem = load_problem("paper:20x18:seed=1")
        result = solve(problem, make_solver("{solver}"), stop=Iterations(2), rng=3)
        print(repr(result.makespan))
    """
    makespans = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ("0", "1")
    }
    assert len(makespans) == 1

"""The decorators."""

import fcntl
import importlib
import io
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from edgeopt.optim import jit as jit_module
from edgeopt.optim.jit import NOTICE, announce_compilation, jit, time_of
from edgeopt.problems.scheduling.problem import UniformTimes

pytestmark = pytest.mark.long

needs_compiler = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)


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


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a package of which `kernel` imports `constant`; `learner` has no kernel."""
    folder = tmp_path / "optim"
    folder.mkdir()
    (folder / "jit.py").write_text("")
    (folder / "kernel.py").write_text(
        "from edgeopt.optim.constant import A\nfrom edgeopt.optim.jit import jit\n"
    )
    (folder / "constant.py").write_text("A = 1\n")
    (folder / "learner.py").write_text("from edgeopt.optim.kernel import sweep\n")
    monkeypatch.setattr(jit_module, "__file__", str(folder / "jit.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return folder


def cache_folder():
    """Return the folder of a process that starts now."""
    jit_module._cache_folder.cache_clear()
    try:
        return jit_module._cache_folder()
    finally:
        jit_module._cache_folder.cache_clear()


@pytest.mark.parametrize(
    ("name", "changed"),
    [("jit.py", True), ("kernel.py", True), ("constant.py", True), ("learner.py", False)],
)
def test_the_cache_changes_with_what_kernels_import(package, name, changed):
    before = cache_folder()
    assert before.startswith(str(package / "__pycache__"))
    (package / name).write_text((package / name).read_text() + "B = 2\n")
    assert (cache_folder() != before) == changed
    os.utime(package / "kernel.py", (1, 1))
    assert (cache_folder() != before) == changed


def test_a_read_only_package_has_its_cache_at_the_users(package, tmp_path):
    (package / "__pycache__").write_text("not a folder")
    assert cache_folder().startswith(str(tmp_path / "caches" / "edgeopt"))


def test_without_a_writable_folder_there_is_a_temporary_one_and_one_line(
    package, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that it is set back
    for blocked in (package / "__pycache__", tmp_path / "caches"):
        blocked.write_text("not a folder")
    folder = Path(cache_folder())
    assert folder.is_dir()
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "compiled anew" in record.getMessage()
    folder.rmdir()


def test_without_home_and_without_any_writable_folder_there_is_no_cache(
    package, tmp_path, monkeypatch, caplog
):
    def no_home(path):
        raise RuntimeError("Could not determine home directory.")

    def read_only(prefix):
        raise OSError("read-only file system")

    (package / "__pycache__").write_text("not a folder")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "expanduser", no_home)
    monkeypatch.setattr(jit_module.tempfile, "mkdtemp", read_only)
    assert cache_folder() == ""
    assert len(caplog.records) == 1


def test_kernels_compile_without_a_cache(monkeypatch):
    monkeypatch.setattr(jit_module, "_cache_folder", lambda: "")
    monkeypatch.setattr(importlib.import_module("numba").config, "CACHE_DIR", "")
    assert jit_module.jit(lambda x: x + 1)(2) == 3


def halved(number):
    return 0.0 if number < 1 else halved(number / 2) + 1


@pytest.fixture
def halving(tmp_path, monkeypatch):
    """Return a kernel that calls itself with another type, and the file that it locks."""
    monkeypatch.setattr(importlib.import_module("numba").config, "CACHE_DIR", str(tmp_path))
    kernel = jit_module.jit(halved)
    monkeypatch.setitem(globals(), "halved", kernel)
    return kernel, tmp_path / f"{__name__}.halved.lock"


@needs_compiler
def test_a_kernel_that_another_process_compiles_is_waited_for(halving):
    kernel, lock = halving
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threading.Thread(target=kernel, args=(4,))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        assert not kernel.signatures
    waiting.join()
    assert len(kernel.signatures) == 2
    assert kernel(4) == 3.0


@needs_compiler
def test_nobody_waits_forever_and_without_locks_kernels_compile_too(halving, monkeypatch):
    kernel, lock = halving
    monkeypatch.setattr(jit_module, "_PATIENCE_SECONDS", 0.0)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert kernel(4) == 3.0
    lock.unlink()
    lock.mkdir()
    assert kernel(np.float32(4)) == 3.0


def test_numba_keeps_its_own_setting():
    numba = importlib.import_module("numba")
    assert "optim" not in numba.config.CACHE_DIR


def test_kernels_run_as_python():
    code = """
        import warnings; warnings.filterwarnings("ignore", message="overflow encountered")
        from edgeopt import Iterations, load_problem, solve
        from edgeopt.optim.scheduling import make_solver
        problem = load_problem("paper:20x18:seed=1")
        for name in ("atsa", "atsa-repaired", "pso", "sufferage"):
            result = solve(problem, make_solver(name), stop=Iterations(2), rng=3)
            print(name, repr(result.makespan))
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
    (text,) = makespans
    assert text.count("\n") == 4


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def compile_something() -> None:
    numba = importlib.import_module("numba")
    kernel = numba.njit(lambda number: number + 1)
    assert [kernel(1), kernel(1.0)] == [2, 2.0]  # two compilations


@needs_compiler
def test_the_first_compilation_is_announced_once_on_a_terminal(tmp_path):
    first, second, third, pipe = Terminal(), Terminal(), Terminal(), io.StringIO()
    announce_compilation(tmp_path, pipe)
    compile_something()
    announce_compilation(tmp_path, first)
    announce_compilation(tmp_path, second)  # another process that starts on the empty cache
    assert first.getvalue() == ""  # nothing has been compiled yet
    compile_something()
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "mct.nbi").touch()
    announce_compilation(tmp_path, third)
    compile_something()
    texts = [stream.getvalue() for stream in (first, second, third, pipe)]
    assert texts == [f"{NOTICE}\n", "", "", ""]


@needs_compiler
def test_a_full_cache_is_not_announced(tmp_path):
    (tmp_path / "mct.nbi").touch()
    stream = Terminal()
    announce_compilation(tmp_path, stream)
    compile_something()
    assert stream.getvalue() == ""

"""Systems without the Unix-only modules of Python, such as Windows."""

import subprocess
import sys

import pytest

from edgeopt.experiments.peers import child_peers
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

WITHOUT = """
import sys, warnings
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
warnings.simplefilter("ignore")  # filelock says that it has no locks of the system
import edgeopt
for name in edgeopt.__all__:
    getattr(edgeopt, name)
from edgeopt.experiments import cli
for name in cli._COMMANDS:
    cli._load(name)
problem = edgeopt.Problem([[3.0, 5.0], [2.0, 1.0]])
print(edgeopt.solve(problem, edgeopt.lpt).makespan)
"""


def test_names_and_commands_do_without_unix() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("3.0\n", "")


def test_what_needs_unix_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("signal.setitimer")
    rng, limits = child_peers.np.random.default_rng(0), {"seconds": 1.0, "gigabytes": 1.0}
    with pytest.raises(InputError, match="Linux and macOS only"):
        child_peers.start_child(sys.executable, "cpsat", Problem([[1.0]]), rng, limits)

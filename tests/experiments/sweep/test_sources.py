"""What a notebook defines is written down such that it does the same elsewhere."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_session import Session

from edgeopt.experiments.sweep.sources import _literal, source_text
from edgeopt.optim.scheduling.solve import solve
from edgeopt.optim.scheduling.stop import Iterations
from edgeopt.problems.errors import InputError
from edgeopt.problems.scheduling.problem import Problem

IMPORTS = """
import math
import numpy as np
import scipy.stats
import edgeopt as eo
from dataclasses import dataclass
from numpy.typing import NDArray
"""

OWN = '''
FACTOR, LIMITS, NEVER = 1.5, {"low": [0, 1], "high": (2, None)}, -math.inf

def weighted(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh
    times."""
    return FACTOR * times + scipy.stats.norm.cdf(LIMITS["low"][0]) + max(NEVER, 0)

@dataclass(kw_only=True)
class WalkState(eo.State):
    rng: np.random.Generator

class Walk:
    def __init__(self, moves=3):
        self.moves = moves

    def init(self, problem, rng):
        return WalkState(rng=rng)

    def step(self, problem, state):
        for _ in range(self.moves):
            drawn = state.rng.integers(problem.nodes, size=problem.tasks)
            if problem.makespan(drawn) < state.makespan:
                state.assignment, state.makespan = drawn, problem.makespan(drawn)
        return state

if FACTOR:
    def mine(problem, rng):
        """Take the least
        weighted time."""
        return [int(weighted(row).argmin()) for row in problem.matrix]
again = mine
'''

PROBLEM = Problem(np.random.default_rng(1).uniform(1, 9, (8, 3)))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    return Session(monkeypatch)


def rerun(text: str) -> dict[str, Any]:
    """Run a text as a module that knows nothing of the session."""
    names: dict[str, Any] = {"__name__": "stored"}
    module = type(sys)("stored")
    sys.modules["stored"] = module
    vars(module).update(names)
    exec(compile(text, "stored", "exec", dont_inherit=True), vars(module))
    return vars(module)


@pytest.mark.parametrize("name", ["mine", "again", "Walk"])
def test_what_is_written_down_does_the_same(name: str, session: Session):
    session.run(IMPORTS)
    session.run(OWN)
    text = source_text(session[name], "solvers.mine")
    stored = rerun(text)[session[name].__name__]
    solvers = [kind() if name == "Walk" else kind for kind in (session[name], stored)]
    first, second = (solve(PROBLEM, one, stop=Iterations(5), rng=1) for one in solvers)
    assert first.assignment is not None
    assert second.assignment is not None
    assert first.assignment.tolist() == second.assignment.tolist()
    assert source_text(session[name], "solvers.mine") == text
    assert ("WalkState" in text, "FACTOR" in text) == (name == "Walk", name != "Walk")


def test_annotations_are_read_as_in_the_notebook(session: Session):
    session.run("from __future__ import annotations\ndef mine(problem: Unknown, rng): return [0]")
    text = source_text(session["mine"], "solvers.mine")
    assert rerun(text)["mine"].__annotations__ == {"problem": "Unknown"}


def test_a_compiled_function_is_written_with_its_decorator(session: Session):
    session.run("import numba\n@numba.njit\ndef first(n):\n    return n + STEP\nSTEP = 2")
    text = source_text(session["first"], "solvers.mine")
    assert "@numba.njit" in text
    assert "STEP = 2" in text


REFUSED = {
    "lam = lambda problem, rng: [0]": ("lam", "<lambda>"),
    "def outer():\n    k = 1\n    def inner(problem, rng): return [k]\n    return inner\n"
    "mine = outer()": ("mine", "inner"),
    "import numpy\ndata = numpy.ones(2)\ndef mine(problem, rng): return data": ("mine", "data"),
    "def mine(problem, rng): return later(problem)": ("mine", "later"),
    "class Own:\n    def go(self, problem, rng): return [0]\nown = Own()\nmine = own.go": (
        *("mine", "go"),
    ),
    "import numpy\nrng = numpy.random.default_rng(1)\ndef mine(problem, _): return rng.choice(2)": (
        *("mine", "rng"),
    ),
}


@pytest.mark.parametrize("cell", REFUSED)
def test_what_another_process_could_not_run_is_refused_by_name(cell: str, session: Session):
    session.run(cell)
    name, cause = REFUSED[cell]
    with pytest.raises(InputError) as caught:
        source_text(session[name], "solvers.mine")
    assert caught.value.field.startswith("solvers.mine")
    assert cause in str(caught.value)


def test_a_default_that_has_changed_since_is_refused(session: Session):
    session.run("STEP = 1000\ndef mine(problem, rng, step=STEP): return [step]")
    assert "STEP = 1000" in source_text(session["mine"], "solvers.mine")
    session.run("STEP = 2000")
    with pytest.raises(InputError, match="run its cell again"):
        source_text(session["mine"], "solvers.mine")


def test_source_that_has_changed_since_is_refused(session: Session, tmp_path: Path):
    file = tmp_path / "script.py"
    file.write_text("def mine(problem, rng):\n    return [0]\n")
    exec(compile(file.read_text(), str(file), "exec"), session.names)
    file.write_text("def mine(problem, rng):\n    return [1]\n")
    with pytest.raises(InputError, match="whose source is known"):
        source_text(session["mine"], "solvers.mine")


def test_a_definition_changes_with_the_users_modules(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_base.py").write_text("RATE = 1\n")
    (tmp_path / "own_helpers.py").write_text(
        "import own_base\ndef least(row): return row.argmin()\n"
    )
    session.run("from own_helpers import least\ndef mine(problem, rng):\n    return least(problem)")
    text = source_text(session["mine"], "solvers.mine")
    assert "from own_helpers import least" in text
    assert source_text(session["mine"], "solvers.mine") == text
    (tmp_path / "own_base.py").write_text("RATE = 2\n")
    assert source_text(session["mine"], "solvers.mine") != text


CONSTANTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40)
@given(CONSTANTS)
def test_constants_are_read_back(value: object):
    text = _literal(value)
    if text is None:
        assert "inf" in repr(value)
    else:
        assert repr(eval(text)) == repr(value)

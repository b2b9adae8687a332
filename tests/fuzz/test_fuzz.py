"""A part of the fuzz that takes seconds; ``python -m fuzz`` runs all of it."""

from pathlib import Path

import pytest

from fuzz.cases import MAKERS, Case, make_case
from fuzz.outcome import Outcome, fault, run_case
from fuzz.samples import make_samples

INPUTS = 80


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the samples, in which commands run."""
    monkeypatch.chdir(tmp_path)
    make_samples(tmp_path)
    return tmp_path


def test_no_input_leads_to_a_traceback(samples: Path):
    faults = {}
    for number in range(INPUTS):
        case = make_case(0, number, samples)
        if found := fault(run_case(case)):
            faults[number] = (case.arguments, found)
    assert not faults
    case = Case(["offload", "--system", "notes.txt"], {})
    assert fault(run_case(case, process=True)) == ""


def test_an_input_is_a_function_of_its_number(samples: Path):
    for number in range(20):
        assert make_case(3, number, samples) == make_case(3, number, samples)
    assert make_case(3, 0, samples) != make_case(4, 0, samples)
    assert len(MAKERS) == 15


def test_what_counts_as_a_fault():
    assert fault(Outcome(2, "", "edgeopt: x: got 1, must be 2\n")) == ""
    assert fault(Outcome(0, "fine", "")) == ""
    assert "one line" in fault(Outcome(2, "", "edgeopt: x\nand more\n"))
    assert "one line" in fault(Outcome(2, "", ""))
    assert "exit code" in fault(Outcome(-11, "", ""))
    assert "KeyError" in fault(Outcome(-1, "", "", "Traceback\nKeyError: 'x'"))
    assert "warning" in fault(Outcome(0, "", "RuntimeWarning: overflow\n"))
    assert "long" in fault(Outcome(130, "", "", '  File "problems/x.py", line 1, in f'))
    assert fault(Outcome(130, "", "", '  File "optim/scheduling/solve.py", line 1, in solve')) == ""

"""HiGHS says nothing, not even its banner, and uses one thread."""

import subprocess
import sys

from edgeopt.optim.scheduling.bounds.lp import silent_highs

PROGRAM = """
import os
print("before")
from edgeopt.optim.scheduling.bounds.lp import silent_highs
highs = silent_highs()
highs.addVar(0.0, 1.0)
highs.run()
print("after")
os.write(1, b"the descriptor is back\\n")
"""


def test_nothing_is_printed_by_a_fresh_process():
    command = [sys.executable, "-u", "-c", PROGRAM]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["before", "after", "the descriptor is back"]
    assert run.stderr == ""


def test_options():
    highs = silent_highs(time_limit=3.0, presolve="off", random_seed=5)
    values = [highs.getOptionValue(name)[1] for name in ("threads", "output_flag", "time_limit")]
    assert values == [1, False, 3.0]
    assert highs.getOptionValue("presolve")[1] == "off"
    assert highs.getOptionValue("random_seed")[1] == 5

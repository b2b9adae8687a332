"""Interrupts while the command `edgeopt` starts."""

import subprocess
import sys

import pytest

STRUCK = """
import os, signal, sys
from edgeopt.experiments import start

class Striker:
    def find_spec(self, name, path, target=None):
        if name == struck:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Striker())
struck = sys.argv.pop(1)
start.main()
"""


@pytest.mark.parametrize("module", ["typer", "edgeopt.experiments.commands.listing"])
def test_an_interrupt_of_an_import_is_one_line(module: str) -> None:
    command = [sys.executable, "-c", STRUCK, module, "problems"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "edgeopt: interrupted; what is finished is kept\n"


LOST = """
import ctypes, os, signal, time
from edgeopt.experiments import signals

@ctypes.CFUNCTYPE(None)
def callback():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10**6): pass

signals.end_at_interrupt()
signals.raise_at_interrupt()
try:
    callback()
    time.sleep(10)
except KeyboardInterrupt:
    print("raised")
"""


def test_an_interrupt_in_a_callback_is_raised_after_it() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("raised\n", "")

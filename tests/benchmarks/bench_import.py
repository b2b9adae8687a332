"""Start of the command and of the package: processor time of a fresh interpreter.

Run with ``pytest tests/benchmarks/bench_import.py``. `extra_info` has the seconds of processor time
and the modules that take longest (``python -X importtime``).

Measured on two shared cores: `edgeopt --version` 0.10 s, `edgeopt --help` 0.16 s, `import edgeopt`
0.02 s. The command took 1.0 s and 1.1 s when it imported the modules of all commands.
"""

import re
import resource
import subprocess
import sys

import pytest

STARTS = {
    "version": (["-m", "edgeopt.experiments.cli", "--version"], 0.3),
    "help": (["-m", "edgeopt.experiments.cli", "--help"], 0.3),
    "import": (["-c", "import edgeopt"], 0.5),
}
SHOWN = 5


def processor_seconds(arguments):
    """Return the processor time of an interpreter that has ended, in s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def slowest(arguments):
    """Return the modules whose own code takes longest to import, with milliseconds."""
    command = [sys.executable, "-X", "importtime", *arguments]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)", text)
    ordered = sorted(((int(own), name) for own, name in lines), reverse=True)
    return {name: own / 1000 for own, name in ordered[:SHOWN]}


@pytest.mark.parametrize("start", STARTS)
def test_start(benchmark, start):
    arguments, limit = STARTS[start]
    processor_seconds(arguments)  # bytecode is compiled
    times = []
    benchmark.pedantic(lambda: times.append(processor_seconds(arguments)), rounds=5)
    benchmark.extra_info.update(processor_seconds=min(times), slowest_ms=slowest(arguments))
    assert min(times) < limit

"""A small live run in a process of its own, whose roles can be found and killed."""

import csv
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from processes import command_of, kill

from edgeopt.experiments.runs.processes import descendants

SCENARIOS = Path(__file__).parents[1] / "experiments" / "scenarios"

HEAD = f"""
network = "{SCENARIOS / "small.csv"}"
system = "{SCENARIOS / "small-site.toml"}"
warm_up = 0.0
repetitions = 1
[settings]
uplink_counts = false
[edge]
uplink = "shared"
[live]
slow_down = [10.0]
grace_s = 60.0
"""

LONGEST_S = 300.0
"""A run that takes longer hangs, s."""


@dataclass
class LiveRun:
    """A run that has begun.

    Parameters
    ----------
    folder : Path
        Of its scenario, and of its results in ``out``.
    scenario : str
        Text of the scenario, after `HEAD`.
    tasks, nodes : int
        Their numbers.
    options : tuple of str
        Of the command.
    """

    folder: Path
    scenario: str
    tasks: int
    nodes: int = 2
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "run.toml").write_text(
            f"tasks = {self.tasks}\nnodes = {self.nodes}\n{HEAD}{self.scenario}"
        )
        words = ["edgeopt.experiments.cli", "run", "run.toml", "--out", "out", *self.options]
        with (self.folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "EDGEOPT_TOKEN": "secret"},
            )

    def lines(self) -> list[dict[str, str]]:
        """Return the lines of the tasks that have been answered."""
        path = self.folder / "out" / "tasks.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def said(self) -> str:
        """Return what the run has printed."""
        return (self.folder / "said").read_text()

    def address(self) -> str:
        """Return where roles join, which a run says that starts none."""
        end = time.monotonic() + LONGEST_S
        while not (found := re.search(r"--join (\S+)", self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)
        return found[1]

    def roles(self) -> dict[int, str]:
        """Return role and number of the processes of the run, such as ``edge 1``."""
        found = {}
        for pid in descendants([self.process.pid]):
            words = command_of(pid)
            if "--role" in words:
                values = (words[words.index(name) + 1] for name in ("--role", "--node"))
                found[pid] = " ".join(values)
        return found

    def kill(self, role: str) -> bool:
        """Kill a role, such as ``edge 1``; return whether there was one."""
        pids = [pid for pid, found in self.roles().items() if found == role]
        return sum(map(kill, pids)) > 0

    def wait_for(self, tasks: int) -> None:
        """Wait until so many tasks have been answered."""
        end = time.monotonic() + LONGEST_S
        while len(self.lines()) < tasks:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.01)

    def end(self) -> str:
        """Wait for the end, and return what is wrong: a code, a task that is lost, a process."""
        pids = {self.process.pid, *descendants([self.process.pid])}
        try:
            code = self.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            return f"does not end: {self.said()}"
        finally:
            self.stop()
        if code:
            return f"code {code}: {self.said()}"
        left = [pid for pid in pids if "--role" in command_of(pid)]
        return f"left: {left}" if left else ""

    def stop(self) -> None:
        """Kill whatever runs."""
        pids = [self.process.pid, *descendants([self.process.pid])]
        for pid in pids:
            if self.process.poll() is None or pid != self.process.pid:
                kill(pid)


def wrong_answers(lines: list[dict[str, str]], tasks: int) -> str:
    """Say which tasks of a scheme were not answered exactly once; "" if all were."""
    found = sorted(int(line["task"]) for line in lines)
    return "" if found == list(range(tasks)) else f"answered: {found}, not 0 to {tasks - 1}"

"""The roles of a live run as processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

TOKEN_VARIABLE = "EDGEOPT_TOKEN"
"""Environment variable of the shared token, which a command line would show to everyone."""

Place = tuple[str, int]


class Processes:
    """Starts roles, begins those anew that die by themselves, and ends all.

    Parameters
    ----------
    address : str
        HOST:PORT of the master.
    token : str
        The shared secret.
    """

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token
        self._children: dict[Place, subprocess.Popen[bytes]] = {}
        self._leaving: list[subprocess.Popen[bytes]] = []

    def start(self, role: str, node: int = 0) -> None:
        """Start a role, unless it runs."""
        child = self._children.get((role, node))
        if child is not None and child.poll() is None:
            return
        command = [sys.executable, "-m", "edgeopt.experiments.cli", "node"]
        command += ["--join", self._address, "--role", role, "--node", str(node)]
        self._children[role, node] = subprocess.Popen(
            command,
            env={**os.environ, TOKEN_VARIABLE: self._token, **_ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def kill(self, role: str, node: int = 0) -> None:
        """Kill a role, as a failure does; it is not begun anew."""
        child = self._children.pop((role, node), None)
        if child is not None:
            child.kill()
            child.wait()

    def ask_to_leave(self, role: str, node: int = 0) -> None:
        """Have a role finish what it has begun, and end."""
        child = self._children.pop((role, node), None)
        if child is not None:
            child.terminate()
            self._leaving.append(child)

    def revive(self) -> list[Place]:
        """Begin roles anew that have died, and return them."""
        dead = [place for place, child in self._children.items() if child.poll() is not None]
        for place in dead:
            self.start(*place)
        return dead

    def pids(self) -> dict[Place, int]:
        """Return the process of each role."""
        return {place: child.pid for place, child in self._children.items()}

    def end(self, patience_s: float) -> None:
        """Wait for all to end, for some seconds; then kill what is left."""
        children = [*self._children.values(), *self._leaving]
        _wait(children, patience_s)
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self._children.clear()
        self._leaving.clear()


def _wait(children: Iterable[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait for processes to end, at most for some seconds each."""
    for child in children:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            return


_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

"""The roles of a run, started here or waited for, and what passing on a task takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from edgeopt.experiments.live.hub import now_s
from edgeopt.experiments.live.members import Members
from edgeopt.experiments.live.model import Hops
from edgeopt.experiments.live.processes import Processes
from edgeopt.optim.online.changes import Change
from edgeopt.problems.errors import InputError

_START_S = 120.0  # for the roles of this machine to join

_TELL_S = 20.0  # who is missing is said so often


class Gathering:
    """The roles of a run.

    Parameters
    ----------
    members : Members
        Those who have joined.
    nodes : int
        Number of edge nodes.
    processes : Processes or None
        The roles of this machine, None: all join from elsewhere.
    tell : callable
        Called with a line for each role that has died, and now and then for who is missing.
    """

    def __init__(
        self,
        members: Members,
        nodes: int,
        processes: Processes | None,
        tell: Callable[[str], None],
    ) -> None:
        self.members, self._nodes = members, nodes
        self._processes, self._tell = processes, tell
        self._have_pace = False

    def gather(self, changes: tuple[Change, ...]) -> None:
        """Wait until exactly those take part with whom a stream begins."""
        first = {change.node: change.kind for change in reversed(changes)}
        absent = {node for node, kind in first.items() if kind == "join"}
        wanted = [("edge", node) for node in range(self._nodes) if node not in absent]
        wanted += [("cloud", 0), ("terminal", 0)]
        for node in absent:
            self.change(Change(0.0, node, "leave"))
        for place in wanted if self._processes is not None else ():
            self._start(*place)
        end = now_s() + (_START_S if self._processes is not None else np.inf)
        tell_s = now_s() + _TELL_S
        while not self._are(wanted):
            if now_s() > tell_s:
                missing = sorted(set(wanted) - self._present())
                self._tell(f"waiting for {', '.join(f'{role} {node}' for role, node in missing)}")
                tell_s = now_s() + _TELL_S
            if now_s() > end:
                raise InputError("roles", sorted(self._present()), f"{sorted(wanted)} in time")
            self.members.next(now_s() + 0.2)
            for lost in self._processes.revive() if self._processes is not None else ():
                self.members.lose(*lost)

    def set_paces(self) -> None:
        """Tell all their pace, which is known from now on."""
        self._have_pace = True
        self.members.set_paces()

    def watch(self) -> None:
        """Begin roles anew that have died, now and from time to time."""
        if self._processes is not None:
            for role, node in self._processes.revive():
                self.members.lose(role, node)
                self._tell(f"{role} {node} died and is started again")
            self.members.hub.at(now_s() + 0.5, self.watch)

    def change(self, change: Change) -> None:
        """Make a node of this machine join, leave or fail."""
        if self._processes is None:
            return
        if change.kind == "join":
            self._start("edge", change.node)
        elif change.kind == "leave":
            self._processes.ask_to_leave("edge", change.node)
        else:
            self._processes.kill("edge", change.node)

    def _start(self, role: str, node: int) -> None:
        assert self._processes is not None
        self._processes.start(role, node)

    def _are(self, wanted: list[tuple[str, int]]) -> bool:
        """Whether those who are wanted take part, and no others."""
        return self._present() == set(wanted)

    def _present(self) -> set[tuple[str, int]]:
        """Return who takes part, once the pace is known, or could."""
        return {
            (each.role, each.node)
            for each in self.members.joined
            if (each.is_ready if self._have_pace else each.is_measured)
        }


# What messages and waits take.

_ROUNDS, _WAIT_S = 15, 0.01


def measure_hops(members: Members, most_bytes: int) -> Hops:
    """Return what messages and waits take.

    Messages of two sizes go to the edge nodes and back: twice a hop.

    Parameters
    ----------
    members : Members
        Among them edge nodes.
    most_bytes : int
        The larger size, byte.
    """
    found: dict[int, list[float]] = {0: [], most_bytes: []}
    for _ in range(_ROUNDS):
        for member in members.of("edge").values():
            for size, trips in found.items():
                sent = now_s()
                members.hub.send(member.peer, "probe", {}, [np.zeros(size, np.uint8)])
                event = members.next(sent + 1.0)
                while event is not None and event.kind != "probe":
                    event = members.next(sent + 1.0)
                trips.append(now_s() - sent)
    small, large = (float(np.mean(trips)) / 2.0 for trips in found.values())
    return Hops(small, max(large - small, 0.0) / most_bytes, _late_s())


def _late_s() -> float:
    """Return by how much a wait ends too late on average, s."""
    late = []
    for _ in range(2 * _ROUNDS):
        due = now_s() + _WAIT_S
        time.sleep(_WAIT_S)
        late.append(now_s() - due)
    return float(np.mean(late))

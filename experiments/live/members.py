"""Who takes part: roles join, load their parts, beat, leave, or are lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeopt.experiments.live.hub import BEAT_S, Hub, now_s
from edgeopt.experiments.live.messages import Message, Refused, field_of, number_of

ROLES = ("edge", "cloud", "terminal")

LOADING_S = 60.0
"""A member may be silent for so long while it loads its parts, s."""


class Event(NamedTuple):
    """What happened to a member: a message of it, or that it is ``ready``, ``left`` or ``lost``."""

    kind: str
    member: Member
    message: Message | None = None


@dataclass
class Member:
    """A process that takes part.

    Attributes
    ----------
    peer : bytes
        Its connection.
    role : str
        One of `ROLES`.
    node : int
        Which of the x edge nodes; 0 for other roles.
    heard_s : float
        When it was last heard of, s.
    seconds : dict
        What each of its parts takes on it, s; empty until it is ready.
    is_measured : bool
        Whether that is known.
    is_ready : bool
        Whether it has its parts and their pace.
    deploy_s : float
        How long its parts took on their way, s.
    """

    peer: bytes
    role: str
    node: int
    heard_s: float
    seconds: dict[str, float] = field(default_factory=dict)
    is_measured: bool = False
    is_ready: bool = False
    deploy_s: float = 0.0


@dataclass(frozen=True)
class Orders:
    """What members are told.

    Attributes
    ----------
    nodes : int
        Number x of edge nodes.
    parts : mapping
        Files of the parts that each role runs, by role and name.
    settings : mapping
        Fields of the message ``model`` by role.
    pace : callable
        Returns what each part is to take on a member, s; None: not known yet.
    """

    nodes: int
    parts: Mapping[str, Mapping[str, Path]]
    settings: Mapping[str, Mapping[str, Any]]
    pace: Callable[[Member], dict[str, float] | None]


class Members:
    """All members, and everything that is not about single tasks.

    Parameters
    ----------
    hub : Hub
        Where they connect.
    orders : Orders
        What they are told.
    silence_s : float
        A member is lost when nothing was heard of it for so long, s.
    """

    def __init__(self, hub: Hub, orders: Orders, silence_s: float) -> None:
        self.hub, self._orders, self._silence_s = hub, orders, silence_s
        self._peers: dict[bytes, Member] = {}
        self._looked_s = now_s()
        self.model_bytes = 0

    def of(self, role: str) -> dict[int, Member]:
        """Return the members of a role that are ready, by node."""
        all_of = (each for each in self._peers.values() if each.role == role)
        return {each.node: each for each in all_of if each.is_ready}

    @property
    def joined(self) -> list[Member]:
        """All members, ready or not."""
        return list(self._peers.values())

    def next(self, until_s: float) -> Event | None:
        """Return the next event, None at a time of the clock."""
        while True:
            lost = self._silent()
            if lost is not None:
                return Event("lost", self._peers.pop(lost.peer))
            found = self.hub.next(min(until_s, now_s() + BEAT_S))
            if found is None:
                if now_s() >= until_s:
                    return None
                continue
            event = self._try(*found)
            if event is not None:
                return event

    def set_paces(self) -> None:
        """Tell the pace to all members that have loaded their parts."""
        for member in self._peers.values():
            if member.is_measured:
                self._set_pace(member)

    def end(self, seconds: float) -> None:
        """Tell all members that the run is over, and close the hub."""
        for peer in self._peers:
            self.hub.send(peer, "end")
        self.hub.flush(seconds)

    def refuse(self, member: Member, reason: str) -> None:
        """No longer listen to a member that sent what it must not."""
        self.hub.ban(member.peer, reason)
        # It is silent from now on, and is found to be lost like any other.
        member.heard_s = float("-inf")

    def lose(self, role: str, node: int) -> None:
        """Have a member be lost at once, of which it is known that it has died."""
        for each in self._peers.values():
            if (each.role, each.node) == (role, node):
                each.heard_s = float("-inf")

    def _silent(self) -> Member | None:
        """Return a member that has been silent for too long."""
        if now_s() - self._looked_s > 2 * BEAT_S:
            # The master itself was busy: what it has not read yet is no silence.
            for each in self._peers.values():
                if np.isfinite(each.heard_s):
                    each.heard_s = max(each.heard_s, now_s() - self._silence_s / 2)
        self._looked_s = now_s()
        now = now_s()
        for each in self._peers.values():
            # who loads its parts is busy
            longest = self._silence_s if each.is_measured else max(self._silence_s, LOADING_S)
            if each.heard_s < now - longest:
                return each
        return None

    def _try(self, peer: bytes, message: Message) -> Event | None:
        """Handle a message, or refuse its sender."""
        try:
            return self._handle(peer, message)
        except Refused as reason:
            self.hub.ban(peer, str(reason))
            if peer in self._peers:
                self._peers[peer].heard_s = float("-inf")
        return None

    def _handle(self, peer: bytes, message: Message) -> Event | None:
        """Handle what is no task; return an event for whoever serves the tasks."""
        if message.kind == "join":
            self._join(peer, message)
            return None
        member = self._peers.get(peer)
        if member is None:  # lost, but back: it has to begin anew
            self.hub.send(peer, "join")
            return None
        member.heard_s = now_s()
        if message.kind == "beat":
            self.hub.send(peer, "beat")
            return None
        if message.kind == "ready":
            self._take_times(member, message)
            return Event("ready", member)
        if message.kind == "leave":
            member.is_ready = False  # it stays until it has finished its current task
            return Event("left", member, message)
        if message.kind == "end":
            return Event("lost", self._peers.pop(peer))
        return Event(message.kind, member, message)

    def _join(self, peer: bytes, message: Message) -> None:
        """Give a role its place and send it its parts."""
        if peer in self._peers:
            return
        role, wanted = field_of(message, "role", str), field_of(message, "node", int)
        if role not in ROLES:
            raise Refused("join with an unknown role")
        places = range(self._orders.nodes if role == "edge" else 1)
        taken = {each.node for each in self._peers.values() if each.role == role}
        free = [place for place in places if place not in taken and wanted in (-1, place)]
        if not free:
            return  # it is asked to join at each beat: perhaps the one before it is lost soon
        member = self._peers[peer] = Member(peer, role, free[0], now_s())
        self._send_parts(member)

    def _send_parts(self, member: Member) -> None:
        """Send the files of a member's parts."""
        files = self._orders.parts.get(member.role, {})
        contents = [path.read_bytes() for path in files.values()]
        self.model_bytes = max(self.model_bytes, sum(map(len, contents)))
        settings = {"node": member.node, **self._orders.settings.get(member.role, {})}
        names = [[name, path.suffix] for name, path in files.items()]
        arrays = [np.frombuffer(content, np.uint8) for content in contents]
        member.deploy_s = -now_s()
        self.hub.send(member.peer, "model", {"parts": names, **settings}, arrays)

    def _take_times(self, member: Member, message: Message) -> None:
        """Note what the parts take on a member."""
        seconds = field_of(message, "seconds", dict)
        wanted = set(self._orders.parts.get(member.role, {}))
        legal = all(isinstance(value, float) and 0 < value < 1e6 for value in seconds.values())
        if set(seconds) != wanted or not legal:
            raise Refused("ready without a legal time of each part")
        member.seconds, member.is_measured = seconds, True
        member.deploy_s += now_s() - number_of(message, "spent_s")
        self._set_pace(member)

    def _set_pace(self, member: Member) -> None:
        """Tell a member what its parts are to take."""
        pace = self._orders.pace(member)
        if pace is None:
            return
        self.hub.send(member.peer, "pace", {"seconds": pace})
        member.is_ready = True

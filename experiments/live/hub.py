"""The socket of the master and those of the other roles, with time-outs in place of surprises."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from edgeopt.experiments.live.messages import (
    MOST_BYTES,
    Arrays,
    Message,
    Refused,
    decode,
    encode,
)
from edgeopt.problems.errors import InputError, import_extra

LOOPBACK = "127.0.0.1"

BEAT_S = 0.25
"""A role says so often that it is alive, s."""

MASTER_GONE_S = 10.0
"""A role ends when nothing was heard of the master for so long, s: longer than a link is cut."""

MOST_NAMED, MOST_ALIKE = 20, 3
"""Refusals of which `Hub` tells: in all, and for the same reason."""

Clock = Callable[[], float]

now_s: Clock = time.monotonic
"""The clock of all roles: the same for every process of a machine, never set back."""


def split_address(field: str, address: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT, or raise `InputError`."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 0xFFFF:
        raise InputError(field, address, "HOST:PORT")
    return host, int(port)


class Hub:
    """The master's end of all connections, and its timers.

    Every role connects to the master, so that only one port must be reachable. A peer that sends
    what is not signed with the token, or is no message, is named by `refuse`, and its connection
    is dropped; it may connect again, but is named a few times only.

    Parameters
    ----------
    token : bytes
        The shared secret.
    host : str
        Address to listen at; by default only this machine can connect.
    port : int
        0: any that is free.
    refuse : callable
        Called with one line for each peer that is refused.

    Raises
    ------
    InputError
        If the extra is not installed, or the port cannot be opened.
    """

    def __init__(self, token: bytes, host: str, port: int, refuse: Callable[[str], None]) -> None:
        zmq = import_extra("zmq", "live")
        self._zmq, self._token, self._refuse = zmq, token, refuse
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.maxmsgsize = MOST_BYTES
        self._socket.hwm = 0  # nothing is dropped, however slowly a peer reads
        # A peer that is gone raises instead of swallowing what is sent to it.
        self._socket.router_mandatory = True
        try:
            self._socket.bind(f"tcp://{host}:{port or '*'}")
        except zmq.ZMQError as error:
            self.close()
            raise InputError("--listen", f"{host}:{port}", f"a free address ({error})") from None
        self.address = self._socket.last_endpoint.decode().removeprefix("tcp://")
        self._banned = set[bytes]()
        self._reasons = Counter[str]()
        self._descriptor = -1
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def at(self, due_s: float, action: Callable[[], None]) -> None:
        """Have `action` called at a time of the clock, in `next`; at once if it is past."""
        # Equal times keep the order of the calls.
        heapq.heappush(self._timers, (due_s, next(self._count), action))

    def forget_timers(self) -> None:
        """Drop what is still to be called."""
        self._timers.clear()

    def send(
        self,
        peer: bytes,
        kind: str,
        fields: Mapping[str, Any] | None = None,
        arrays: Arrays = (),
    ) -> bool:
        """Send a message; return whether the peer is connected."""
        try:
            frames = encode(self._token, kind, fields, arrays)
            self._socket.send_multipart([peer, *frames], self._zmq.DONTWAIT)
        except self._zmq.ZMQError:  # gone, or not reading
            return False
        return True

    def next(self, until_s: float) -> tuple[bytes, Message] | None:
        """Return the next message and its peer, None if there is none until a time.

        Timers that are due are called in between.
        """
        while True:
            due = min(until_s, self._run_timers())
            frames = self._receive(due)
            if frames is not None:
                peer, *body = frames
                if peer in self._banned:
                    continue
                try:
                    return peer, decode(self._token, body)
                except Refused as reason:
                    self.ban(peer, str(reason))
            elif now_s() >= until_s:
                self._run_timers()
                return None

    def ban(self, peer: bytes, reason: str) -> None:
        """Say why a peer is refused, of which the last message was, and drop its connection."""
        if peer in self._banned:
            return
        self._banned.add(peer)
        self._reasons[reason] += 1
        if len(self._banned) <= MOST_NAMED and self._reasons[reason] <= MOST_ALIKE:
            self._refuse(f"refused a peer: {reason}")
        kind = (socket.AF_INET, socket.SOCK_STREAM)
        with (
            contextlib.suppress(OSError),  # it is gone
            socket.fromfd(self._descriptor, *kind) as connection,
        ):
            connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket; what has not been sent is lost."""
        self._context.destroy(linger=0)

    def flush(self, seconds: float) -> None:
        """Close the socket after what was sent has left, in `seconds` at most."""
        self._context.destroy(linger=int(1000 * seconds))

    def _run_timers(self) -> float:
        """Call what is due and return when the next one is, s."""
        while self._timers and self._timers[0][0] <= now_s():
            heapq.heappop(self._timers)[2]()
        return self._timers[0][0] if self._timers else float("inf")

    def _receive(self, due_s: float) -> list[Any] | None:
        """Return the frames of a message, None if there is none until a time."""
        left = due_s - now_s()
        # Whole milliseconds are all that poll knows: the rest is slept.
        if self._socket.poll(max(0, int(1e3 * left))):
            frames = self._socket.recv_multipart(copy=False)
            self._descriptor = frames[0].get(self._zmq.SRCFD)
            return [frames[0].bytes, *(frame.buffer for frame in frames[1:])]
        left = due_s - now_s()
        if 0 < left < _POLL_S:
            time.sleep(left)
        return None


_POLL_S = 2e-3


class Line:
    """The end of a connection to the master, of any other role; beats while it waits.

    Parameters
    ----------
    token : bytes
        The shared secret.
    address : str
        HOST:PORT of the master.
    silence_s : float
        The master is gone when nothing was heard of it for so long, s.

    Raises
    ------
    InputError
        If the extra is not installed, or the address is none.
    """

    def __init__(self, token: bytes, address: str, silence_s: float) -> None:
        self._zmq, self._token = import_extra("zmq", "live"), token
        self._silence_s, self._heard_s = silence_s, now_s()
        self._address, self._is_heard = address, False
        host, port = split_address("--join", address)
        self._context = self._zmq.Context()
        self._socket = self._context.socket(self._zmq.DEALER)
        self._socket.linger = 0
        self._socket.maxmsgsize = MOST_BYTES
        self._socket.hwm = 0
        self._poller = self._zmq.Poller()
        self._poller.register(self._socket, self._zmq.POLLIN)
        try:
            self._socket.connect(f"tcp://{host}:{port}")
        except self._zmq.ZMQError as error:
            self.close()
            raise InputError("--join", address, f"an address ({error})") from None
        self._inside = self._context.socket(self._zmq.PULL)
        self._inside.bind(_WAKE)
        self._poller.register(self._inside, self._zmq.POLLIN)
        self._beat_s, self._held = 0.0, deque[Message]()
        self._listened_s = now_s()

    def waker(self) -> Callable[[], None]:
        """Return a function that ends a wait of `next`, for the one thread that first calls it."""
        socket = self._context.socket(self._zmq.PUSH)
        socket.linger = 0
        socket.connect(_WAKE)
        return lambda: socket.send(b"")

    def send(self, kind: str, fields: Mapping[str, Any] | None = None, arrays: Arrays = ()) -> None:
        """Send a message to the master."""
        try:
            frames = encode(self._token, kind, fields, arrays)
            self._socket.send_multipart(frames, self._zmq.DONTWAIT)
        except self._zmq.Again:
            return  # the master is gone or does not read: `next` notices its silence

    def next(self, until_s: float) -> Message | None:
        """Return the next message, None at `until_s` or when woken.

        Raises
        ------
        MasterGone
            If the master has been silent for too long.
        InputError
            If it has never been heard.
        Refused
            If it sent what is no message, or has another token.
        """
        if self._held:
            return self._held.popleft()
        while True:
            self._beat()
            left = min(until_s, self._beat_s) - now_s()
            self._listened_s = now_s()
            ready = dict(self._poller.poll(max(0.0, 1e3 * left)))
            if self._socket in ready:
                message = decode(self._token, self._socket.recv_multipart())
                self._heard_s, self._is_heard = now_s(), True
                if message.kind != "beat":
                    return message
            if self._inside in ready:
                self._inside.recv()
                return None
            left = until_s - now_s()
            if left <= 0:
                return None
            if left < _POLL_S:
                time.sleep(left)

    def pause(self, seconds: float) -> None:
        """Wait for some time; messages that come meanwhile are kept for `next`."""
        until, held = now_s() + seconds, self._held
        self._held = deque()
        while now_s() < until:
            message = self.next(until)
            if message is not None:
                held.append(message)
        self._held = held

    def close(self) -> None:
        """Close the sockets."""
        self._context.destroy(linger=200)

    def _beat(self) -> None:
        """Say that this role is alive, if it is time to, and check that the master is."""
        now = now_s()
        if now < self._beat_s:
            return
        # a process that was stopped, or busy, has not listened: the master was not silent
        self._heard_s += max(0.0, now_s() - self._listened_s - 2 * BEAT_S)
        self._listened_s = now_s()
        if now_s() - self._heard_s > self._silence_s:
            if self._is_heard:
                raise MasterGone
            rule = "the address of a master with the same token, which answers"
            raise InputError("--join", self._address, rule)
        self.send("beat")
        self._beat_s = now + BEAT_S


_WAKE = "inproc://wake"


class MasterGone(Exception):  # noqa: N818
    """Nothing has been heard of the master for too long."""


def run_role(line: Line, serve: Callable[[], str]) -> str:
    """Serve until the run is over, close the line, and return why the run is over."""
    try:
        return serve()
    except MasterGone:
        return "the master is gone"
    except Refused as reason:
        return f"the master sent {reason}"
    finally:
        line.close()

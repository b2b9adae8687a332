"""Faults for real: kills, a link that is cut, a slow node, poisoned messages, a dead master."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

for package in ("zmq", "onnx", "onnxruntime"):
    pytest.importorskip(package, reason="extra live")

from live_runs import LiveRun, wrong_answers
from processes import command_of

from edgeopt.experiments.live.hub import LOOPBACK, Line, MasterGone, now_s
from edgeopt.experiments.live.messages import Refused, encode
from edgeopt.experiments.live.namespaces import network_namespace, why_no_namespaces

pytestmark = [pytest.mark.faults, pytest.mark.long]

TOKEN = b"secret"

STREAM = """
[streams.poisson]
rate_hz = 8.0
[schemes.dormant]
cut = 7
threshold = "fixed"
fixed_s = 0.05
[link]
step_s = 0.5
round_trips_s = [0.01, 0.1]
"""


@contextmanager
def begun(folder: Path, tasks: int, *options: str, nodes: int = 2) -> Iterator[LiveRun]:
    """Yield a run that is stopped in any case."""
    run = LiveRun(folder, STREAM, tasks=tasks, nodes=nodes, options=options)
    try:
        yield run
    finally:
        run.stop()


def test_kills_at_random_moments_lose_and_repeat_no_task(tmp_path: Path):
    rng, tasks = np.random.default_rng(1), 50
    with begun(tmp_path, tasks) as run:
        for _ in range(6):
            run.wait_for(min(tasks, len(run.lines()) + 1 + int(rng.integers(4))))
            time.sleep(rng.random() / 10)
            roles = sorted(run.roles().values())
            run.kill(str(rng.choice(roles)))
        assert run.end() == ""
        assert wrong_answers(run.lines(), tasks) == ""
        assert re.search(r"(edge|cloud|terminal) \d lost", run.said())


def test_what_was_measured_stays_when_the_master_is_killed(tmp_path: Path):
    with begun(tmp_path, 100) as run:
        run.wait_for(10)
        roles = run.roles()
        assert len(roles) == 4
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait()
        lines = run.lines()
        assert len(lines) >= 10
        assert all(float(line["delay_s"]) > 0 for line in lines)
        end = time.monotonic() + 60.0
        while any(command_of(pid) for pid in roles) and time.monotonic() < end:
            time.sleep(0.1)
        assert [command_of(pid) for pid in roles if command_of(pid)] == []


# A run on several machines, of which one is behind a link that is cut, and others are hostile.


@contextmanager
def far_node() -> Iterator[tuple[str, list[str], Callable[[bool], None]]]:
    """Yield an address for the master, how a node behind a link is started, and its switch."""
    if why_no_namespaces():
        pytest.skip(why_no_namespaces())
    with network_namespace(rate_bit_s=1e8) as space:
        where = ["ip", "-n", space.name, "link", "set", "edge"]

        def switch(is_on: bool) -> None:
            subprocess.run([*where, "up" if is_on else "down"], check=True)

        yield space.host, space.command([]), switch


def poison(address: str, told: list[str]) -> None:
    """Join as a node, and answer each task by a map of a wrong shape."""
    line = Line(TOKEN, address, 10.0)
    line.send("join", {"role": "edge", "node": 2})
    try:
        while not told or told[-1] != "end":
            message = line.next(now_s() + 1.0)
            kind = "" if message is None else message.kind
            told += [kind] if kind else []
            if kind == "model":
                names = {name: 0.001 for name, _ in message.fields["parts"]}
                line.send("ready", {"seconds": names, "spent_s": 0.0})
            elif kind == "task":
                names = {key: message.fields[key] for key in ("stream", "task", "attempt")}
                line.send("done", {**names, "seconds": 0.0, "late_s": 0.0}, [np.ones((2, 2))])
    except (MasterGone, Refused):
        told.append("gone")
    finally:
        line.close()


# what a socket of libzmq sends first
GREETING = b"\xff" + bytes(7) + b"\x01\x7f\x03\x01NULL" + bytes(48)
READY = b"\x04)\x05READY\x0bSocket-Type" + b"\x00\x00\x00\x06DEALER\x08Identity" + bytes(4)


def is_dropped(address: str, content: bytes) -> bool:
    """Whether the master drops a connection that sends some bytes after the handshake."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(GREETING + READY)
        heard = b""
        while b"READY" not in heard:
            heard += line.recv(4096)
        line.sendall(content)
        try:
            while line.recv(4096):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
    return True


def frame(content: bytes, *, more: bool = False) -> bytes:
    """Return a frame of ZMTP 3, https://rfc.zeromq.org/spec/23."""
    return bytes([2 + more]) + len(content).to_bytes(8, "big") + content


def message(frames: list[bytes]) -> bytes:
    """Return a message of ZMTP 3."""
    last = len(frames) - 1
    sent = [frame(bytes(each), more=i < last) for i, each in enumerate(frames)]
    return b"".join(sent)


HOSTILE = {
    "garbage": b"\xff" * 100,
    "wrong token": message(encode(b"another", "join", {"role": "edge", "node": -1})),
    "truncated": message(encode(TOKEN, "done", {"task": 1}, [np.ones(9)])[:2]),
    "forged": message([bytes(16), b"{", b""]),
    "unknown role": message(encode(TOKEN, "join", {"role": "king", "node": 0})),
    "oversized": b"\x02" + (1 << 40).to_bytes(8, "big") + bytes(4096),
}


def test_a_cut_link_a_slow_node_and_poison_lose_no_task(tmp_path: Path):
    tasks, told = 60, list[str]()
    with ExitStack() as stack:
        host, within, switch = stack.enter_context(far_node())
        run = stack.enter_context(
            begun(tmp_path, tasks, "--remote", "--listen", f"{host}:0", nodes=3)
        )
        address = run.address()
        assert not address.startswith(LOOPBACK)
        nodes = {
            role: stack.enter_context(_node(address, role, where))
            for role, where in (
                *(("edge 0", within), ("edge 1", []), ("cloud 0", []), ("terminal 0", [])),
            )
        }
        hostile = threading.Thread(target=poison, args=(address, told))
        hostile.start()
        run.wait_for(5)
        assert {
            name for name, content in HOSTILE.items() if not is_dropped(address, content)
        } == set()
        switch(False)
        for _ in range(4):
            os.kill(nodes["edge 1"].pid, signal.SIGSTOP)
            time.sleep(0.5)
            os.kill(nodes["edge 1"].pid, signal.SIGCONT)
            time.sleep(0.3)
        switch(True)
        assert run.end() == ""
        hostile.join(30)
        assert [role for role, node in nodes.items() if node.wait(30)] == []
    assert wrong_answers(run.lines(), tasks) == ""
    refused = re.findall("refused a peer: (.*)", run.said())
    assert sum(text.startswith("arrays float64[2x2], not float32") for text in refused) == 1
    assert sum("not signed with the token" in text for text in refused) == 3
    assert len(refused) == 5  # and an unknown role
    assert "edge 0 lost" in run.said()
    assert "edge 2 lost" in run.said()
    assert "task" in told


@contextmanager
def _node(address: str, role: str, where: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a role that joins, killed in the end if it still runs."""
    name, _, number = role.partition(" ")
    words = [sys.executable, "-m", "edgeopt.experiments.cli", "node", "--join", address]
    node = subprocess.Popen(
        [*where, *words, "--role", name, "--node", number],
        env={**os.environ, "EDGEOPT_TOKEN": TOKEN.decode()},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield node
    finally:
        node.kill()
        node.wait()

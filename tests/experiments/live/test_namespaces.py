"""Namespaces as root, and why there are none for others."""

import os
import socket
import subprocess
import sys
import time

import pytest

from edgeopt.experiments.live import namespaces
from edgeopt.experiments.live.namespaces import (
    network_namespace,
    remove_stale,
    why_no_namespaces,
)
from edgeopt.problems.errors import InputError


def listed() -> str:
    """Return what the machine has of namespaces and links."""
    commands = (["ip", "netns"], ["ip", "-brief", "link"])
    return "".join(subprocess.run(c, capture_output=True, text=True).stdout for c in commands)


@pytest.fixture
def allowed():
    """Skip where there are no namespaces."""
    reason = why_no_namespaces()
    if reason:
        pytest.skip(reason)


SEND = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as line:
    line.sendall(bytes(300_000))
"""


@pytest.mark.usefixtures("allowed")
def test_a_node_reaches_the_host_at_the_rate_and_nothing_is_left():
    with network_namespace(rate_bit_s=8e6) as space:
        assert space.name in listed()
        with socket.create_server((space.host, 0)) as server:
            port = str(server.getsockname()[1])
            command = space.command([sys.executable, "-c", SEND, space.host, port])
            node = subprocess.Popen(command)
            line, _ = server.accept()
            start, received = time.monotonic(), 0
            while piece := line.recv(2**16):
                received += len(piece)
            seconds = time.monotonic() - start
            line.close()
        assert node.wait(5) == 0
    assert received == 300_000
    assert seconds > 0.25  # 0.3 s at 1 MB/s, less the bucket; longer on a busy machine
    assert f"{namespaces._PREFIX}-{os.getpid()}" not in listed()


@pytest.mark.usefixtures("allowed")
def test_two_at_a_time_and_an_error_within():
    def fail() -> None:
        with network_namespace() as one, network_namespace() as other:
            assert len({one.name, other.name, one.address, other.address, one.host}) == 5
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert f"{namespaces._PREFIX}-{os.getpid()}" not in listed()


@pytest.mark.usefixtures("allowed")
def test_what_a_killed_process_left_is_removed():
    dead = subprocess.Popen(["true"])
    dead.wait()
    name = f"{namespaces._PREFIX}-{dead.pid}-3"
    subprocess.run(["ip", "netns", "add", name], check=True)
    with network_namespace() as mine:
        assert name not in listed()
        assert remove_stale() == []
        assert mine.name in listed()


def test_without_root_or_tools_it_says_why(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(namespaces.os, "geteuid", lambda: 1000)
        patch.setattr(namespaces.shutil, "which", lambda tool: f"/sbin/{tool}")
        assert why_no_namespaces() == "this needs root"
        with pytest.raises(InputError, match=r"namespaces: got 'not possible', .* this needs root"):
            network_namespace().__enter__()
    monkeypatch.setenv("PATH", "/nowhere")
    assert "the command ip is not installed" in why_no_namespaces()


@pytest.mark.usefixtures("allowed")
def test_a_kernel_that_refuses_is_quoted(monkeypatch):
    monkeypatch.setattr(namespaces, "_new_name", lambda: "/")
    assert 'Invalid netns name "/"' in why_no_namespaces()


@pytest.mark.parametrize("options", [{"rate_bit_s": 0.0}, {"burst_bytes": 10}])
def test_what_is_no_limit(options):
    with pytest.raises(InputError, match=next(iter(options))):
        network_namespace(**options).__enter__()
